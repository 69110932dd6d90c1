"""Which pages the nodes of a graph lead to: none that its reader would not find."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Final

from django.db.models import QuerySet

from fellowship.accounts.alike import read_for
from fellowship.kernel.time import now
from governance.models import ExceptionRecord, Matter
from oversight.lineage.graph import Graph

_PAGES: Final[dict[str, Any]] = {"decision": Matter, "exception": ExceptionRecord}
"""What lies behind a node of a kind, and is cited by the node's label."""


def close(chain: Graph, reader: Any) -> None:
    """Take the address from decisions and exceptions whose page the reader may not open.

    What there is, is told to whoever sees the case; the board room and the exceptions are not open
    to all of them. The other records of a case are.
    """
    at = now()
    for kind in _PAGES:
        nodes = chain.of(kind)
        found = set(_opened(reader, at, [n.label for n in nodes], kind=kind)) if nodes else set()
        for node in nodes:
            if node.label not in found:
                chain.nodes[node.key] = replace(node, url="")


@read_for
def _opened(reader: Any, at: dt.datetime, refs: list[str], *, kind: str) -> QuerySet[Any, Any]:
    rows: Any = _PAGES[kind].objects.visible_to(reader).filter(ref__in=refs)
    return rows.order_by().values_list("ref", flat=True)  # type: ignore[no-any-return]
