"""Sealing, verifying and exporting the log at its full length."""

from __future__ import annotations

import datetime as dt
import io
import time
import uuid
from collections.abc import Iterator

from django.db import transaction

from benchmarks.child import peak_of
from benchmarks.measure import Row, Times, rate
from fellowship.history import merkle
from fellowship.history.models import Event
from fellowship.history.recorder import columns_of
from fellowship.history.seal import seal
from fellowship.kernel.canonical import canonical, instant
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from oversight.scale import printing

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
    with transaction.atomic():
        printing.copy(Event, io.StringIO("".join(_lines(count))))


def program() -> Program:
    """The programme that every other event added here is of."""
    return Program.objects.select_related("realm").order_by("pk")[0]


def _lines(count: int) -> Iterator[str]:
    printed = [_printed(realm) for realm in (program().pk, None)]
    at = now() - dt.timedelta(days=1)
    for number in range(1, count + 1):
        its_body, line = printed[number % 2]
        then = instant(at + dt.timedelta(milliseconds=number))
        said = {"uid": str(uuid.uuid4()), "at": then, "number": str(number)}
        body = its_body(said)
        yield line({**said, "body": printing.cell(body), "leaf": merkle.leaf(body.encode()).hex()})


def _printed(realm: int | None) -> tuple[printing.Fill, printing.Fill]:
    """Body and line of an event of the realm, with a gap for what each has for itself."""
    uid, at, number = uuid.UUID(int=1), dt.datetime(2001, 2, 3, tzinfo=dt.UTC), 739182645
    event = Event(
        uid=uid,
        at=at,
        verb="benchmarks.fill",
        actor_kind="service",
        actor_label="benchmarks",
        subject_type="findings.finding",
        subject_id=number,
        subject_ref=f"FND-{number}",
        realm_id=realm,
        body="the-body",
        leaf_hash="the-leaf",
    )
    body = canonical({**columns_of(event), "change": {"number": number}, "rows": []}).decode()
    cells = (printing.cell(getattr(event, f.attname)) for f in printing.columns(Event))
    own = {str(uid): "uid", instant(at): "at", str(number): "number"}
    line = printing.with_gaps(
        "\t".join(cells) + "\n", {**own, "the-body": "body", "the-leaf": "leaf"}
    )
    return printing.with_gaps(body, own), line
