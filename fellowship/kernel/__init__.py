"""What every room stands on: time, refusals, moves, canonical JSON, the journal's port."""
