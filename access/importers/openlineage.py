"""OpenLineage run events (2-0-2): each dataset read or written by a run is one act.

Who ran it stands in the run facet `fellowship` (`{"person": …}`) where our integrations put it,
else in the first owner of the job's ownership facet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from access.importers import native
from access.rows import BadRow
from access.states import EventKind, Operation

_ENDS: Final = ("COMPLETE", "FAIL", "ABORT")


def read(data: bytes) -> Iterator[Any]:
    """The rows of every run event in a JSON object, array or NDJSON."""
    for event in _events(data):
        if isinstance(event, BadRow):
            yield event
        elif not isinstance(event, dict):
            yield BadRow("not_an_object", "An OpenLineage event is a JSON object.")
        else:
            yield from _acts(event)


def _events(data: bytes) -> Iterator[Any]:
    """One event in a file may be written over many lines."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        try:
            whole = list(native.read(b"[" + data.strip(b"\xef\xbb\xbf \t\r\n") + b"]"))
        except ValueError:
            yield from native.read(data)
            return
        yield from whole
        return
    yield from native.read(data)


def _acts(event: Mapping[str, Any]) -> Iterator[Any]:
    run, job = _mapping(event, "run"), _mapping(event, "job")
    if not run.get("runId"):
        yield BadRow("no_run", "The event names no run, so nobody can be found who ran it.")
        return
    inputs, outputs = _datasets(event, "inputs"), _datasets(event, "outputs")
    state = str(event.get("eventType", "OTHER"))
    person = _person(run, job)
    shared = {
        "at": event.get("eventTime"),
        "person": person,
        "session": str(run["runId"]),
    }
    details = {
        "job": _name(job),
        "state": state,
        "query": str(_mapping(_mapping(_mapping(job, "facets"), "sql"), "query", ""))[:2_000],
    }
    acts = [("input", d, EventKind.DATASET_ACCESS, Operation.VIEW) for d in inputs]
    acts += [("output", d, EventKind.CODE_EXECUTION, Operation.RUN_CODE) for d in outputs]
    if not acts:
        acts = [("run", {}, EventKind.CODE_EXECUTION, Operation.RUN_CODE)]
    for place, (role, dataset, kind, operation) in enumerate(acts):
        yield {
            **shared,
            "id": f"{run['runId']}:{state}:{role}:{place}:{dataset.get('name', '')}"[:200],
            "dataset": str(dataset.get("name", "")),
            "kind": kind.value,
            "operation": operation.value,
            "details": {**details, "namespace": str(dataset.get("namespace", ""))[:500]},
        }


def _mapping(value: Mapping[str, Any], key: str, default: Any = None) -> Any:
    found = value.get(key) if isinstance(value, Mapping) else None
    if default is None:
        return found if isinstance(found, dict) else {}
    return found if found is not None else default


def _datasets(event: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = event.get(key)
    return [d for d in found if isinstance(d, dict)] if isinstance(found, list) else []


def _name(job: Mapping[str, Any]) -> str:
    return f"{job.get('namespace', '')}/{job.get('name', '')}"[:500]


def _person(run: Mapping[str, Any], job: Mapping[str, Any]) -> str:
    named = _mapping(_mapping(run, "facets"), "fellowship").get("person")
    if named:
        return str(named)
    owners = _mapping(_mapping(job, "facets"), "ownership").get("owners")
    if isinstance(owners, list) and owners and isinstance(owners[0], dict):
        return str(owners[0].get("name", ""))
    return ""
