"""The graph of a fellowship as plain values; every format is a serialiser of it."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Model

from fellowship.kernel.saying import begun, say

RANKS: Final = (
    "dataset",
    "access",
    "artifact",
    "claim",
    "finding",
    "control",
    "measurement",
)
"""The chain, in its order. Decisions, exceptions, releases and publications stand beside it."""
COLUMNS: Final = ("decision", *RANKS, "exception", "release", "publication")
"""All kinds as they are laid out: what opened the chain before it, what came of it after."""
_COUNTED: Final = {
    "dataset": (say("dataset"), say("datasets")),
    "access": (say("set of accesses"), say("sets of accesses")),
    "artifact": (say("artifact"), say("artifacts")),
    "claim": (say("claim"), say("claims")),
    "finding": (say("finding"), say("findings")),
    "control": (say("control"), say("controls")),
    "measurement": (say("measurement"), say("measurements")),
    "decision": (say("decision"), say("decisions")),
    "exception": (say("exception"), say("exceptions")),
    "release": (say("release"), say("releases")),
    "publication": (say("publication"), say("publications")),
}
"""The accesses to one dataset are one node."""


@dataclass(frozen=True, slots=True)
class Node:
    """One record. `key` is unique in the graph; `at` is when it came to be."""

    key: str
    kind: str
    label: str
    detail: str = ""
    url: str = ""
    at: dt.datetime | None = None

    @property
    def called(self) -> str:
        """Its kind in words."""
        return begun(noun(self.kind))

    @property
    def place(self) -> str:
        """What its row in a page is called, for links within the page."""
        return "node-" + re.sub(r"[^a-z0-9]+", "-", self.key.lower())


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` came from `source`, in the way `label` says."""

    source: str
    target: str
    label: str


@dataclass
class Graph:
    """Nodes by key, in the order they were added, and edges without repetition."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    _known: set[Edge] = field(default_factory=set, repr=False)

    def add(self, node: Node, *sources: tuple[str, str]) -> str:
        """Add a node, with an edge from each (key, label) of `sources` that is in the graph."""
        self.nodes.setdefault(node.key, node)
        for source, label in sources:
            self.link(source, node.key, label)
        return node.key

    def link(self, source: str, target: str, label: str) -> None:
        """Add an edge once, where both its ends are in the graph."""
        edge = Edge(source, target, label)
        if edge not in self._known and source in self.nodes and target in self.nodes:
            self._known.add(edge)
            self.edges.append(edge)

    def of(self, kind: str) -> list[Node]:
        """The nodes of one kind."""
        return [node for node in self.nodes.values() if node.kind == kind]

    def after(self, key: str) -> list[Node]:
        """What came from the node."""
        return [self.nodes[e.target] for e in self.edges if e.source == key]

    def before(self, key: str) -> list[Node]:
        """What the node came from."""
        return [self.nodes[e.source] for e in self.edges if e.target == key]

    def neighbours(self) -> tuple[Mapping[str, list[Node]], Mapping[str, list[Node]]]:
        """What every node came from, and what came of it: both ways in one walk of the edges."""
        before: dict[str, list[Node]] = defaultdict(list)
        after: dict[str, list[Node]] = defaultdict(list)
        for edge in self.edges:
            before[edge.target].append(self.nodes[edge.source])
            after[edge.source].append(self.nodes[edge.target])
        return before, after

    @property
    def columns(self) -> list[str]:
        """The kinds of the chain, and of what stands beside it those that there are."""
        kinds = {node.kind for node in self.nodes.values()}
        return [kind for kind in COLUMNS if kind in RANKS or kind in kinds]

    @property
    def first_missing(self) -> str:
        """The first kind of the chain without a node; empty when the chain is whole."""
        kinds = {node.kind for node in self.nodes.values()}
        return next((kind for kind in RANKS if kind not in kinds), "")


def noun(kind: str) -> str:
    """What one calls a kind in a sentence: “claim”, “access”."""
    return say("access") if kind == "access" else counted(kind, 1)


def counted(kind: str, number: int) -> str:
    """A kind as it follows its number: “claim”, “claims”, “sets of accesses”."""
    one, many = _COUNTED[kind]
    return one if number == 1 else many


def key_of(record: Model) -> str:
    """How a record is named in the graph."""
    return f"{record._meta.label_lower}:{record.pk}"
