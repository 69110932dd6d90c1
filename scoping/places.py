"""Where fellowships appear outside their own pages: navigation, the ledger's words, the banner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.saying import joined, say
from fellowship.programs.states import Stage
from fellowship.web import nav, verbs
from governance.models import Condition
from governance.standing import acts_on, told
from governance.states import ConditionState
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
        "scoping.name_collaborator": say("named a collaborator"),
        "scoping.confirm_collaborator": say("confirmed the collaborator"),
        "scoping.remove_collaborator": say("removed the collaborator"),
        "scoping.found_fellowship": say("founded the fellowship"),
        "scoping.assign_mentor": say("named the mentor"),
        "scoping.enter_stage": say("moved the case on"),
        "scoping.advance": say("moved the case on by hand"),
        "scoping.end": say("ended the fellowship"),
        "scoping.suspend": say("suspended the fellowship"),
        "scoping.lift": say("lifted the suspension"),
        "scoping.draft_scope": say("drafted the scope of work"),
        "scoping.edit_scope": say("changed the draft of the scope of work"),
        "scoping.amend": say("proposed a new version of the scope of work"),
        "scoping.offer_scope": say("put the scope of work forward"),
        "scoping.approve_scope": say("offered the version the board approved"),
        "scoping.deny_scope": say("withdrew the version the board denied"),
        "scoping.return_scope": say("took the version back from the board"),
        "scoping.sign_scope": say("signed the scope of work"),
        "scoping.withdraw_scope": say("withdrew the version"),
        "scoping.rebase_scope": say("laid the draft over the narrowed version"),
        "scoping.set_aside": say("set the offer aside, as the scope narrowed"),
        "scoping.lapse_offer": say("let the offer lapse"),
        "scoping.deliver_milestone": say("delivered the milestone"),
        "scoping.accept_milestone": say("accepted the milestone"),
        "scoping.return_milestone": say("returned the milestone"),
        "scoping.except_milestone": say("excepted the milestone"),
        "scoping.name_reviewer": say("named who judges the milestone"),
        "scoping.attach_evidence": say("attached a file to the milestone"),
        "scoping.remove_evidence": say("took a file from the milestone"),
        "scoping.check_in": say("checked in"),
        "scoping.clear_blocker": say("cleared the blocker"),
        "scoping.record_training": say("recorded the training"),
        "scoping.propose_talent_step": say("proposed a step on the talent path"),
        "scoping.decide_talent_step": say("decided the step on the talent path"),
        "scoping.answer_talent_step": say("answered the step on the talent path"),
        "scoping.add_contribution": say("added a contribution"),
        "scoping.revise_contribution": say("corrected the contribution"),
        "scoping.confirm_contribution": say("confirmed the contribution"),
        "scoping.withdraw_contribution": say("took the contribution back"),
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
verbs.register_words(
    "scoping.month", lambda day: say("{month:%B %Y}", month=dt.date.fromisoformat(day))
)


def _sees_fellowships(user: Any) -> bool:
    return holds_anywhere(user, roles.FELLOW, roles.MENTOR, *READERS)


def _sees_contributions(user: Any) -> bool:
    return holds_anywhere(user, *READERS)


def _is_mentor(user: Any) -> bool:
    return holds_anywhere(user, roles.MENTOR)


nav.register(
    say("Fellowships"),
    "scoping:list",
    visible=_sees_fellowships,
    section="portal",
    order=25,
    rail=True,
)
nav.register(
    say("Contributions"),
    "scoping:all_contributions",
    visible=_sees_contributions,
    section="office",
    order=60,
)
nav.register(
    say("Collaborations"),
    "scoping:collaborations",
    visible=lambda user: holds_anywhere(user, roles.COLLABORATOR),
    section="portal",
    order=27,
    rail=True,
)
nav.register(
    say("Mentoring"), "scoping:mentoring", visible=_is_mentor, section="portal", order=26, rail=True
)


NO_SIGNATURE: Final = say("Nobody can sign the scope of work before it is verified.")


def stopped(fellowship: Fellowship, user: Any, at: dt.datetime) -> Banner | None:
    """A suspension, or the end: nothing else matters then."""
    suspension = casefile.of(fellowship).suspension
    if suspension is not None:
        return Banner(
            say("Suspended: everything the fellowship may reach is closed"),
            by=None,
            detail=suspension.reason,
            silence=say("It stays closed until a second person lifts it.")
            if suspension.until is None
            else say(
                "It ends on {until:%-d %B %Y} unless lifted before.",
                until=fellowship.program.last_day(suspension.until),
            ),
            tone="bad",
        )
    if fellowship.state == FellowshipState.CLOSED:
        return Banner(say("Closed: nothing is owed on either side"), tone="good")
    return None


def scope_stage(fellowship: Fellowship, user: Any, at: dt.datetime) -> Banner | None:
    """Who holds the ball while a version is on its way, and which condition holds it up."""
    found, held = _on_its_way(fellowship, user), casefile.of(fellowship).conditions
    return _held(found, held[0], user) if found and held else found


def _held(found: Banner, condition: Condition, user: Any) -> Banner:
    """With a condition open nothing can be signed: first of all whoever acts on it is asked."""
    if acts_on(condition) != user:
        return replace(
            found,
            detail=told(condition),
            silence=joined(" ", (NO_SIGNATURE, condition.consequence)),
        )
    return Banner(
        say("With you: verify a condition of the board")
        if condition.state == ConditionState.MET
        else say("With you: meet a condition of the board"),
        by=condition.due_at,
        detail=told(condition),
        silence=joined(" ", (NO_SIGNATURE, condition.consequence)),
        tone="you",
        url=condition.get_absolute_url(),
        label=say("To the condition"),
    )


def _on_its_way(fellowship: Fellowship, user: Any) -> Banner | None:
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
            say(
                "With the programme manager: complete and offer version {number}",
                number=scope.number,
            ),
            silence=say(
                "Nothing is asked of the fellow yet, and nothing is allowed before both sign."
            ),
        )
    return Banner(
        say(
            "With the board: version {number} allows more than what is signed", number=scope.number
        ),
        silence=say("Until it decides, the signed version holds."),
    )


def working(fellowship: Fellowship, user: Any, at: dt.datetime) -> Banner | None:
    """What the stage waits for, where no other application knows better."""
    mine = fellowship.fellow_id == user.pk
    with_fellow = say("With you") if mine else say("With {fellow}", fellow=fellowship.fellow)
    milestone = casefile.of(fellowship).next_milestone
    if fellowship.ended_at or fellowship.state == FellowshipState.CLOSE_OUT:
        return Banner(say("With the programme manager: close out what is still open"))
    if fellowship.state == FellowshipState.ACCESS:
        return Banner(
            say(
                "{with_fellow}: ask for the data the scope allows, and no more",
                with_fellow=with_fellow,
            ),
            silence=say("Nothing is granted unasked; no clock runs against the fellow."),
            tone="you" if mine else "wait",
        )
    if milestone is not None:
        return Banner(
            say("{who}: “{title}”", who=with_fellow, title=milestone.title),
            by=milestone.due_on,
            silence=say("A late milestone is shown as late and talked over at the next check-in."),
            tone="you" if mine else "wait",
        )
    return Banner(
        say("In “{stage_label}”: no milestone is waited for", stage_label=fellowship.stage_label),
        tone="good",
    )


def _no_scope(fellowship: Fellowship) -> Banner | None:
    if fellowship.state != FellowshipState.SCOPE or fellowship.ended_at:
        return None
    return Banner(
        say("With the programme manager: a scope of work to write"),
        silence=say(
            "Without a signed scope nothing is allowed, and nothing is asked of the fellow."
        ),
    )


def _offered(fellowship: Fellowship, user: Any, number: int) -> Banner:
    file = casefile.of(fellowship)
    clock, mine = file.signature_clock(), fellowship.fellow_id == user.pk
    due, silence = (clock.due_at, clock.said_silence) if clock else (None, "")
    what = say("sign version {number} of the scope of work", number=number)
    if file.waits_for_fellow:
        return Banner(
            say("With you: {what}", what=what)
            if mine
            else say("With {fellow}: {what}", fellow=fellowship.fellow, what=what),
            by=due,
            silence=silence,
            tone="you" if mine else "wait",
            url=reverse("scoping:sign", args=[fellowship.ref, number]) if mine else "",
            label=say("Read and sign") if mine else "",
        )
    signs = holds_anywhere(user, roles.CHAIR, roles.SPONSOR) and not mine
    return Banner(
        say("With the company: {what}", what=what),
        by=due,
        silence=silence,
        tone="you" if signs else "wait",
        url=reverse("scoping:sign", args=[fellowship.ref, number]) if signs else "",
        label=say("Read and sign") if signs else "",
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
        yield NextStep(milestone.title, milestone.due_on, f"{page}#m{milestone.pk}", mine)
    for clock in file.clocks.values():
        yield NextStep(clock.label, clock.due_at, mine=mine and clock.holder == "you")
    if fellowship.ended_at is None:
        yield NextStep(say("Last day of the fellowship"), fellowship.ends_on)
    if file.training is not None and fellowship.ended_at is None:
        people = reverse("scoping:people", args=[fellowship.ref])
        yield NextStep(say("Security training expires"), file.training.expires_at, people)
