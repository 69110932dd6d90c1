"""The data access agreement among what somebody accepted signs: what it always says."""

from __future__ import annotations

from collections.abc import Iterator

from access import agreement
from fellowship.kernel.saying import say
from fellowship.programs import agreements
from fellowship.programs.models import Call


@agreements.register
def data_access(call: Call) -> Iterator[agreements.Agreement]:
    """Drawn up for each dataset; what it says in every case stands here."""
    yield agreements.Agreement(
        order=60,
        title=say("Data access agreement"),
        about=say(
            "One for each dataset you need: fields, operations, last day. None for public data."
        ),
        binds=say("When you sign it, before any access."),
        text=agreement.standing_clauses(),
    )
