"""Deadlines that run, pause, extend and breach; the one sweep that acts on them."""
