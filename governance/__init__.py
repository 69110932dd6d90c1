"""Governance: versioned rules, the board and its decisions, exceptions and escalations."""
