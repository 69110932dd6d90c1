"""Inspect evaluation logs, `.json` or the zipped `.eval`.

An evaluation is one act on its dataset, and each model it called one model call, with its tokens.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, Final

from access.rows import BadRow
from access.states import EventKind, Operation

HEADER: Final = "header.json"
HEADER_MAX: Final = 20_000_000


def read(data: bytes) -> Iterator[Any]:
    """The rows of one log. Who ran it stands in the evaluation's metadata, as `person`."""
    log = _log(data)
    evaluation = log.get("eval")
    if not isinstance(evaluation, dict):
        raise ValueError("This is not an Inspect log: it has no “eval”.")
    yield from _acts(log, evaluation)


def _acts(log: Mapping[str, Any], evaluation: Mapping[str, Any]) -> Iterator[Any]:
    metadata = evaluation.get("metadata")
    person = str((metadata or {}).get("person", "")) if isinstance(metadata, dict) else ""
    run = str(evaluation.get("eval_id") or evaluation.get("run_id") or "")
    if not run:
        yield BadRow("no_run", "The log names no evaluation.")
        return
    dataset = evaluation.get("dataset")
    data = dataset if isinstance(dataset, dict) else {}
    shared = {
        "at": evaluation.get("created"),
        "person": person,
        "session": run,
        "dataset": str(data.get("name") or ""),
    }
    yield {
        **shared,
        "id": f"{run}:eval",
        "kind": EventKind.CODE_EXECUTION.value,
        "operation": Operation.RUN_CODE.value,
        "details": {
            "task": str(evaluation.get("task", ""))[:500],
            "status": str(log.get("status", ""))[:50],
            "samples": int(data["samples"]) if isinstance(data.get("samples"), int) else 0,
        },
    }
    for model, usage in _usage(log).items():
        yield {
            **shared,
            "id": f"{run}:model:{model}"[:200],
            "kind": EventKind.MODEL_CALL.value,
            "operation": Operation.MODEL_CALL.value,
            "details": {"model": model[:200], "tokens": usage},
        }


def _usage(log: Mapping[str, Any]) -> dict[str, int]:
    stats = log.get("stats")
    found = stats.get("model_usage") if isinstance(stats, dict) else None
    if not isinstance(found, dict):
        return {}
    return {
        str(model): int(usage.get("total_tokens") or 0)
        for model, usage in found.items()
        if isinstance(usage, dict)
    }


def _log(data: bytes) -> dict[str, Any]:
    try:
        log = json.loads(_header(data) if data.startswith(b"PK") else data)
    except (zipfile.BadZipFile, KeyError):
        raise ValueError("This is not an Inspect log: the archive holds no header.") from None
    except (ValueError, RecursionError):
        raise ValueError("This is not an Inspect log: it is not JSON.") from None
    if not isinstance(log, dict):
        raise ValueError("This is not an Inspect log: it is no JSON object.")
    return log


def _header(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if archive.getinfo(HEADER).file_size > HEADER_MAX:
            raise KeyError(HEADER)
        return archive.read(HEADER)
