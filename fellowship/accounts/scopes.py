"""What an API token may be used for."""

from __future__ import annotations

import re
from typing import Final

from fellowship.kernel.saying import say

DECIDE: Final = "decide"
SCIM: Final = "scim"
SCOPES: Final[dict[str, str]] = {
    "read": say("Read what I may read"),
    "write": say("Act for me: draft, submit, review"),
    DECIDE: say("Vote and approve access for me as well, which pages have me confirm"),
    "access:decide": say("Ask whether a person may do something with a dataset"),
    "access:enforce": say("Ask what a target system should let through, and acknowledge it"),
    "changes:report": say("Say how change requests go"),
    SCIM: say("Say who works for the company, as its directory (administrators)"),
    "events:write": say("Report access events of any source"),
}
"""Scope to its meaning. A token without `write` is refused every verb; `decide` adds to it."""
REPORTS: Final = "events:write"
ONE_SOURCE: Final = "events:SOURCE"
"""How a scope is written that reports for one source alone, and for no other."""
_ONE: Final = re.compile(r"events:(?!write$)([A-Za-z0-9][A-Za-z0-9._/@-]{0,79})")


def is_known(scope: str) -> bool:
    """Whether the API knows it: one of SCOPES, or reporting for one source."""
    return scope in SCOPES or bool(source_of(scope))


def meaning(scope: str) -> str:
    """What it allows, as people read it; the scope itself where it is known no more."""
    if source := source_of(scope):
        return say("Report access events of {source}", source=source)
    return SCOPES.get(scope, scope)


def source_of(scope: str) -> str:
    """The one source that a token with this scope reports for; empty where the scope is another."""
    found = _ONE.fullmatch(scope)
    return found[1] if found else ""
