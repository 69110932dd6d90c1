"""Inspect evaluation logs, `.json` or the zipped `.eval`.

An evaluation is one act on its dataset. Of each sample, every model call and every call of a tool
or of the sandbox is an act; where a log keeps no samples, each model is one call with its tokens.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

from access.rows import BadRow
from access.states import EventKind, Operation
from fellowship.kernel.saying import say

HEADER: Final = "header.json"
STARTED: Final = "_journal/start.json"
"""What a log holds whose evaluation was cut short."""
MEMBER_MAX: Final = 50_000_000
"""Bytes of one member of the archive, unpacked."""
LOG_MAX: Final = 500_000_000
UNPACKED_MAX: Final = 2_000_000_000
"""Bytes of all samples of an archive together."""
_DAMAGED: Final = (
    *(zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError),
    *(OSError, EOFError),
)


def read(file: BinaryIO) -> Iterator[Any]:
    """The rows of one log. Who ran it stands in the evaluation's metadata, as `person`."""
    data = file.read(LOG_MAX + 1)
    if len(data) > LOG_MAX:
        raise ValueError(f"The log is larger than {LOG_MAX:,} bytes.")
    with opened(data) as (log, samples):
        yield from _acts(log, samples)


@contextmanager
def opened(data: bytes) -> Iterator[tuple[dict[str, Any], Iterable[Any]]]:
    """The log and its samples, a `BadRow` for one that cannot be read; they come as they are read.

    Raises ValueError with the reason where it is no log; also while samples are read.
    """
    if not data.startswith(b"PK"):
        log = _object(data)
        samples = log.get("samples")
        yield log, samples if isinstance(samples, list) else []
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            log = _object(_member(archive, HEADER if HEADER in names else STARTED))
            yield log, _samples(archive)
    except _DAMAGED as error:
        raise ValueError("This is not an Inspect log: the archive cannot be read.") from error


def _samples(archive: zipfile.ZipFile) -> Iterator[Any]:
    unpacked = 0
    for name in sorted(archive.namelist()):
        if name.startswith("samples/"):
            unpacked += archive.getinfo(name).file_size
            if unpacked > UNPACKED_MAX:
                raise ValueError(f"The log unpacks to more than {UNPACKED_MAX:,} bytes.")
            try:
                yield _object(_member(archive, name))
            except ValueError:
                yield BadRow("sample", say("The sample {name} cannot be read.", name=name[8:88]))


def _acts(log: Mapping[str, Any], samples: Iterable[Any]) -> Iterator[Any]:
    evaluation = log.get("eval")
    if not isinstance(evaluation, dict):
        raise ValueError("This is not an Inspect log: it has no “eval”.")
    run = str(evaluation.get("eval_id") or evaluation.get("run_id") or "")
    if not run:
        yield BadRow("no_run", say("The log names no evaluation."))
        return
    metadata, data = _mapping(evaluation, "metadata"), _mapping(evaluation, "dataset")
    shared = {
        "person": str(metadata.get("person", "")),
        "session": run[:200],
        "dataset": str(data.get("name") or ""),
    }
    count = data.get("samples")
    yield {
        **shared,
        "at": evaluation.get("created"),
        "id": f"{run}:eval"[:200],
        "kind": EventKind.CODE_EXECUTION.value,
        "operation": Operation.RUN_CODE.value,
        "details": {
            "task": str(evaluation.get("task", ""))[:500],
            "status": str(log.get("status", "started"))[:50],
            "samples": count if isinstance(count, int) else 0,
        },
    }
    called = False
    for sample in samples:
        for act in _of_sample(sample, run, shared):
            called |= isinstance(act, dict) and act["kind"] == EventKind.MODEL_CALL
            yield act
    if not called:
        yield from _totals(log, evaluation, run, shared)


def _totals(
    log: Mapping[str, Any], evaluation: Mapping[str, Any], run: str, shared: Mapping[str, Any]
) -> Iterator[Any]:
    for model, usage in _mapping(_mapping(log, "stats"), "model_usage").items():
        yield {
            **shared,
            "at": evaluation.get("created"),
            "id": f"{run}:model:{model}"[:200],
            "kind": EventKind.MODEL_CALL.value,
            "operation": Operation.MODEL_CALL.value,
            "details": {"model": model[:200], "tokens": _tokens(usage)},
        }


def _of_sample(sample: Any, run: str, shared: Mapping[str, Any]) -> Iterator[Any]:
    if not isinstance(sample, dict):
        yield (
            sample
            if isinstance(sample, BadRow)
            else BadRow("sample", say("A sample is an object."))
        )
        return
    name = f"{sample.get('id')}:{sample.get('epoch')}"[:100]
    events = sample.get("events")
    for place, event in enumerate(events if isinstance(events, list) else ()):
        if not isinstance(event, dict) or event.get("event") not in _SAID:
            continue
        kind, operation, said = _SAID[event["event"]]
        yield {
            **shared,
            "at": event.get("timestamp"),
            "id": f"{run[:80]}:{name}:{place}",
            "kind": kind.value,
            "operation": operation.value,
            "details": {"sample": name, **said(event)},
        }


def _model(event: Mapping[str, Any]) -> dict[str, Any]:
    usage = _mapping(event, "output").get("usage")
    return {"model": str(event.get("model", ""))[:200], "tokens": _tokens(usage)}


def _tool(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"tool": str(event.get("function", ""))[:200], "failed": bool(event.get("error"))}


def _sandbox(event: Mapping[str, Any]) -> dict[str, Any]:
    said = event.get("cmd") or event.get("file") or ""
    return {"sandbox": str(event.get("action", ""))[:50], "command": str(said)[:500]}


_SAID: Final = {
    "model": (EventKind.MODEL_CALL, Operation.MODEL_CALL, _model),
    "tool": (EventKind.CODE_EXECUTION, Operation.RUN_CODE, _tool),
    "sandbox": (EventKind.CODE_EXECUTION, Operation.RUN_CODE, _sandbox),
}
"""What of a sample's events is an act, and what is told of it: never what was said to a model."""


def _tokens(usage: Any) -> int:
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) else 0


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("This is not an Inspect log: it is not JSON.") from None
    if not isinstance(found, dict):
        raise ValueError("This is not an Inspect log: it is no JSON object.")
    return found


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MEMBER_MAX:
        raise ValueError(f"{name[:80]} is larger than {MEMBER_MAX:,} bytes.")
    return archive.read(name)
