"""Where the trail knows people by the names of other systems, and how a row of it is bound."""

from __future__ import annotations

from typing import Any

from access import rows
from fellowship.history import erasing

erasing.identities("access.accessevent", "identity")
erasing.identities("access.sourceidentity", "identity")
erasing.identities("access.historicalsourceidentity", "identity")


@erasing.digested("access.accessevent")
def digest(event: Any) -> str:
    """The digest that its batch holds of an event."""
    return rows.digest(rows.line(getattr(event, name) for name in rows.COLUMNS)).hex()
