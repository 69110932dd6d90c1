"""Each OpenLineage facet against its own schema: the core schema alone lets a wrong one through.

A standard facet is known by its place and its key; of any other, producer and schema are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from fellowship.kernel.saying import say

SPEC: Final = Path(__file__).parent / "openlineage_spec"
CORE: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json"
_BASES: Final = {
    "RunFacet": "run",
    "JobFacet": "job",
    "DatasetFacet": "dataset",
    "InputDatasetFacet": "input",
    "OutputDatasetFacet": "output",
}
_CUSTOM: Final = ("_producer", "_schemaURL")


def wrong(event: Mapping[str, Any]) -> str:
    """What is wrong with the first facet that is, as a sentence; empty where all are right."""
    for place, where, key, facet in _facets(event):
        schema = _schemas().get((place, key))
        if schema is not None:
            error = next(iter(schema.iter_errors({key: facet})), None)
            said = error.message if error else ""
        elif not isinstance(facet, dict):
            said = say("it is no JSON object")
        else:
            missing = [name for name in _CUSTOM if not isinstance(facet.get(name), str)]
            said = say("it has no {join}", join=say(" and no ").join(missing)) if missing else ""
        if said:
            return say(
                "Facet “{key}” of {where} is not what its schema says: {said}.",
                key=key[:80],
                where=where,
                said=said[:200],
            )
    return ""


def _facets(event: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    """Place, where it is in words, key and facet, of every facet of the event."""
    yield from _of(event.get("run"), "facets", "run", say("the run"))
    yield from _of(event.get("job"), "facets", "job", say("the job"))
    for role, own in (("inputs", "inputFacets"), ("outputs", "outputFacets")):
        found = event.get(role)
        for dataset in found if isinstance(found, list) else ():
            name = str(dataset.get("name", ""))[:80] if isinstance(dataset, dict) else ""
            where = f"{role[:-1]} “{name}”"
            yield from _of(dataset, "facets", "dataset", where)
            yield from _of(dataset, own, role[:-1], where)


def _of(holder: Any, key: str, place: str, where: str) -> Iterator[tuple[str, str, str, Any]]:
    facets = holder.get(key) if isinstance(holder, dict) else None
    if facets is not None and not isinstance(facets, dict):
        yield place, where, key, None
        return
    for name, facet in (facets or {}).items():
        if not (isinstance(facet, dict) and facet.get("_deleted") is True):
            yield place, where, name, facet


@cache
def _schemas() -> dict[tuple[str, str], Any]:
    """The validator of each standard facet, by place and key. Read once."""
    import jsonschema_rs  # 4 MB that only who reads such events needs

    core = json.loads((SPEC / "OpenLineage.json").read_text(encoding="utf-8"))
    files = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(SPEC.glob("facets/*"))]
    resources = [(CORE, core), *((schema["$id"], schema) for schema in files)]
    registry = jsonschema_rs.Registry(resources)
    found: dict[tuple[str, str], Any] = {}
    for schema in files:
        for key, at in schema.get("properties", {}).items():
            for place in _places(schema, at):
                found[(place, key)] = jsonschema_rs.validator_for(schema, registry=registry)
    return found


def _places(schema: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[str]:
    """Where a facet belongs: the bases of its definition, or of each that it may be."""
    base = str(part.get("$ref", "")).rpartition("/")[2]
    if base in _BASES:
        yield _BASES[base]
        return
    definition = schema["$defs"].get(base, part)
    for way in ("allOf", "anyOf", "oneOf"):
        for inner in definition.get(way, ()):
            if "$ref" in inner:
                yield from _places(schema, inner)
