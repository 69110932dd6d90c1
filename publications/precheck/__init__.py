"""The check of a version before submission: what it uses unreleased or embargoed, and who it names.

The same text, sources and records give the same hits, in the same order. Nothing is asked of a
network, and nothing that was matched is copied: a hit says where it stands.
"""

from __future__ import annotations

from publications.precheck.found import HITS_MAX, Found
from publications.precheck.known import known
from publications.precheck.patterns import checks, patterns

__all__ = ["HITS_MAX", "Found", "checks", "known", "patterns"]
