"""Whose a finding is: claimed, assigned, and answered for while its owner is away."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts.models import User
from fellowship.clocks import services as clocks
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from fellowship.programs.models import Program
from findings import policy
from findings.models import Cover, Finding
from findings.services.bulk.actions import ASSIGN, CLAIM, Action, Said
from findings.services.common import DUE_CLOCK, lock, tell


def covered_by(person: User) -> policy.Covered:
    """For whom `person` stands in now, and in which programme."""
    rows = Cover.objects.live().filter(stand_in=person)
    return frozenset(rows.values_list("person_id", "program_id"))


def covering(finding: Finding, person: User) -> policy.Covered:
    """The same where the finding is somebody else's; asks nothing where it is not."""
    own = finding.product_owner_id in (None, person.pk)
    return frozenset() if own else covered_by(person)


@journal.verb("findings.claim")
def claim_finding(*, finding: Finding, by: User, reason: str = "") -> Finding:
    """Make a finding one's own; a reported one is under investigation from then on."""
    finding = lock(finding)
    before = finding.state
    _do(CLAIM, finding, by, {"covered": covered_by(by)})
    if finding.state != before:
        tell(
            finding,
            [finding.fellowship.fellow],
            say("{ref} is under investigation", ref=finding.ref),
        )
    return finding


@journal.verb("findings.assign")
def assign_finding(*, finding: Finding, to: User, by: User, reason: str = "") -> Finding:
    """Give a finding to another who disposes of findings; both owners hear of it."""
    finding = lock(finding)
    former = finding.product_owner
    _do(ASSIGN, finding, by, {"to": to, "reason": reason})
    if finding.product_owner != former:
        told = {to: say("{by} assigned {ref} to you", by=by, ref=finding.ref)}
        if former is not None:
            told[former] = say("{ref} is now with {to}", ref=finding.ref, to=to)
        told.pop(by, None)
        for person, title in told.items():
            tell(finding, [person], title, body=reason)
    return finding


def _do(action: Action, finding: Finding, by: User, said: Said) -> None:
    """An action of many on one finding, which is locked, by the same description."""
    refused = action.refusal(finding, by, said)
    if action.already(finding, by, said):
        unchanged(finding, refused)
        return
    refuse(refused)
    change = action.apply(finding, by, said)
    finding.save()
    journal.record(subject=finding, change=change)
    open_ones = clocks.open_on(DUE_CLOCK, Finding, [finding.pk])
    clocks.hand_over_many(open_ones, to=finding.product_owner, by=by)


@journal.verb("findings.enter_cover")
def enter_cover(
    *,
    program: Program,
    person: User,
    stand_in: User,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    by: User,
    reason: str = "",
) -> Cover:
    """`stand_in` answers for `person`'s findings of the programme in these days; they are told."""
    Program.objects.locked().get(pk=program.pk)
    same = {"person": person, "starts_at": starts_at, "ends_at": ends_at}
    known: Cover | None = Cover.objects.standing().filter(program=program, **same).first()
    cover = Cover(program=program, stand_in=stand_in, entered_by=by, **same)
    if known and known.stand_in_id == stand_in.pk:
        return unchanged(known, policy.may_cover(cover, by))
    refuse(policy.may_cover(cover, by))
    cover.save()
    journal.record(
        subject=cover, change={"person": person.pk, "stand_in": stand_in.pk, "to": ends_at}
    )
    _tell(
        cover,
        by,
        say(
            "You stand in for {person} until {ends_at:%-d %B %Y}",
            person=person,
            ends_at=program.last_day(ends_at),
        ),
    )
    return cover


@journal.verb("findings.end_cover")
def end_cover(*, cover: Cover, by: User, reason: str = "") -> Cover:
    """Take an absence back, or end it early; one taken back stays so."""
    cover = Cover.objects.locked().select_related("person", "stand_in").get(pk=cover.pk)
    if cover.cancelled_at is not None:
        return unchanged(cover, policy.may_end_cover(cover, by))
    refuse(policy.may_end_cover(cover, by))
    cover.cancelled_at = now()
    cover.save()
    journal.record(subject=cover, change={"person": cover.person_id})
    _tell(cover, by, say("You no longer stand in for {person}", person=cover.person))
    return cover


def _tell(cover: Cover, by: User, title: str) -> None:
    notify(
        kind="findings.cover",
        to=[person for person in (cover.stand_in,) if person != by],
        title=title,
        url="/triage/away/",
        realm=cover.program_id,
    )
