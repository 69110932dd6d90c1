"""OpenLineage run events (2-0-2): each dataset read or written by a run is one act.

Who ran it stands in the run facet `fellowship` (`{"person": …}`) where our integrations put it,
else in the first owner of the job's ownership facet. Each facet is held against its own schema. Of
the events of one run in a file (START, RUNNING, COMPLETE) the first that names a dataset tells of
it; sent apart, each state is an act of its own and says which it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

from access.importers import facets, native
from access.rows import BadRow
from access.states import EventKind, Operation
from fellowship.kernel.saying import joined, say

STATES: Final = ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")
WHOLE_MAX: Final = native.ARRAY_MAX
ID_MAX: Final = 200


def read(file: BinaryIO) -> Iterator[Any]:
    """The rows of every run event in a JSON object, array or NDJSON."""
    told: set[str] = set()
    for event in _events(file):
        if isinstance(event, BadRow):
            yield event
        elif not isinstance(event, dict):
            yield BadRow("not_an_object", say("An OpenLineage event is a JSON object."))
        else:
            yield from _acts(event, told)


def _events(file: BinaryIO) -> Iterator[Any]:
    """One event in a file may be written over many lines."""
    first = file.readline(native.LINE_MAX + 1)
    if isinstance(native.row(first), dict):
        yield from native.lines(native.pieces(file, first))
        return
    body = first + file.read(WHOLE_MAX + 1)
    if len(body) > WHOLE_MAX:
        raise ValueError(f"More than {WHOLE_MAX:,} bytes in one piece: write one event a line.")
    whole = native.row(body.strip(native.LEADING))
    yield from [whole] if not isinstance(whole, BadRow | list) else native.read(body)


def _acts(event: Mapping[str, Any], told: set[str]) -> Iterator[Any]:
    run, job = _mapping(event, "run"), _mapping(event, "job")
    run_id = run.get("runId")
    if not isinstance(run_id, str) or not run_id:
        yield BadRow("no_run", say("The event names no run, so nobody can be found who ran it."))
        return
    state = event.get("eventType", "OTHER")
    if state not in STATES:
        yield BadRow("state", say("“eventType” is one of {STATES}.", STATES=joined(", ", STATES)))
        return
    if wrong := facets.wrong(event):
        yield BadRow("facet", wrong)
        return
    shared = {"at": event.get("eventTime"), "person": _person(run, job), "session": run_id}
    details = {
        "job": _name(job),
        "state": state,
        "query": str(_mapping(_mapping(job, "facets"), "sql").get("query", ""))[:2_000],
    }
    for role, dataset, kind, operation in _touched(event, state):
        namespace, name = str(dataset.get("namespace", "")), str(dataset.get("name", ""))
        key = f"{run_id}:{role}:{namespace}:{name}"
        if key in told:
            continue
        told.add(key)
        yield {
            **shared,
            "id": _id(f"{run_id}:{state}:{role}:{namespace}:{name}"),
            "dataset": name,
            "kind": kind.value,
            "operation": operation.value,
            "details": {**details, "namespace": namespace[:500]},
        }


def _touched(
    event: Mapping[str, Any], state: str
) -> Iterator[tuple[str, dict[str, Any], EventKind, Operation]]:
    """Each dataset with its role and what was done; of a run that names none, the run's state."""
    inputs, outputs = _datasets(event, "inputs"), _datasets(event, "outputs")
    for dataset in inputs:
        yield "input", dataset, EventKind.DATASET_ACCESS, Operation.VIEW
    for dataset in outputs:
        yield "output", dataset, EventKind.CODE_EXECUTION, Operation.RUN_CODE
    if not inputs and not outputs:
        yield f"run:{state}", {}, EventKind.CODE_EXECUTION, Operation.RUN_CODE


def _id(text: str) -> str:
    """The text itself while it is short, else its hash: cut short, two might be one."""
    if len(text) <= ID_MAX:
        return text
    return f"sha256:{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()}"


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, dict) else {}


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
