"""One door to the formats of the graph, for pages, API, commands and the closeout package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from oversight.lineage.build import graph
from oversight.lineage.formats import as_json, as_openlineage, as_prov
from oversight.lineage.graph import Graph
from scoping.models import Fellowship

FORMS: Final[Mapping[str, Callable[[Graph, Fellowship], Any]]] = {
    "json": as_json,
    "prov": as_prov,
    "openlineage": as_openlineage,
}


def document(
    fellowship: Fellowship, form: str, found: Graph | None = None, *, reader: Any = None
) -> Any:
    """The fellowship's lineage in one format as `reader` reads it, as JSON's own types.

    KeyError for an unknown format.
    """
    return FORMS[form](found or graph(fellowship, reader), fellowship)
