"""Staged disclosure: a passage planned for a date, moved once, let out early. Dates run alone."""

from __future__ import annotations

import datetime as dt

from django.utils.timezone import is_naive

from fellowship.accounts.models import Actor, User
from fellowship.clocks import services as clocks
from fellowship.clocks.models import Clock
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from findings.models import Finding
from publications import policy, terms
from publications.models import DisclosureStep, Objection, Publication, Version
from publications.services.works import locked, tell

DISCLOSURE_CLOCK = "publications.disclosure"


@journal.verb("publications.plan_step")
def plan_step(
    *,
    on: dt.datetime,
    by: Actor,
    objection: Objection | None = None,
    publication: Publication | None = None,
    version: Version | None = None,
    start: int = 0,
    end: int = 0,
    ground: str = "",
    summary: str = "",
    finding: Finding | None = None,
    reason: str = "",
) -> DisclosureStep:
    """Plan that one passage is public from `on`: the author's own, or what an objection asked for.

    For an objection its passage, ground and public summary are the step's; planned twice it is one
    step. The date comes by itself.
    """
    if objection is not None:
        publication, version = objection.publication, objection.version
        start, end = objection.passage_start, objection.passage_end
        ground, summary = objection.ground, objection.public_summary
    if publication is None or version is None or is_naive(on):
        raise ValueError("a step is of a publication's version, with a date that has its zone")
    publication = locked(publication)
    there = publication.disclosure_steps.filter(
        version=version, passage_start=start, passage_end=end
    ).first()
    if there:
        return unchanged(there, policy.may_plan(publication, by))
    if objection is None:
        refuse(policy.may_plan(publication, by))
        refuse(policy.may_stage(publication, version=version, start=start, end=end, on=on))
        refuse(policy.step_said(ground, summary))
    step = DisclosureStep.objects.create(
        publication=publication,
        version=version,
        passage_start=start,
        passage_end=end,
        passage=version.text[start:end],
        ground=ground,
        summary=summary,
        on=on,
        planned_on=on,
        objection=objection,
        finding=finding,
        planned_at=now(),
        planned_by=by if isinstance(by, User) else publication.fellowship.fellow,
    )
    if on > now():
        _start_clock(step, by)
    journal.record(subject=step, change={"publication": publication.ref, "on": on})
    return step


@journal.verb("publications.extend_step")
def extend_step(*, step: DisclosureStep, on: dt.datetime, by: User, reason: str) -> DisclosureStep:
    """Put a step off, once, with the reason and within the longest time the policy gives."""
    step = _locked(step)
    if step.extended_at and step.on == on:
        return unchanged(step, policy.may_extend_step(step, on, by))
    refuse(policy.may_extend_step(step, on, by))
    refuse(policy.step_reason(reason))
    before = step.on
    step.on, step.extended_at, step.extended_by, step.extended_because = on, now(), by, reason
    step.save()
    _move_objection(step)
    for clock in Clock.objects.about(step).open():
        clocks.extend(clock=clock, by=by, ground=reason[:300], new_due=on)
    tell(
        step.publication,
        _people(step, by),
        say("{ref}: one passage comes out later", ref=step.publication.ref),
        body=say("On {on:%-d %B %Y}: {reason}", on=step.publication.program.day(on), reason=reason),
    )
    journal.record(subject=step, change={"on": journal.moved(before, on)})
    return step


@journal.verb("publications.release_early")
def release_early(*, step: DisclosureStep, by: User, reason: str) -> DisclosureStep:
    """Let a passage out at once, as when the fix has shipped; with the reason."""
    step = _locked(step)
    if step.early_at:
        return unchanged(step, policy.may_release_early(step, by))
    refuse(policy.may_release_early(step, by))
    refuse(policy.step_reason(reason))
    at, before = now(), step.on
    step.on, step.early_at, step.early_by, step.early_because = at, at, by, reason
    step.done_at = at
    step.save()
    _move_objection(step)
    clocks.stop_open(subject=step, kinds=[DISCLOSURE_CLOCK], by=by, reason=say("let out early"))
    tell(
        step.publication,
        _people(step, by),
        say("{ref}: one passage is public before its date", ref=step.publication.ref),
        body=reason,
    )
    journal.record(subject=step, change={"on": journal.moved(before, at)})
    return step


@journal.verb("publications.disclose")
def record_disclosed(
    *, step: DisclosureStep, by: Actor, at: dt.datetime, reason: str = ""
) -> DisclosureStep:
    """Record that a step's date has come, and tell who waits for it. Called by the sweep.

    The passage is public from the date on, whether or not this has run.
    """
    step = _locked(step)
    if step.done_at or not step.out():
        return step
    step.done_at = max(at, step.on)
    step.save()
    tell(
        step.publication,
        _people(step, by),
        say("{ref}: a passage is public since its date", ref=step.publication.ref),
        body=step.summary,
    )
    journal.record(subject=step, change={"public_since": step.on})
    return step


def _start_clock(step: DisclosureStep, by: Actor) -> None:
    publication = step.publication
    case = publication.fellowship
    latest = terms.latest_stage(case, now())
    refuse(
        Refusal(
            "too_long",
            say(
                "A passage may be put off until {latest:%-d %B %Y}.",
                latest=publication.program.last_day(latest),
            ),
            field="on",
        )
        if step.on > latest
        else None
    )
    clocks.start(
        kind=DISCLOSURE_CLOCK,
        subject=step,
        realm=publication.program.realm,
        window=terms.longest_stage(case),
        due_at=step.on,
        latest=latest,
        by=by,
        holder="us",
        silence=say("The passage is public."),
        rule=str(terms.policy_of(case)),
    )


def _move_objection(step: DisclosureStep) -> None:
    """The objection that asked for the later date ends with it: one date, told in both places."""
    objection = step.objection
    if objection is not None and objection.until != step.on:
        objection.until = step.on
        objection.save()


def _people(step: DisclosureStep, by: Actor) -> list[User]:
    reviewers = step.publication.reviewers.select_related("reviewer")
    people = {step.publication.fellowship.fellow, *(one.reviewer for one in reviewers)}
    return sorted(people - {by}, key=lambda person: person.pk)


def _locked(step: DisclosureStep) -> DisclosureStep:
    rows = DisclosureStep.objects.locked().select_related(
        "publication__fellowship__fellow", "publication__program__realm", "objection"
    )
    return rows.get(pk=step.pk)
