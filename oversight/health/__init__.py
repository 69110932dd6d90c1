"""Governance health: what the record says of the board's own work, and the cases behind it.

Why it is so: docs/adr/0036-oversight-measured-by-its-own-record.md.
"""
