"""Where fellowships appear outside their own pages: navigation, the ledger's words, the banner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.programs.states import Stage
from fellowship.web import nav, verbs
from scoping import casefile, panels
from scoping.models import CheckIn, Contribution, Fellowship, Milestone
from scoping.models.fellowship import READERS
from scoping.panels import Banner, NextStep
from scoping.sections import CLAUSES
from scoping.states import (
    CheckpointOutcome,
    Credit,
    FellowshipState,
    MilestoneState,
    ScopeState,
    Side,
    TalentPath,
    TalentState,
    TrainingKind,
)

verbs.register(
    {
        "scoping.name_collaborator": "named a collaborator",
        "scoping.confirm_collaborator": "confirmed the collaborator",
        "scoping.remove_collaborator": "removed the collaborator",
        "scoping.found_fellowship": "founded the fellowship",
        "scoping.assign_mentor": "named the mentor",
        "scoping.enter_stage": "moved the case on",
        "scoping.advance": "moved the case on by hand",
        "scoping.end": "ended the fellowship",
        "scoping.suspend": "suspended the fellowship",
        "scoping.lift": "lifted the suspension",
        "scoping.draft_scope": "drafted the scope of work",
        "scoping.edit_scope": "changed the draft of the scope of work",
        "scoping.amend": "proposed a new version of the scope of work",
        "scoping.offer_scope": "put the scope of work forward",
        "scoping.approve_scope": "offered the version the board approved",
        "scoping.deny_scope": "withdrew the version the board denied",
        "scoping.return_scope": "took the version back from the board",
        "scoping.sign_scope": "signed the scope of work",
        "scoping.withdraw_scope": "withdrew the version",
        "scoping.lapse_offer": "let the offer lapse",
        "scoping.deliver_milestone": "delivered the milestone",
        "scoping.accept_milestone": "accepted the milestone",
        "scoping.return_milestone": "returned the milestone",
        "scoping.except_milestone": "excepted the milestone",
        "scoping.name_reviewer": "named who judges the milestone",
        "scoping.attach_evidence": "attached a file to the milestone",
        "scoping.remove_evidence": "took a file from the milestone",
        "scoping.check_in": "checked in",
        "scoping.clear_blocker": "cleared the blocker",
        "scoping.record_training": "recorded the training",
        "scoping.propose_talent_step": "proposed a step on the talent path",
        "scoping.decide_talent_step": "decided the step on the talent path",
        "scoping.answer_talent_step": "answered the step on the talent path",
        "scoping.add_contribution": "added a contribution",
        "scoping.revise_contribution": "corrected the contribution",
        "scoping.confirm_contribution": "confirmed the contribution",
        "scoping.withdraw_contribution": "took the contribution back",
    }
)
verbs.register_values(
    {
        "by_hand": Stage.choices,
        "scoping.author": CheckIn.Author.choices,
        "scoping.terms": ((key, clause.label) for key, clause in CLAUSES.items()),
        "scoping.clauses": ((key, clause.label) for key, clause in CLAUSES.items()),
        "credit": Credit.choices,
        "scoping.kind": (
            *(*TrainingKind.choices, *Milestone.Kind.choices),
            *Contribution.Kind.choices,
        ),
        "scoping.outcome": CheckpointOutcome.choices,
        "scoping.side": Side.choices,
        "scoping.state": (
            *(*TalentState.choices, *FellowshipState.choices),
            *(*ScopeState.choices, *MilestoneState.choices),
        ),
        "scoping.step": TalentPath.choices,
    }
)
verbs.register_words("scoping.month", lambda day: f"{dt.date.fromisoformat(day):%B %Y}")


def _sees_fellowships(user: Any) -> bool:
    return holds_anywhere(user, roles.FELLOW, roles.MENTOR, *READERS)


def _sees_contributions(user: Any) -> bool:
    return holds_anywhere(user, *READERS)


def _is_mentor(user: Any) -> bool:
    return holds_anywhere(user, roles.MENTOR)


nav.register(
    "Fellowships", "scoping:list", visible=_sees_fellowships, section="portal", order=25, rail=True
)
nav.register(
    "Contributions",
    "scoping:all_contributions",
    visible=_sees_contributions,
    section="office",
    order=60,
)
nav.register(
    "Collaborations",
    "scoping:collaborations",
    visible=lambda user: holds_anywhere(user, roles.COLLABORATOR),
    section="portal",
    order=27,
    rail=True,
)
nav.register(
    "Mentoring", "scoping:mentoring", visible=_is_mentor, section="portal", order=26, rail=True
)


def stopped(fellowship: Fellowship, user: Any, at: dt.datetime) -> Banner | None:
    """A suspension, or the end: nothing else matters then."""
    suspension = casefile.of(fellowship).suspension
    if suspension is not None:
        return Banner(
            "Suspended: everything the fellowship may reach is closed",
            by=None,
            detail=suspension.reason,
            silence="It stays closed until a second person lifts it."
            if suspension.until is None
            else f"It ends on {suspension.until:%-d %B %Y} unless lifted before.",
            tone="bad",
        )
    if fellowship.state == FellowshipState.CLOSED:
        return Banner("Closed: nothing is owed on either side", tone="good")
    return None


def scope_stage(fellowship: Fellowship, user: Any, at: dt.datetime) -> Banner | None:
    """Who holds the ball while a version is on its way."""
    file = casefile.of(fellowship)
    scope = file.pending
    if scope is None:
        return _no_scope(fellowship)
    if scope.state == ScopeState.OFFERED:
        return _offered(fellowship, user, scope.number)
    if fellowship.state != FellowshipState.SCOPE:
        return None  # the signed version holds, and the work goes on under it
    if scope.state == ScopeState.DRAFT:
        return Banner(
            f"With the programme manager: complete and offer version {scope.number}",
            silence="Nothing is asked of the fellow yet, and nothing is allowed before both sign.",
        )
    return Banner(
        f"With the board: version {scope.number} allows more than what is signed",
        silence="Until it decides, the signed version holds.",
    )


def working(fellowship: Fellowship, user: Any, at: dt.datetime) -> Banner | None:
    """What the stage waits for, where no other application knows better."""
    mine = fellowship.fellow_id == user.pk
    with_fellow = "With you" if mine else f"With {fellowship.fellow}"
    milestone = casefile.of(fellowship).next_milestone
    if fellowship.ended_at or fellowship.state == FellowshipState.CLOSE_OUT:
        return Banner("With the programme manager: close out what is still open")
    if fellowship.state == FellowshipState.ACCESS:
        return Banner(
            f"{with_fellow}: ask for the data the scope allows, and no more",
            silence="Nothing is granted unasked; no clock runs against the fellow.",
            tone="you" if mine else "wait",
        )
    if milestone is not None:
        return Banner(
            f"{with_fellow}: “{milestone.title}”",
            by=milestone.due_on,
            silence="A late milestone is shown as late and talked over at the next check-in.",
            tone="you" if mine else "wait",
        )
    return Banner(f"In “{fellowship.stage_label}”: no milestone is waited for", tone="good")


def _no_scope(fellowship: Fellowship) -> Banner | None:
    if fellowship.state != FellowshipState.SCOPE or fellowship.ended_at:
        return None
    return Banner(
        "With the programme manager: a scope of work to write",
        silence="Without a signed scope nothing is allowed, and nothing is asked of the fellow.",
    )


def _offered(fellowship: Fellowship, user: Any, number: int) -> Banner:
    file = casefile.of(fellowship)
    clock, mine = file.signature_clock(), fellowship.fellow_id == user.pk
    due, silence = (clock.due_at, clock.said_silence) if clock else (None, "")
    what = f"sign version {number} of the scope of work"
    if file.waits_for_fellow:
        return Banner(
            f"With you: {what}" if mine else f"With {fellowship.fellow}: {what}",
            by=due,
            silence=silence,
            tone="you" if mine else "wait",
            url=reverse("scoping:sign", args=[fellowship.ref, number]) if mine else "",
            label="Read and sign" if mine else "",
        )
    signs = holds_anywhere(user, roles.CHAIR, roles.SPONSOR) and not mine
    return Banner(
        f"With the company: {what}",
        by=due,
        silence=silence,
        tone="you" if signs else "wait",
        url=reverse("scoping:sign", args=[fellowship.ref, number]) if signs else "",
        label="Read and sign" if signs else "",
    )


panels.register_banner(stopped, order=0)
panels.register_banner(scope_stage, order=10)
panels.register_banner(working, order=100)


@panels.register_next
def coming(fellowship: Fellowship, user: Any, at: dt.datetime) -> Iterator[NextStep]:
    """The next milestones, the running clocks, and when training and the fellowship end."""
    file, mine = casefile.of(fellowship), fellowship.fellow_id == user.pk
    page = reverse("scoping:milestones", args=[fellowship.ref])
    planned = [m for m in file.milestones if m.state == MilestoneState.PLANNED]
    for milestone in planned[:3]:
        yield NextStep(milestone.title, milestone.due_on, page, mine)
    for clock in file.clocks.values():
        yield NextStep(clock.label, clock.due_at, mine=mine and clock.holder == "you")
    if fellowship.ended_at is None:
        yield NextStep("Last day of the fellowship", fellowship.ends_on)
    if file.training is not None and fellowship.ended_at is None:
        people = reverse("scoping:people", args=[fellowship.ref])
        yield NextStep("Security training expires", file.training.expires_at, people)
