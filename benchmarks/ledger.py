"""Sealing, verifying and exporting the log at its full length."""

from __future__ import annotations

import datetime as dt
import io
import time
import uuid
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from benchmarks.child import peak_of
from benchmarks.measure import Row, Times, rate
from fellowship.history import merkle
from fellowship.history.models import Event
from fellowship.history.recorder import columns_of
from fellowship.history.seal import seal
from fellowship.kernel.canonical import canonical, instant
from fellowship.kernel.time import now
from fellowship.programs.models import Program

CHUNK = 50_000
MEGABYTES = 150


def rows(*, quick: bool) -> list[Row]:
    """Seal, verify and export: 1,000,000 events, or 200,000 in a quick run."""
    wanted = 200_000 if quick else 1_000_000
    seal()
    missing = max(wanted // 2, wanted - Event.objects.count())
    for start in range(0, missing, CHUNK):
        _add(min(CHUNK, missing - start))
    began = time.perf_counter()
    checkpoint = seal()
    spent = time.perf_counter() - began
    if checkpoint is None:
        raise RuntimeError("there was nothing to seal")
    done = peak_of("verify", checkpoint.size)
    whole = Times([done.seconds])
    leaves = done.said["leaves"]
    return [
        rate(f"seal, {missing:,} events", missing, Times([spent]), None, None),
        Row(
            work=f"verify leaves, {checkpoint.size:,} events",
            unit="/s",
            value=leaves,
            floor=None,
            budget=100_000,
            n=1,
            min=leaves,
            max=leaves,
            least=True,
        ),
        rate("verify the whole log, bodies and columns too", checkpoint.size, whole, None, None),
        Row(
            work="verify: peak memory of its process",
            unit="MB",
            value=done.megabytes,
            floor=None,
            budget=MEGABYTES,
            n=1,
            min=done.megabytes,
            max=done.megabytes,
            more={"before it MB": round(done.idle)},
        ),
        *_exports(checkpoint.size, quick=quick),
    ]


def _exports(events: int, *, quick: bool) -> list[Row]:
    """The peak of memory of exports of the log, as the database writes it and as Python does."""
    sizes = [100_000] if quick else [100_000, 1_000_000]
    asked = [("csv", size) for size in sizes] + [("jsonl", sizes[-1])]
    made = []
    for file_format, size in asked:
        if size > events:
            raise RuntimeError(f"the log has {events:,} events, not {size:,}")
        done = peak_of(f"export-{file_format}", size)
        row = Row(
            work=f"export, {size:,} rows, {file_format}: peak memory of its process",
            unit="MB",
            value=done.megabytes,
            floor=None,
            budget=MEGABYTES,
            n=1,
            min=done.megabytes,
            max=done.megabytes,
            more={"seconds": round(done.seconds, 1), "before it MB": round(done.idle)},
        )
        made.append(row)
    return [*made, *_bundle()]


def _bundle() -> list[Row]:
    """The whole export, proofs and all, and what a stranger's `verify.py` takes for it."""
    rows = []
    size = Event.objects.filter(realm_id=program().pk).count()
    for work, name in (("bundle", "whole export as CSV, with proofs"), ("proof", "its verify.py")):
        done = peak_of(work, size)
        said = {"seconds": round(done.seconds, 1), "before it MB": round(done.idle), **done.said}
        # A stranger runs it without Django: what this process held before is not its own.
        held = done.idle if work == "proof" else 0
        row = Row(
            work=f"{name}, {size:,} events: peak memory of its process",
            unit="MB",
            value=done.megabytes - held,
            floor=None,
            budget=MEGABYTES,
            n=1,
            min=done.megabytes - held,
            max=done.megabytes - held,
            more=said,
        )
        rows.append(row)
    return rows


def _add(count: int) -> None:
    """Events as services leave them, written by COPY."""
    text = io.StringIO("".join(_lines(count)))
    with transaction.atomic(), connection.cursor() as cursor:
        raw: Any = cursor
        raw.copy_expert(
            "COPY history_event (uid, at, verb, actor_kind, actor_label, subject_type, subject_id,"
            " subject_ref, realm_id, reason, body, leaf_hash) FROM STDIN",
            text,
        )


def program() -> Program:
    """The programme that every other event added here is of."""
    return Program.objects.select_related("realm").order_by("pk")[0]


_UID, _AT, _NUMBER = uuid.UUID(int=1), dt.datetime(2001, 2, 3, tzinfo=dt.UTC), 739182645
"""What stands in a pattern of events where each has its own."""


def _lines(count: int) -> Iterator[str]:
    realms: tuple[int | None, ...] = (program().pk, None)
    bodies, rests = zip(*(_pattern(realm) for realm in realms), strict=True)
    at = now() - dt.timedelta(days=1)
    for number in range(count):
        uid, then = str(uuid.uuid4()), instant(at + dt.timedelta(milliseconds=number))
        body = bodies[number % 2] % {"uid": uid, "at": then, "number": number}
        leaf = merkle.leaf(body.encode()).hex()
        rest = rests[number % 2] % {"number": number}
        yield "\t".join((uid, then, rest, body.replace("\\", "\\\\"), f"{leaf}\n"))


def _pattern(realm: int | None) -> tuple[str, str]:
    """Events of one realm, but for what tells them apart: the body, and columns before it."""
    event = Event(
        uid=_UID,
        at=_AT,
        verb="benchmarks.fill",
        actor_kind="service",
        actor_label="benchmarks",
        subject_type="findings.finding",
        subject_id=_NUMBER,
        subject_ref=f"FND-{_NUMBER}",
        realm_id=realm,
    )
    body = canonical({**columns_of(event), "change": {"number": _NUMBER}, "rows": []}).decode()
    columns = (
        *(event.verb, event.actor_kind, event.actor_label, event.subject_type, event.subject_id),
        *(event.subject_ref, realm or "\\N", ""),
    )
    return _open(body), _open("\t".join(map(str, columns)))


def _open(text: str) -> str:
    """The text with a place for each of what stands in it for all."""
    for mark, place in ((_UID, "%(uid)s"), (instant(_AT), "%(at)s"), (_NUMBER, "%(number)d")):
        text = text.replace(str(mark), place)
    return text
