"""Saved filters: named, shared with the programme, the one the queue opens with."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from findings import policy
from findings.models import SavedFilter


@journal.verb("findings.save_filter")
def save_filter(
    *, name: str, query: str, by: User, program: Program | None = None, is_default: bool = False
) -> SavedFilter:
    """Save a query under a name of one's own; the same name with the same query is the same."""
    known: SavedFilter | None = SavedFilter.objects.filter(owner=by, name=name).first()
    if known and known.query == query and known.program_id == (program.pk if program else None):
        return unchanged(known, policy.may_save(by, program.pk if program else None))
    refuse(policy.may_save(by, program.pk if program else None))
    saved = SavedFilter(owner=by, name=name, query=query, program=program, is_default=is_default)
    if is_default:
        _nobody_else(saved)
    _write(saved)
    journal.record(subject=saved, change=_change(saved))
    return saved


@journal.verb("findings.change_filter")
def change_filter(
    *, saved: SavedFilter, name: str, by: User, program: Program | None, is_default: bool
) -> SavedFilter:
    """Rename a filter, share it or keep it to oneself, open the queue with it or not."""
    saved = SavedFilter.objects.locked().select_related("owner").get(pk=saved.pk)
    refuse(policy.may_change_filter(saved, by, program.pk if program else None))
    said = (name, program.pk if program else None, is_default)
    if said == (saved.name, saved.program_id, saved.is_default):
        return saved
    saved.name, saved.program, saved.is_default = name, program, is_default
    if is_default:
        _nobody_else(saved)
    _write(saved)
    journal.record(subject=saved, change=_change(saved))
    return saved


@journal.verb("findings.remove_filter")
def remove_filter(*, saved: SavedFilter, by: User, reason: str = "") -> None:
    """Remove a filter; one that is gone already is no matter."""
    found = SavedFilter.objects.locked().select_related("owner").filter(pk=saved.pk).first()
    if found is None:
        return
    refuse(policy.may_change_filter(found, by, None))
    key = found.pk
    found.delete()
    found.pk = key
    journal.record(subject=found, change={"removed": True})


def _write(saved: SavedFilter) -> None:
    try:
        with transaction.atomic():
            saved.save()
    except IntegrityError:
        refuse(Refusal("named_twice", say("You have a filter of this name already."), field="name"))


def _nobody_else(saved: SavedFilter) -> None:
    """The queue opens with one filter."""
    for other in SavedFilter.objects.locked().filter(owner=saved.owner, is_default=True):
        if other.pk != saved.pk:
            other.is_default = False
            other.save()


def _change(saved: SavedFilter) -> dict[str, object]:
    return {"query": saved.query, "shared": saved.program_id is not None}
