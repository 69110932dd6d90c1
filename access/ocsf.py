"""Access events for a SIEM, as the Open Cybersecurity Schema Framework (OCSF) 1.8 writes them.

One JSON object a line. Which kind becomes which class stands in CLASSES and in docs/api.md; what
OCSF has no attribute for is under `unmapped`. Written one by one: memory does not grow with events.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from access.models import AccessEvent
from access.states import EventKind, Operation, Verdict

VERSION: Final = "1.8.0"
MEDIA_TYPE: Final = "application/jsonl"
CATEGORY: Final = (6, "Application Activity")
CHUNK: Final = 250
SHOWN: Final = ("person", "dataset", "fellowship", "grant")
LEAVING: Final = (Operation.EXPORT, Operation.DOWNLOAD, Operation.TRAIN, Operation.SHARE)
"""Outside the agreements these are grave: data may be out of reach."""


@dataclass(frozen=True, slots=True)
class Class:
    """An event class with one of its activities."""

    uid: int
    name: str
    activity: int
    activity_name: str


_DATASTORE: Final = (6005, "Datastore Activity")
_API: Final = (6003, "API Activity")
_FILE: Final = (6006, "File Hosting Activity")
CLASSES: Final[dict[str, Class]] = {
    EventKind.DATASET_ACCESS.value: Class(*_DATASTORE, 1, "Read"),
    EventKind.QUERY.value: Class(*_DATASTORE, 4, "Query"),
    EventKind.CODE_EXECUTION.value: Class(*_API, 99, "Execute"),
    EventKind.NOTEBOOK_CREATION.value: Class(*_API, 1, "Create"),
    EventKind.MODEL_CALL.value: Class(*_API, 99, "Invoke"),
    EventKind.EXPORT.value: Class(*_FILE, 6, "Copy"),
    EventKind.OUTPUT_DOWNLOAD.value: Class(*_FILE, 2, "Download"),
    EventKind.COLLABORATION.value: Class(*_FILE, 12, "Share"),
}
INFORMATIONAL: Final = (1, "Informational")
MEDIUM: Final = (3, "Medium")
HIGH: Final = (4, "High")


def lines(events: Any) -> Iterator[str]:
    """The events of a queryset, the earliest first, one line each."""
    ordered = events.select_related(*SHOWN).order_by("at", "id")
    for event in ordered.iterator(chunk_size=CHUNK):
        yield json.dumps(written(event), separators=(",", ":"), ensure_ascii=False) + "\n"


def written(event: AccessEvent) -> dict[str, Any]:
    """One event."""
    kind = CLASSES[event.kind]
    severity = _severity(event)
    label = str(EventKind(event.kind).label)
    return {
        "category_uid": CATEGORY[0],
        "category_name": CATEGORY[1],
        "class_uid": kind.uid,
        "class_name": kind.name,
        "activity_id": kind.activity,
        "activity_name": kind.activity_name,
        "type_uid": kind.uid * 100 + kind.activity,
        "type_name": f"{kind.name}: {'Other' if kind.activity == 99 else kind.activity_name}",
        "severity_id": severity[0],
        "severity": severity[1],
        "status_id": 1,
        "status": "Success",
        "time": _millis(event.at),
        "message": f"{label}: {str(Verdict(event.verdict).label).lower()}",
        "metadata": {
            "version": VERSION,
            "product": {
                "name": "Fellowship",
                "vendor_name": "Fellowship",
                "version": settings.VERSION,
            },
            "uid": str(event.pk),
            "original_event_uid": event.external_id,
            "log_name": "access trail",
            "logged_time": _millis(event.received_at),
        },
        "actor": {"user": _user(event)},
        "src_endpoint": {"name": event.source},
        **_about(event, kind),
        "unmapped": _unmapped(event),
    }


def _millis(at: dt.datetime) -> int:
    """Milliseconds since the epoch."""
    return round(at.timestamp() * 1000)


def _severity(event: AccessEvent) -> tuple[int, str]:
    if event.verdict == Verdict.WITHIN:
        return INFORMATIONAL
    return HIGH if event.operation in LEAVING else MEDIUM


def _user(event: AccessEvent) -> dict[str, Any]:
    """As reported, and whom we know by that."""
    user: dict[str, Any] = {"name": event.identity, "type_id": 0, "type": "Unknown"}
    if event.person is not None:
        known = {"uid": str(event.person.pk), "email_addr": event.person.email}
        user |= {**known, "type_id": 1, "type": "User"}
    return user


def _about(event: AccessEvent, kind: Class) -> dict[str, Any]:
    """What the act was about, as the class names it."""
    name = event.dataset_name or "not named"
    known = {"uid": event.dataset.ref} if event.dataset else {}
    if kind.uid == _DATASTORE[0]:
        return {
            "database": {"name": name, **known, "type_id": 99, "type": "Dataset"},
            "type_id": 1,
            "type": "Database",
        }
    resources = [{"name": name, **known, "type": "Dataset"}] if event.dataset_name else []
    if kind.uid == _FILE[0]:
        file = event.data.get("file") or event.data.get("path")
        shown = str(file)[:500] if isinstance(file, str) and file else name
        return {"file": {"name": shown, "type_id": 0, "type": "Unknown"}}
    return {
        "api": {"operation": event.operation, "service": {"name": event.source}},
        **({"resources": resources} if resources else {}),
    }


def _unmapped(event: AccessEvent) -> dict[str, Any]:
    """What has no attribute of its own: the verdict with its clause, and what else was reported."""
    found = {
        "kind": event.kind,
        "operation": event.operation,
        "verdict": event.verdict,
        "clause": event.clause,
        "reason": event.reason,
        "dataset": event.dataset_name,
        "fellowship": event.fellowship.ref if event.fellowship else "",
        "grant": event.grant.ref if event.grant else "",
        "session": event.session,
        "details": event.data,
    }
    return {name: value for name, value in found.items() if value}
