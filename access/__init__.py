"""Datasets, requests, agreements, grants, the access trail and what ends it all."""
