"""What an erasure says of its redactions, and how it goes out with an export of the log.

The event of an erasure holds how many there are and one digest over the digests of all: who has a
part of the record alone can check it without learning which other rows there were.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from fellowship.history.models import Event, Redaction
from fellowship.kernel.canonical import digest

KEY: Final = "redacted"
"""Where the event of an erasure says how many rows it changed, and their digest."""
VERB: Final = "oversight.erase_person"
"""The verb that takes personal data out of the record."""
EVENT: Final = Event._meta.label_lower
FILE: Final = "redactions.jsonl"
Holds = Callable[[str, Collection[int]], Collection[int]]
"""Which of these rows of a table an export holds."""


def line(redaction: Redaction) -> list[str]:
    """A redaction as it is hashed: table, key, digest as recorded, digest since."""
    return [redaction.model, str(redaction.row), redaction.before, redaction.after]


def summary(redactions: Iterable[Redaction]) -> dict[str, Any]:
    """What the event of an erasure says of its redactions."""
    hashes = sorted(digest(line(redaction)) for redaction in redactions)
    return {"count": len(hashes), "digest": digest(hashes)}


def by_event() -> dict[UUID, list[Redaction]]:
    """Every redaction there is: they are as few as people who asked to be forgotten."""
    found: dict[UUID, list[Redaction]] = defaultdict(list)
    for redaction in Redaction.objects.all():
        found[redaction.event].append(redaction)
    return found


def statements(size: int, holds: Holds) -> Iterator[dict[str, Any]]:
    """Each erasure that changed what an export holds, under the checkpoint of `size` events.

    `rows` are its redactions of rows that the export holds, `others` the digests of the rest.
    `index`, `leaf` and `body` are None where no such event is sealed below `size`.
    """
    known = by_event()
    sealed = {
        uid: rest
        for uid, *rest in Event.objects.filter(uid__in=known, seal__seq__lt=size).values_list(
            "uid", "seal__seq", "seal__leaf_hash", "body"
        )
    }
    held = _held(known, holds)
    for uid, found in sorted(known.items(), key=lambda item: item[1][0].pk):
        rows = [line(one) for one in found if one.row in held[one.model]]
        if not rows:
            continue
        index, leaf, body = sealed.get(uid, (None, None, None))
        yield {
            "event": str(uid),
            "index": index,
            "leaf": leaf,
            "body": body,
            "rows": rows,
            "others": [digest(line(one)) for one in found if one.row not in held[one.model]],
        }


def written(statement: dict[str, Any]) -> bytes:
    """One line of the file."""
    return f"{json.dumps(statement, separators=(',', ':'), ensure_ascii=False)}\n".encode()


def _held(known: dict[UUID, list[Redaction]], holds: Holds) -> dict[str, Collection[int]]:
    keys: dict[str, set[int]] = defaultdict(set)
    for found in known.values():
        for redaction in found:
            keys[redaction.model].add(redaction.row)
    return {model: set(holds(model, rows)) for model, rows in keys.items()}
