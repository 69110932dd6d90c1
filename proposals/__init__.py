"""Proposals: drafting, submission, the panel and what it hands to the board."""
