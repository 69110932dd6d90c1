"""One notice for each person of a batch, however many of its findings concern them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

from django.urls import reverse

from fellowship.accounts.models import User
from fellowship.kernel.saying import joined, say, say_n
from fellowship.notices.services import Message, notify_each
from findings.models import Batch, Finding
from findings.services.bulk.actions import Action

LISTED = 20
"""Findings a notice names; of more it says how many."""
Words = Callable[[Sequence[Finding]], str]


def tell_fellows(batch: Batch, action: Action, found: Iterable[Finding]) -> None:
    """Each fellow hears once what became of their findings, and why."""
    if action.told:
        told = action.told
        follows = _follows(batch, action)
        reason = joined("\n\n", filter(None, [batch.reason, follows]))
        people = _by(found, lambda f: f.fellowship.fellow)
        _tell(batch, people, lambda rows: told(_count(rows), len(rows)), reason)


def _follows(batch: Batch, action: Action) -> str:
    """What comes next, as the single verb's letter says it."""
    if action.key == "reject":
        return say("You may reply on the page of each; the owner reads it.")
    if until := batch.said.get("look_again_at"):
        day = batch.program.day(dt.datetime.fromisoformat(str(until)))
        return say("Each will be looked at again on {day:%-d %B %Y}.", day=day)
    return ""


def tell_owner(batch: Batch, found: Sequence[Finding], to: User) -> None:
    """The new owner hears once what was given to them, unless they took it themselves."""
    if to.pk != batch.made_by_id and found:

        def words(rows: Sequence[Finding]) -> str:
            return say(
                "{made_by} assigned {count} to you", made_by=batch.made_by, count=_count(rows)
            )

        _tell(batch, {to: list(found)}, words, batch.reason)


def tell_former_owners(batch: Batch, found: Iterable[Finding], owners: dict[int, User]) -> None:
    """Whoever had the findings before hears once that another has them now."""
    gone = _by(found, lambda f: owners.get(f.pk))
    gone.pop(batch.made_by, None)

    def words(rows: Sequence[Finding]) -> str:
        return say_n(
            len(rows),
            "{count} of yours is now with {product_owner}",
            "{count} of yours are now with {product_owner}",
            count=_count(rows),
            product_owner=rows[0].product_owner,
        )

    _tell(batch, gone, words, batch.reason)


def tell_of_undoing(
    batch: Batch, action: Action, found: Sequence[Finding], owners: Iterable[User]
) -> None:
    """Whoever was told of the batch hears that it was taken back."""
    people = _by(found, lambda f: f.fellowship.fellow) if action.told else {}
    people |= {owner: list(found) for owner in owners if owner.pk != batch.made_by_id}

    def words(rows: Sequence[Finding]) -> str:
        return say_n(
            len(rows),
            "{count} is again as before: {made_by} took the change back",
            "{count} are again as before: {made_by} took the change back",
            count=_count(rows),
            made_by=batch.made_by,
        )

    _tell(batch, people, words, "")


def _count(rows: Sequence[Finding]) -> str:
    return rows[0].ref if len(rows) == 1 else say("{n:,} findings", n=len(rows))


def _by(
    found: Iterable[Finding], who: Callable[[Finding], User | None]
) -> dict[User, list[Finding]]:
    people: dict[User, list[Finding]] = {}
    for finding in found:
        person = who(finding)
        if person is not None:
            people.setdefault(person, []).append(finding)
    return people


def _tell(batch: Batch, people: dict[User, list[Finding]], words: Words, reason: str) -> None:
    notify_each(
        Message(
            kind="findings.progress",
            to=[person],
            title=words(rows),
            body=joined("\n\n", filter(None, [reason, _listed(rows)])),
            url=_url(batch, rows),
            realm=batch.program_id,
        )
        for person, rows in people.items()
    )


def _listed(rows: Sequence[Finding]) -> str:
    lines = [f"{finding.ref} {finding.title}" for finding in rows[:LISTED]]
    if len(rows) > LISTED:
        lines.append(say("and {n:,} more", n=len(rows) - LISTED))
    return joined("\n", lines)


def _url(batch: Batch, rows: Sequence[Finding]) -> str:
    if len(rows) == 1:
        return rows[0].get_absolute_url()
    return f"{reverse('findings:queue')}?queue=all&batch={batch.pk}"
