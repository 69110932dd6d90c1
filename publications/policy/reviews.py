"""Who may staff, advise, object and answer, and why not."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role, recused
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.time import now
from publications import terms
from publications.models import Objection, Publication, Version
from publications.states import (
    OBJECTION_MOVES,
    Ask,
    PublicationState,
    ReviewTrack,
)

REASON_MAX = 2_000
"""Characters of what an author says against an objection: the board reads it in full."""

TRACK_ROLES = {
    ReviewTrack.SCIENTIFIC: (roles.REVIEWER, roles.MENTOR),
    ReviewTrack.POLICY: (roles.POLICY_REVIEWER, roles.LEGAL_REVIEWER),
}


def may_staff(publication: Publication, by: Actor) -> Refusal | None:
    """Why `by` may not choose reviewers."""
    return first(
        None
        if isinstance(by, System) or has_role(by, publication.program_id, roles.MANAGER)
        else Refusal("wrong_role", "The programme manager assigns reviewers."),
        _under_review(publication),
    )


def may_assign(publication: Publication, track: str, reviewer: User, by: Actor) -> Refusal | None:
    """Why `reviewer` may not be put on `track`: role, party, conflict, one track only."""
    return first(
        may_staff(publication, by),
        None
        if has_role(reviewer, publication.program_id, *TRACK_ROLES[ReviewTrack(track)])
        else Refusal(
            "wrong_reviewer", f"{reviewer} does not hold a role of this track.", field="reviewer"
        ),
        Refusal("separation", "The mentor of this fellow does not review.", field="reviewer")
        if reviewer.pk in (publication.fellowship.fellow_id, publication.fellowship.mentor_id)
        else None,
        Refusal("separation", f"{reviewer} declared a conflict.", field="reviewer")
        if recused(reviewer, publication.fellowship)
        else None,
        Refusal(
            "separation",
            "One person never sits on both tracks of one work.",
            rule="scientific review stands apart from policy review",
            field="reviewer",
        )
        if publication.reviewers.filter(reviewer=reviewer).exclude(track=track).exists()
        else None,
    )


def may_advise(publication: Publication, by: User) -> Refusal | None:
    """Why `by` may not give the scientific review."""
    return first(_on_track(publication, ReviewTrack.SCIENTIFIC, by), _under_review(publication))


def may_object(publication: Publication, by: User) -> Refusal | None:
    """Why `by` may not object: wrong track, or too late. Urgent harm goes by escalation."""
    return first(
        _on_track(publication, ReviewTrack.POLICY, by),
        _under_review(publication),
        Refusal(
            "cleared",
            "The policy review of this work has ended; no further objection is possible.",
        )
        if publication.policy_cleared_at
        else None,
    )


def may_clear(publication: Publication, by: User) -> Refusal | None:
    """Why `by` may not end the policy review."""
    return first(_on_track(publication, ReviewTrack.POLICY, by), _under_review(publication))


def may_mark(
    publication: Publication,
    *,
    version: Version,
    start: int,
    end: int,
    ask: str,
    until: dt.datetime | None,
) -> Refusal | None:
    """Why this passage or date is no objection: a whole work cannot be held, nor for ever."""
    length = len(version.text)
    limit = max(int(length * terms.PASSAGE_SHARE), min(terms.PASSAGE_FLOOR, length - 1))
    longest = terms.longest_stage(publication.fellowship).due(now(), publication.program.calendar())
    rule = str(terms.policy_of(publication.fellowship))
    return first(
        None
        if 0 <= start < end <= length and version.text[start:end].strip()
        else Refusal("no_passage", "Mark the passage you object to.", field="passage"),
        Refusal(
            "whole_work",
            "An objection marks a passage. This is too much of the text to be one.",
            rule=rule,
            field="passage",
        )
        if end - start > limit
        else None,
        Refusal("no_date", "Say until when.", field="until")
        if ask != Ask.REDACT and until is None
        else None,
        Refusal("date_with_redaction", "A redaction has no date.", field="until")
        if ask == Ask.REDACT and until is not None
        else None,
        Refusal(
            "too_long",
            f"A passage may be put off until {longest:%-d %B %Y} at the latest.",
            rule=rule,
            field="until",
        )
        if until is not None and until > longest
        else None,
        Refusal("past", "The date must lie ahead.", field="until")
        if until is not None and until <= now()
        else None,
    )


def may_answer(objection: Objection, verb: str, by: User) -> Refusal | None:
    """Why `by` may not accept, reword or contest: the author answers."""
    return first(
        None
        if by == objection.publication.fellowship.fellow
        else Refusal("not_yours", "The author answers an objection."),
        OBJECTION_MOVES.refusal(objection.state, verb),
    )


def contest_said(reason: str) -> Refusal | None:
    """Why a contest may not go to the board with these words: none, or too many."""
    return first(
        None
        if reason.strip()
        else Refusal("no_reason", "Say why the objection is wrong.", field="reason"),
        None
        if len(reason) <= REASON_MAX
        else Refusal(
            "too_long",
            f"Say it in at most {REASON_MAX:,} characters; these are {len(reason):,}.",
            field="reason",
        ),
    )


def may_settle(objection: Objection, verb: str, by: User) -> Refusal | None:
    """Why `by` may not agree to other wording or withdraw: whoever raised it does."""
    return first(
        None
        if by == objection.raised_by
        else Refusal("not_yours", f"Only {objection.raised_by}, who raised it, may do this."),
        OBJECTION_MOVES.refusal(objection.state, verb),
    )


def _on_track(publication: Publication, track: str, by: User) -> Refusal | None:
    if publication.reviewers.filter(track=track, reviewer=by).exists():
        return None
    return Refusal("wrong_role", f"You are not a {ReviewTrack(track).label.lower()} reviewer here.")


def _under_review(publication: Publication) -> Refusal | None:
    if publication.effective_state() == PublicationState.IN_REVIEW:
        return None
    return Refusal(
        "window_over",
        "The review window is over. Urgent harm goes through an escalation.",
        rule=str(terms.policy_of(publication.fellowship)),
    )
