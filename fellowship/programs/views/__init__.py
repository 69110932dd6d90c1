"""Calls for everyone, the programme for those who run it, and setting a new one up."""
