"""Findings, the controls they become, and the measurements that show whether risk fell."""
