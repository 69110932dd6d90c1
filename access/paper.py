"""What the document of a signed scope says of access: every dataset and operation as it stands.

The answers are those of `access.reach`, so the paper never says other than the page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from access import reach
from scoping import paper
from scoping.models import ScopeOfWork
from scoping.paper import Part
from scoping.states import ScopeState


@paper.register
def open_now(scope: ScopeOfWork, at: dt.datetime) -> Iterator[Part]:
    """Dataset by operation for the fellow, for the version in force alone."""
    if scope.state != ScopeState.SIGNED:
        return
    rows = reach.matrix(scope.fellowship, at, scope)
    context = {"rows": rows, "at": paper.instant(at)}
    yield Part("access.reach", "What was open when this was made", "access/_paper.html", context)
