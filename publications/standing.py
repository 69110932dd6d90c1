"""Where a publication stands: permission by default, four grounds, silence that releases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fellowship.clocks.models import Clock
from fellowship.kernel.saying import begun, joined, say
from fellowship.kernel.time import now
from fellowship.web.standing import Blocker, Plan, Standing, Step
from governance.standing import CLOSED
from publications import ladder
from publications.models import Objection, Publication
from publications.states import PUBLICATION_MOVES, UNSETTLED, Ground, PublicationState

S = PublicationState
POLICY = say("Publication policy")
OBJECT = Step(
    say("The policy or legal reviewer"),
    say("objects to a marked passage: to redact it, stage it or delay it briefly"),
    tuple(Ground.labels),
    POLICY,
)
_BOARD = Step(
    say("The board"),
    say("releases it, or keeps it for one more window, after which it is released"),
    tuple(Ground.labels),
    POLICY,
    say("It is released after one more window."),
)
_RELEASE = Step(
    say("The work"),
    say("is released by itself when the window ends, by the policy review, or by an exception"),
)

PUBLICATION = Plan(
    PUBLICATION_MOVES,
    holders={
        S.DRAFT: say("The author"),
        S.IN_REVIEW: say("The reviewers"),
        S.WITH_BOARD: say("The board"),
        S.RELEASED: say("Nobody: it is released"),
        S.WITHDRAWN: CLOSED,
    },
    silence={
        S.DRAFT: say("A draft waits for its author."),
        S.IN_REVIEW: say("It is released."),
        S.WITH_BOARD: say("It is released after one more window."),
    },
    steps={
        "submit": Step(say("The author"), say("submits it for review")),
        "release": _RELEASE,
        "escalate": Step(
            say("The clock"), say("brings it to the board where its class asks for that")
        ),
        f"{S.WITH_BOARD}.release": _BOARD,
        "return": _BOARD,
        "withdraw": Step(say("The author"), say("may withdraw it")),
    },
)

ESCALATED = replace(
    PUBLICATION,
    silence={**PUBLICATION.silence, S.IN_REVIEW: say("It goes to the board.")},
    steps={
        **PUBLICATION.steps,
        "release": Step(
            say("The work"), say("is released by the policy review, or by an exception")
        ),
        "escalate": Step(say("The clock"), say("brings it to the board when the window ends")),
    },
)
"""Of work whose class silence does not release."""


def of(
    publication: Publication,
    state: str,
    *,
    clocks: Sequence[Clock],
    objections: Sequence[Objection],
    answer_due: dt.datetime | None,
    reviewers: Sequence[str],
    rules: Mapping[str, str],
) -> Standing:
    """Where it stands, silence counted; each passage objected to holds itself alone."""
    at, in_review = now(), state == S.IN_REVIEW
    calendar = publication.program.calendar()
    unsettled = [one for one in objections if one.effective_state(at) in UNSETTLED]
    plan = PUBLICATION if publication.silence_releases else ESCALATED
    found = plan.at(
        state,
        calendar=calendar,
        clocks=clocks,
        due=publication.window_ends_at if in_review else None,
        silence=publication.if_silent if in_review else "",
        rules=rules,
        also=[
            *(_reviewer(publication, reviewers, rules) if in_review else ()),
            *(_board(rules) if in_review and not publication.silence_releases else ()),
            *(_objection(one, at, rules) for one in unsettled),
        ],
    )
    if answer_due is None or not in_review:
        return found
    return replace(found, holder=say("The author, who answers an objection"), due=answer_due)


def _reviewer(
    publication: Publication, reviewers: Sequence[str], rules: Mapping[str, str]
) -> list[Blocker]:
    """The policy reviewers, until their review has ended."""
    if publication.policy_cleared_at:
        return []
    return [
        Blocker(
            who=OBJECT.who,
            can=OBJECT.does,
            grounds=OBJECT.grounds,
            silence=publication.if_silent,
            until=publication.window_ends_at,
            rule=POLICY,
            rule_url=rules.get(POLICY, ""),
            names=joined(", ", reviewers) or say("to be assigned"),
        )
    ]


def _board(rules: Mapping[str, str]) -> list[Blocker]:
    """The board, before which silence brings the work."""
    return [
        Blocker(
            who=_BOARD.who,
            can=_BOARD.does,
            grounds=_BOARD.grounds,
            silence=_BOARD.silence,
            rule=POLICY,
            rule_url=rules.get(POLICY, ""),
        )
    ]


def _objection(objection: Objection, at: dt.datetime, rules: Mapping[str, str]) -> Blocker:
    """An objection on its step of the ladder: it holds its own passage, never the work."""
    step = ladder.step_of(objection, getattr(objection, "mediation", None), at)
    said = step.silence if step else ""
    return Blocker(
        who=say("Objection {ref}", ref=objection.ref),
        can=say("holds one passage: {ask}", ask=objection.get_ask_display().lower()),
        grounds=(objection.get_ground_display(),),
        silence=say("{said}. The rest of the work goes on.", said=begun(said)),
        until=step.due if step else None,
        rule=POLICY,
        rule_url=rules.get(POLICY, ""),
        names=say("with {holder}", holder=step.holder) if step else "",
    )
