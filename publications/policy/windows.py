"""Who may extend a window or ask the author, and why not."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from governance import exceptions
from governance.states import ExceptionKind
from publications import terms
from publications.models import Publication, Question
from publications.policy.reviews import may_own, may_staff, on_track, under_review
from publications.states import Ground, PublicationState, ReviewTrack

SHORTCUT = ExceptionKind.PUBLICATION_SHORTCUT
PAUSING = 3
"""Questions of one work for which its window rests; later ones are asked while it runs."""


def may_extend(publication: Publication, by: User) -> Refusal | None:
    """Why `by` may not extend the window: once, by a policy reviewer, while it runs."""
    rule = str(terms.policy_of(publication.fellowship))
    return first(
        on_track(publication, ReviewTrack.POLICY, by),
        under_review(publication),
        Refusal(
            "extended", say("The window was extended once. There is no second time."), rule=rule
        )
        if hasattr(publication, "extension")
        else None,
        Refusal("no_extension", say("The policy of this fellowship knows no extension."), rule=rule)
        if terms.extension_window(publication.fellowship, publication.work_class) is None
        else None,
        Refusal("cleared", say("The policy review of this work has ended."))
        if publication.policy_cleared_at
        else None,
        Refusal("paused", say("The window rests until the author answers a question."))
        if any(q.pauses and q.open() for q in publication.questions.all())
        else None,
    )


def may_take_shortcut(publication: Publication, by: User) -> Refusal | None:
    """Why `by` may not release it before its window ends: it takes a live exception of the board.

    A shortcut skips waiting. What a reviewer objected to is settled first, passage by passage.
    """
    return first(
        may_staff(publication, by),
        under_review(publication),
        Refusal("objections_open", say("An objection is open: settle it first."))
        if publication.objections.unsettled().exists()
        else None,
        None
        if exceptions.covered(publication, SHORTCUT)
        else Refusal(
            "no_exception",
            say("Before its window ends a work is released under an exception of the board alone."),
            rule=str(terms.policy_of(publication.fellowship)),
        ),
    )


def sound_extension(
    publication: Publication, *, ground: str, reason: str, owner: User, new_due: dt.datetime
) -> Refusal | None:
    """Why this is no extension: it has a listed ground, its reason, an owner and a near date."""
    latest = latest_extension(publication)
    return first(
        None
        if ground in Ground.values
        else Refusal("no_ground", say("Choose one of the listed grounds."), field="ground"),
        None
        if reason.strip()
        else Refusal("no_reason", say("Say why more time is needed."), field="reason"),
        may_own(publication, owner),
        Refusal(
            "not_later", say("The new date must be later than the window's end."), field="new_due"
        )
        if publication.window_ends_at is not None and new_due <= publication.window_ends_at
        else None,
        Refusal(
            "too_long",
            say(
                "The window may be extended until {latest:%-d %B %Y} at the latest.",
                latest=publication.program.last_day(latest),
            ),
            rule=str(terms.policy_of(publication.fellowship)),
            field="new_due",
        )
        if latest is not None and new_due > latest
        else None,
    )


def latest_extension(publication: Publication) -> dt.datetime | None:
    """The end of the last day to which the one extension may put the window; None for no window."""
    given = terms.extension_window(publication.fellowship, publication.work_class)
    if given is None or publication.window_ends_at is None:
        return None
    calendar = publication.program.calendar()
    return calendar.through(given.due(publication.window_ends_at, calendar))


def may_ask(publication: Publication, track: str, by: User) -> Refusal | None:
    """Why `by` may not ask the author: a reviewer of the track does, one question at a time."""
    return first(
        on_track(publication, track, by),
        under_review(publication),
        Refusal("question_open", say("The author has a question to answer. One at a time."))
        if any(q.open() and q.track == track for q in publication.questions.all())
        else None,
        Refusal("cleared", say("The policy review of this work has ended."))
        if track == ReviewTrack.POLICY and publication.policy_cleared_at
        else None,
    )


def may_reply(question: Question, by: User) -> Refusal | None:
    """Why `by` may not answer: the author does, while the question is open."""
    work = question.publication
    return first(
        None
        if by == work.fellowship.fellow
        else Refusal("not_yours", say("The author answers a question.")),
        Refusal("wrong_state", say("The work is no longer in review."))
        if work.effective_state() != PublicationState.IN_REVIEW
        else None,
        None
        if question.open()
        else Refusal(
            "time_over", say("The time to answer is over. The review goes on without it.")
        ),
    )
