"""Measures every budget of docs/performance.md against a floor of the same run, on PostgreSQL."""
