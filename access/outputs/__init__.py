"""Looking into files that are to leave: what they are, what a machine can tell of the criteria."""
