"""The RO-Crate 1.1 metadata of a package: its files, and the process that made the results.

Conforms to Process Run Crate 0.5: each registered result is the `result` of a `CreateAction` whose
`object`s are the datasets it came from and whose `instrument` is the controlled environment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fellowship.kernel.canonical import plain

CRATE: Final = "https://w3id.org/ro/crate/1.1"
PROCESS: Final = "https://w3id.org/ro/wfrun/process/0.5"
CONTEXT: Final = (f"{CRATE}/context", "https://w3id.org/ro/terms/workflow-run/context")
LICENCE: Final = "#licence"
INSTRUMENT: Final = "#environment"
DATASET: Final = "urn:fellowship:dataset:"
RESULT: Final = "urn:fellowship:result:"

Entity = dict[str, Any]
Said = Mapping[str, Any]


def metadata(facts: Said, files: Iterable[tuple[str, str, int, str]]) -> Entity:
    """The JSON-LD document; `files` are (path, media type, size in bytes, what it is)."""
    listed = sorted(files)
    actions = [_action(facts, artifact) for artifact in facts["artifacts"]]
    datasets = _datasets(facts)
    graph: list[Entity] = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": CRATE},
            "about": {"@id": "./"},
        },
        _root(facts, [path for path, *_ in listed], actions, datasets),
        {
            "@id": PROCESS,
            "@type": "CreativeWork",
            "name": "Process Run Crate",
            "version": "0.5",
        },
        {
            "@id": LICENCE,
            "@type": "CreativeWork",
            "name": "As agreed in the scope of work",
            "description": "Use of this package follows the signed scope of work inside it.",
        },
        _fellow(facts),
        {"@id": "#program", "@type": "Organization", "name": facts["fellowship"]["program"]},
        {
            "@id": INSTRUMENT,
            "@type": "SoftwareApplication",
            "name": "The environment named in the signed scope of work",
            "description": _environments(facts),
            "url": "https://w3id.org/ro/terms/workflow-run",
            "softwareVersion": "as signed",
        },
        *(_file(*entry) for entry in listed),
        *datasets,
        *(_artifact(artifact) for artifact in facts["artifacts"]),
        *actions,
    ]
    return {"@context": list(CONTEXT), "@graph": graph}


def _root(facts: Said, paths: list[str], actions: list[Entity], datasets: list[Entity]) -> Entity:
    fellowship = facts["fellowship"]
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Closeout of {fellowship['ref']}: {fellowship['title']}",
        "description": "What was allowed, read, found, decided, published and deleted in one "
        "fellowship, with the ledger's events of the case.",
        "identifier": fellowship["ref"],
        "datePublished": facts["at"],
        "license": {"@id": LICENCE},
        "conformsTo": {"@id": PROCESS},
        "publisher": {"@id": "#program"},
        "author": {"@id": "#fellow"},
        "hasPart": [
            *({"@id": path} for path in paths),
            *({"@id": d["@id"]} for d in datasets),
            *({"@id": a["result"]["@id"]} for a in actions),
        ],
        "mentions": [{"@id": action["@id"]} for action in actions],
    }


def _fellow(facts: Said) -> Entity:
    fellow = facts["fellowship"]["fellow"]
    entity: Entity = {"@id": "#fellow", "@type": "Person", "name": fellow["name"]}
    if fellow["orcid"]:
        entity["sameAs"] = f"https://orcid.org/{fellow['orcid']}"
    return entity


def _file(path: str, media: str, size: int, name: str) -> Entity:
    return {
        "@id": path,
        "@type": "File",
        "name": name,
        "encodingFormat": media,
        "contentSize": str(size),
    }


def _datasets(facts: Said) -> list[Entity]:
    """The datasets granted or used, by reference: their content is not in the package."""
    named = {g["dataset"]["ref"]: g["dataset"]["name"] for g in facts["grants"]}
    used = {ref for artifact in facts["artifacts"] for ref in artifact["datasets"]}
    return [
        {
            "@id": f"{DATASET}{ref}",
            "@type": "Dataset",
            "name": named.get(ref, ref),
            "identifier": ref,
            "description": "Held by the company; not part of this package.",
        }
        for ref in sorted(used | set(named))
    ]


def _artifact(artifact: Said) -> Entity:
    return {
        "@id": f"{RESULT}{artifact['id']}",
        "@type": "File",
        "name": artifact["name"],
        "sha256": artifact["sha256"],
        "contentSize": str(artifact["size"]),
        "description": "Kept where the scope of work says; named here by its hash.",
        "dateCreated": artifact["registered_at"],
    }


def _action(facts: Said, artifact: Said) -> Entity:
    return {
        "@id": f"#action-{artifact['id']}",
        "@type": "CreateAction",
        "name": f"Making of {artifact['name']}",
        "agent": {"@id": "#fellow"},
        "instrument": {"@id": INSTRUMENT},
        "object": [{"@id": f"{DATASET}{ref}"} for ref in artifact["datasets"]],
        "result": {"@id": f"{RESULT}{artifact['id']}"},
        "endTime": artifact["registered_at"],
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
    }


def _environments(facts: Said) -> str:
    found = sorted({str(s["enforced"]["environment"]) for s in facts["scopes"]})
    return str(plain(", ".join(found))) or "none signed"
