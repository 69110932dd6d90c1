"""Who may staff, advise and object, and why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role, holders, recused
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from publications import terms
from publications.authorship_states import OPEN, AgreementState
from publications.models import AuthorshipParty, Publication, ScientificReview, Version
from publications.models.reviews import FLOOR, ONE_IN, TOGETHER_IN
from publications.states import (
    Ask,
    PublicationState,
    ReviewTrack,
)

UNDER_WAY = (PublicationState.IN_REVIEW, PublicationState.WITH_BOARD)

HOLDERS = (roles.ONCALL, roles.CHAIR, roles.MANAGER)
"""Who may hold a passage because of an alarm: those who answer it."""

TRACK_ROLES = {
    ReviewTrack.SCIENTIFIC: (roles.REVIEWER, roles.MENTOR),
    ReviewTrack.POLICY: (roles.POLICY_REVIEWER, roles.LEGAL_REVIEWER),
}


def may_staff(publication: Publication, by: Actor) -> Refusal | None:
    """Why `by` may not choose reviewers."""
    return first(
        None
        if isinstance(by, System) or has_role(by, publication.program_id, roles.MANAGER)
        else Refusal("wrong_role", say("The programme manager assigns reviewers.")),
        under_review(publication),
    )


def may_assign(publication: Publication, track: str, reviewer: User, by: Actor) -> Refusal | None:
    """Why `reviewer` may not be put on `track`: role, party, conflict, one track only."""
    return first(
        may_staff(publication, by),
        None
        if has_role(reviewer, publication.program_id, *TRACK_ROLES[ReviewTrack(track)])
        else Refusal(
            "wrong_reviewer",
            say("{reviewer} does not hold a role of this track.", reviewer=reviewer),
            field="reviewer",
        ),
        Refusal("separation", say("The mentor of this fellow does not review."), field="reviewer")
        if reviewer.pk in (publication.fellowship.fellow_id, publication.fellowship.mentor_id)
        else None,
        Refusal(
            "separation",
            say("{reviewer} declared a conflict.", reviewer=reviewer),
            field="reviewer",
        )
        if recused(reviewer, publication.fellowship)
        else None,
        Refusal(
            "separation",
            say(
                "{reviewer} is an author, or named in the agreement on authorship.",
                reviewer=reviewer,
            ),
            rule=say("nobody reviews their own work"),
            field="reviewer",
        )
        if _writes(publication, reviewer)
        else None,
        Refusal(
            "separation",
            say("One person never sits on both tracks of one work."),
            rule=say("scientific review stands apart from policy review"),
            field="reviewer",
        )
        if publication.reviewers.filter(reviewer=reviewer).exclude(track=track).exists()
        else None,
    )


def _writes(publication: Publication, person: User) -> bool:
    """Whether the person is an author, or named where authorship was agreed or is being agreed."""
    named = AuthorshipParty.objects.filter(
        agreement__fellowship=publication.fellowship_id,
        agreement__state__in=(*OPEN, AgreementState.IN_FORCE),
        person=person,
    )
    return publication.authors.filter(user=person).exists() or named.exists()


def may_advise(publication: Publication, by: User) -> Refusal | None:
    """Why `by` may not give the scientific review.

    In its own time it may always come, released or not; later only while the work is in review,
    and then it is shown as late. It delays nothing either way.
    """
    due = publication.advice_due_at
    return first(
        on_track(publication, ReviewTrack.SCIENTIFIC, by),
        None
        if due is not None
        and publication.state != PublicationState.WITHDRAWN
        and (now() < due or publication.effective_state() in UNDER_WAY)
        else Refusal(
            "advice_over",
            say("The time for scientific advice is over and the work is no longer in review."),
            rule=str(terms.policy_of(publication.fellowship)),
        ),
    )


def reads_newest(version: Version, read: int | None) -> Refusal | None:
    """Why advice on the version of number `read` is not taken: the author added `version` since."""
    if read in (None, version.number):
        return None
    return Refusal(
        "new_version",
        say(
            "The author added version {number} meanwhile. Read it, and send what you advise on it.",
            number=version.number,
        ),
        field="advice",
    )


def advice_said(given: ScientificReview) -> Refusal:
    """Why there is no second advice on the same version."""
    return Refusal(
        "advised",
        say(
            "You gave your advice on {version} on {given_at:%-d %B %Y}. Advise anew when "
            "the author adds a version.",
            version=given.version,
            given_at=given.publication.program.day(given.given_at),
        ),
        field="advice",
    )


def may_object(publication: Publication, by: User) -> Refusal | None:
    """Why `by` may not object: wrong track, or too late. Urgent harm goes by escalation."""
    return first(
        on_track(publication, ReviewTrack.POLICY, by),
        under_review(publication),
        Refusal(
            "cleared",
            say("The policy review of this work has ended; no further objection is possible."),
        )
        if publication.policy_cleared_at
        else None,
    )


def may_hold(publication: Publication, by: Actor) -> Refusal | None:
    """Why `by` may not hold a passage because of an alarm: who answers alarms, before release."""
    effective = publication.effective_state()
    return first(
        None
        if has_role(by, publication.program_id, *HOLDERS)
        else Refusal("wrong_role", say("Who answers alarms here may hold a passage.")),
        None
        if effective in UNDER_WAY
        else Refusal(
            "wrong_state",
            say("{ref} is not in review: nothing of it can be held.", ref=publication.ref),
            field="work",
        ),
    )


def owner_of_hold(publication: Publication) -> User | None:
    """Who answers for a passage that on-call held: the work's policy reviewer, or another one."""
    assigned = publication.reviewers.filter(track=ReviewTrack.POLICY).select_related("reviewer")
    of_work = [row.reviewer for row in assigned.order_by("id")]
    others = holders(publication.program_id, *TRACK_ROLES[ReviewTrack.POLICY]).order_by("pk")
    able = (
        user
        for user in (*of_work, *others)
        if may_own(publication, user) is None and not recused(user, publication.fellowship)
    )
    return next(able, None)


