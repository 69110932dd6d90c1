"""Programmes, their cohorts, tracks, models and output types, calls, and the launch checklist."""
