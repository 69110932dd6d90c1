"""The graph in other tongues: JSON, W3C PROV-JSON and OpenLineage. None adds or drops a record."""

from __future__ import annotations

import uuid
from typing import Any, Final

from fellowship.kernel.canonical import plain
from oversight.lineage.graph import Graph, Node
from scoping.models import Fellowship

PRODUCER: Final = "urn:fellowship:lineage"
NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, PRODUCER)
ACTIVITIES: Final = frozenset({"access", "decision", "exception", "measurement", "control"})


def as_json(found: Graph, fellowship: Fellowship) -> dict[str, Any]:
    """Nodes and edges as they are."""
    return {
        "fellowship": fellowship.ref,
        "first_missing": found.first_missing,
        "nodes": [
            plain({"key": n.key, "kind": n.kind, "label": n.label, "detail": n.detail, "at": n.at})
            for n in found.nodes.values()
        ],
        "edges": [{"source": e.source, "target": e.target, "label": e.label} for e in found.edges],
    }


def as_prov(found: Graph, fellowship: Fellowship) -> dict[str, Any]:
    """W3C PROV-JSON: every node an entity, every edge a derivation."""
    return {
        "prefix": {"fel": f"{PRODUCER}:"},
        "entity": {
            _prov(n): plain(
                {
                    "prov:type": f"fel:{n.kind}",
                    "prov:label": n.label,
                    "fel:detail": n.detail,
                    "fel:at": n.at,
                }
            )
            for n in found.nodes.values()
        },
        "wasDerivedFrom": {
            f"_:d{i}": {
                "prov:generatedEntity": _prov(found.nodes[e.target]),
                "prov:usedEntity": _prov(found.nodes[e.source]),
                "prov:label": e.label,
            }
            for i, e in enumerate(found.edges)
        },
    }


def as_openlineage(found: Graph, fellowship: Fellowship) -> list[dict[str, Any]]:
    """OpenLineage 2-0-2 run events: one completed run for each node, its sources as inputs."""
    return [_run(found, node, fellowship) for node in found.nodes.values()]


def _run(found: Graph, node: Node, fellowship: Fellowship) -> dict[str, Any]:
    schema = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
    return {
        "eventType": "COMPLETE",
        "eventTime": plain(node.at or fellowship.created_at),
        "run": {"runId": str(uuid.uuid5(NAMESPACE, node.key))},
        "job": {"namespace": fellowship.ref, "name": f"{node.kind}:{node.key}"},
        "inputs": [{"namespace": fellowship.ref, "name": n.key} for n in found.before(node.key)],
        "outputs": [{"namespace": fellowship.ref, "name": node.key}],
        "producer": PRODUCER,
        "schemaURL": schema,
    }


def _prov(node: Node) -> str:
    return f"fel:{node.key}"