def may_own(publication: Publication, owner: User) -> Refusal | None:
    """Why `owner` may not answer for an objection or an extension: a reviewer of this track may."""
    if has_role(owner, publication.program_id, *TRACK_ROLES[ReviewTrack.POLICY]):
        return None
    said = say("{owner} does not review policy or law here. Name someone who does.", owner=owner)
    return Refusal("wrong_owner", said, field="owner")


def may_clear(publication: Publication, by: User) -> Refusal | None:
    """Why `by` may not end the policy review."""
    return first(on_track(publication, ReviewTrack.POLICY, by), under_review(publication))


def marked_with(publication: Publication, version: Version, start: int, end: int) -> int:
    """Characters of the text that `start` to `end` and the standing objections mark together.

    A passage marked in an earlier version counts by its words, where they still stand.
    """
    spans = [(start, end)]
    for one in publication.objections.standing():
        if one.version_id == version.pk:
            spans.append((one.passage_start, one.passage_end))
        elif (at := version.text.find(one.passage)) >= 0:
            spans.append((at, at + len(one.passage)))
    return covered(spans)


def covered(spans: Iterable[tuple[int, int]]) -> int:
    """How much the half-open spans cover, what overlaps counted once."""
    total, reached = 0, 0
    for start, end in sorted(spans):
        total += max(end - max(start, reached), 0)
        reached = max(reached, end)
    return total


def may_mark(
    publication: Publication,
    *,
    version: Version,
    start: int,
    end: int,
    ask: str,
    until: dt.datetime | None,
) -> Refusal | None:
    """Why this passage or date is no objection: a whole work cannot be held, nor for ever.

    One objection marks a fifth of the text at most, or a short passage of a short text; all that
    stand mark half of it together. The database holds both as well.
    """
    length = len(version.text)
    limit = max(length // ONE_IN, min(FLOOR, length // TOGETHER_IN))
    longest = terms.latest_stage(publication.fellowship, now())
    rule = str(terms.policy_of(publication.fellowship))
    return first(
        None
        if 0 <= start < end <= length and version.text[start:end].strip()
        else Refusal("no_passage", say("Mark the passage you object to."), field="passage"),
        Refusal(
            "whole_work",
            say("An objection marks a passage. This is too much of the text to be one."),
            rule=rule,
            field="passage",
        )
        if end - start > limit
        else None,
        Refusal(
            "marked_together",
            say(
                "With this passage, open objections would mark more than half of the "
                "text. Together they would hold the work, which nobody may."
            ),
            rule=rule,
            field="passage",
        )
        if marked_with(publication, version, start, end) * TOGETHER_IN > length
        else None,
        Refusal("no_date", say("Say until when."), field="until")
        if ask != Ask.REDACT and until is None
        else None,
        Refusal("date_with_redaction", say("A redaction has no date."), field="until")
        if ask == Ask.REDACT and until is not None
        else None,
        Refusal(
            "too_long",
            say(
                "A passage may be put off until {longest:%-d %B %Y} at the latest.",
                longest=publication.program.last_day(longest),
            ),
            rule=rule,
            field="until",
        )
        if until is not None and until > longest
        else None,
        Refusal("past", say("The date must lie ahead."), field="until")
        if until is not None and until <= now()
        else None,
    )


def on_track(publication: Publication, track: str, by: User) -> Refusal | None:
    """Why `by` does not speak on this track: the work's reviewers on it do."""
    if any(r.track == track and r.reviewer_id == by.pk for r in publication.reviewers.all()):
        return None
    return Refusal(
        "wrong_role",
        say("You are not a {label} reviewer here.", label=ReviewTrack(track).label.lower()),
    )


def under_review(publication: Publication) -> Refusal | None:
    """Why it is too late: the window is over, or the work is not in review."""
    if publication.effective_state() == PublicationState.IN_REVIEW:
        return None
    if publication.submitted_at is None or publication.state == PublicationState.WITHDRAWN:
        return Refusal("wrong_state", say("This work is not in review."))
    ended = publication.released_from or publication.window_ends_at
    return Refusal(
        "window_over",
        say(
            "Review of this work ended on {ended:%-d %B %Y at %H:%M} UTC. An objection "
            "now is too late. Urgent harm goes through an escalation.",
            ended=ended,
        ),
        rule=str(terms.policy_of(publication.fellowship)),
    )
