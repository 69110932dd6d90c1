"""Who hears when effective access may have changed: systems that hold a copy of it.

Whatever a decision rests on is a tracked record, wherever its verb lives. So the journal tells of
every row written, and a change cannot be made without being heard: no verb has to remember
(docs/adr/0019-changes-of-access-are-heard.md).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from django.db.models import Model

from access.models import Grant
from fellowship.kernel import journal

Handler = Callable[..., None]
"""Called as `handler(program=…, people=…, datasets=…)` in the transaction of the change.

`program` is a programme's key, or None for every programme; `people` and `datasets` are frozensets
of keys. Both given: the access of these people to these datasets may have changed. One given: all
those people may do, or all that anyone may do with those datasets.
"""
_handlers: list[Handler] = []


def on_change(handler: Handler) -> Handler:
    """Let `handler` hear of every change; it compares what is with what it knew."""
    if handler not in _handlers:
        _handlers.append(handler)
    return handler


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Nobody hears of changes within; the sweeps bring everything up to date."""
    waiting, _handlers[:] = _handlers[:], []
    try:
        yield
    finally:
        _handlers[:] = waiting


def touched(
    *, program: int | None, people: Iterable[int] = (), datasets: Iterable[int] = ()
) -> None:
    """Say that effective access may have changed. Nothing named: nothing is said."""
    who, what = frozenset(people), frozenset(datasets)
    if who or what:
        for handler in _handlers:
            handler(program=program, people=who, datasets=what)


@journal.listen
def heard(rows: Sequence[Model]) -> None:
    """Tell of every history row that a decision may rest on, each change once."""
    if not _handlers:
        return
    said = {told for row in rows for told in _told(row)}
    for program, people, datasets in sorted(said, key=str):
        touched(program=program, people=people, datasets=datasets)


Told = tuple[int | None, frozenset[int], frozenset[int]]


def _told(row: Any) -> Iterator[Told]:
    read = READ.get(row.instance_type._meta.label_lower)
    if read is not None:
        yield from read(row)


def _keys(*keys: int | None) -> frozenset[int]:
    return frozenset(key for key in keys if key is not None)


def _of_grant(row: Any) -> Iterator[Told]:
    yield from _grants(pk=row.id)


def _of_request(request_id: int) -> Iterator[Told]:
    yield from _grants(request_id=request_id)


def _of_case(fellowship_id: int) -> Iterator[Told]:
    yield from _grants(fellowship_id=fellowship_id)


def _grants(**which: int) -> Iterator[Told]:
    """Whom and what these grants name; where none exists yet, nothing has changed."""
    rows = Grant.objects.filter(**which).order_by()
    names = ("fellowship__program_id", "person_id", "dataset_id")
    for program, person, dataset in rows.values_list(*names):
        yield (program, frozenset({person}), frozenset({dataset}))


def _of_subject(row: Any) -> Iterator[Told]:
    """A condition or an exception: about a case, or about one request."""
    if row.subject_type == "scoping.fellowship":
        yield from _of_case(row.subject_id)
    elif row.subject_type == "access.accessrequest":
        yield from _of_request(row.subject_id)


READ: Final[dict[str, Callable[[Any], Iterable[Told]]]] = {
    "access.grant": _of_grant,
    "access.agreement": lambda row: _of_request(row.request_id),
    "access.accesssuspension": lambda row: [
        (row.program_id, _keys(row.person_id), _keys(row.dataset_id))
    ],
    "access.dataset": lambda row: [(row.program_id, frozenset(), _keys(row.id))],
    "accounts.user": lambda row: [(None, _keys(row.id), frozenset())],
    "governance.condition": _of_subject,
    "governance.exceptionrecord": _of_subject,
    "scoping.fellowship": lambda row: _of_case(row.id),
    "scoping.scopeofwork": lambda row: _of_case(row.fellowship_id),
    "scoping.suspension": lambda row: _of_case(row.fellowship_id),
    "scoping.training": lambda row: [(row.realm_id, _keys(row.person_id), frozenset())],
}
"""The records a decision rests on, and whose access a change of one may change."""
