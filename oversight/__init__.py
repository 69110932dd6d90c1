"""Oversight: lineage, the closeout package, the audit room, exports and the programme office."""
