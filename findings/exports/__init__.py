"""Findings as others read them: OSCAL plans of action, and tables in fixed columns."""
