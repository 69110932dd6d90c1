"""Who may stage a passage, put it off and let it out early, and why not."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from findings.models import Finding
from publications import terms
from publications.models import DisclosureStep, Publication, Version
from publications.policy.reviews import may_mark
from publications.policy.works import may_edit
from publications.states import Ask, Ground, PublicationState, ReviewTrack

STEP_REASON_MAX = 2_000


def may_plan(publication: Publication, by: Actor) -> Refusal | None:
    """Why `by` may not plan a passage for later: the author does, until the work is released."""
    return None if isinstance(by, System) else may_edit(publication, by)


def may_stage(
    publication: Publication, *, version: Version, start: int, end: int, on: dt.datetime
) -> Refusal | None:
    """Why this passage or date is no step: the bounds are those of an objection."""
    found = may_mark(publication, version=version, start=start, end=end, ask=Ask.STAGE, until=on)
    if found is None or found.field != "until":
        return found
    return Refusal(found.code, found.reason, rule=found.rule, field="on")


def step_said(ground: str, summary: str) -> Refusal | None:
    """Why a step does not say on which ground, or what the public reads meanwhile."""
    return first(
        None
        if ground in Ground.values
        else Refusal("no_ground", say("Choose one of the listed grounds."), field="ground"),
        None
        if summary.strip()
        else Refusal(
            "no_summary", say("Write what the public reads in its place."), field="summary"
        ),
        None
        if len(summary) <= 500
        else Refusal("too_long", say("Write at most 500 characters."), field="summary"),
    )


def step_reason(reason: str) -> Refusal | None:
    """Why a step is not moved without a reason that can be read."""
    return first(
        None
        if reason.strip()
        else Refusal("no_reason", say("Say why. Everyone concerned reads it."), field="reason"),
        None
        if len(reason) <= STEP_REASON_MAX
        else Refusal(
            "too_long",
            say(
                "Say it in at most {STEP_REASON_MAX:,} characters.", STEP_REASON_MAX=STEP_REASON_MAX
            ),
            field="reason",
        ),
    )


def may_extend_step(step: DisclosureStep, on: dt.datetime | None, by: User) -> Refusal | None:
    """Why a step may not be put off to `on` (any date where None): once, by who answers for it."""
    publication = step.publication
    latest = terms.latest_stage(publication.fellowship, step.planned_at)
    last_day = publication.program.last_day(latest)
    rule = str(terms.policy_of(publication.fellowship))
    return first(
        _answers(step, by),
        _ahead(step),
        Refusal("extended", say("This step was put off once. There is no second time."), rule=rule)
        if step.extended_at
        else None,
        Refusal(
            "at_its_longest",
            say(
                "It may be put off until {latest:%-d %B %Y} at the latest, and that is its date.",
                latest=last_day,
            ),
            rule=rule,
        )
        if publication.program.last_day(step.on) >= last_day
        else None,
        Refusal("not_later", say("Choose a later date than its own."), field="on")
        if on is not None and on <= step.on
        else None,
        Refusal(
            "too_long",
            say("It may be put off until {latest:%-d %B %Y} at the latest.", latest=last_day),
            rule=rule,
            field="on",
        )
        if on is not None and on > latest
        else None,
    )


def may_release_early(step: DisclosureStep, by: User) -> Refusal | None:
    """Why a passage may not be let out before its date: who asked for the date may, once.

    One about a finding under embargo waits for the embargo's end, whoever asks.
    """
    return first(_answers(step, by), _ahead(step), _embargoed(step.finding))


def _embargoed(finding: Finding | None) -> Refusal | None:
    if finding is None or not finding.embargoed_at(now()):
        return None
    return Refusal(
        "embargoed",
        say(
            "{ref} is under embargo until {embargo_day}. Wait until it ends, or have it "
            "moved or lifted on the finding’s page first.",
            ref=finding.ref,
            embargo_day=finding.embargo_day,
        ),
        rule=say("coordinated disclosure"),
    )


def _answers(step: DisclosureStep, by: User) -> Refusal | None:
    """The policy reviewers and the manager; the author where the step is the author's own."""
    publication = step.publication
    if step.objection_id is None and by == publication.fellowship.fellow:
        return None
    on_track = publication.reviewers.filter(track=ReviewTrack.POLICY, reviewer=by).exists()
    if on_track or has_role(by, publication.program_id, roles.MANAGER):
        return None
    return Refusal(
        "not_yours",
        say("A policy reviewer of this work or the programme manager moves this date.")
        if step.objection_id
        else say(
            "The author, a policy reviewer of this work or the programme manager moves this date."
        ),
    )


def _ahead(step: DisclosureStep) -> Refusal | None:
    return first(
        Refusal(
            "out",
            say(
                "The passage is public since {on:%-d %B %Y}.",
                on=step.publication.program.day(step.on),
            ),
        )
        if step.on <= now()
        else None,
        Refusal("withdrawn", say("The work was withdrawn."))
        if step.publication.state == PublicationState.WITHDRAWN
        else None,
    )
