"""What an API token may be used for."""

from __future__ import annotations

from typing import Final

SCOPES: Final[dict[str, str]] = {
    "read": "Read what I may read",
    "write": "Act for me: draft, submit, review, decide",
    "access:decide": "Ask whether a person may do something with a dataset",
    "access:enforce": "Ask what a target system should let through, and acknowledge it",
    "events:write": "Report access events of a controlled environment",
}
"""Scope to its meaning. A token without `write` is refused every verb."""
