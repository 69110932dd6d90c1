"""What the demonstration tells: our own writing; every person, company and result is invented."""
