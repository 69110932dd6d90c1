"""The window of a review: submission, and each way out of it: silence, review, board, author."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from access.models import Dataset
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders
from fellowship.clocks import services as clocks
from fellowship.clocks.models import Clock
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, Refused, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance import exceptions
from governance import services as governance
from publications import policy, terms
from publications.models import Publication, WindowExtension
from publications.services import letters
from publications.services.works import locked, tell
from publications.states import PUBLICATION_MOVES, PublicationState, ReleasedBy
from scoping.services import enter_stage

WINDOW_CLOCK = "publications.window"
ADVICE_CLOCK = "publications.advice"


@journal.verb("publications.submit")
def submit_publication(*, publication: Publication, by: Actor, reason: str = "") -> Publication:
    """Submit for review: the window starts, and ends in release or at the board by itself.

    The class follows from the tiers that the sources have now, should one have risen since.
    """
    publication = locked(publication)
    if publication.state == PublicationState.IN_REVIEW:
        return unchanged(publication, policy.may_submit(publication, by))
    refuse(policy.may_submit(publication, by))
    publication.state = PUBLICATION_MOVES.target(publication.state, "submit")
    publication.work_class = terms.class_with(publication.work_class, _closely_held(publication))
    publication.silence_releases = terms.silence_releases(
        publication.fellowship, publication.work_class
    )
    clock = _start_window(publication, by)
    publication.submitted_at, publication.window_ends_at = clock.starts_at, clock.due_at
    publication.advice_due_at = _start_advice(publication, by).due_at
    publication.save()
    tell(
        publication,
        holders(publication.program_id, roles.MANAGER),
        say("{ref} submitted: assign both reviews", ref=publication.ref),
    )
    journal.record(
        subject=publication,
        change={"window_ends_at": publication.window_ends_at, "class": publication.work_class},
    )
    enter_stage(
        fellowship=publication.fellowship,
        stage="publish",
        by=by,
        reason=say("{ref} submitted", ref=publication.ref),
    )
    return publication


@journal.verb("publications.release")
def release(
    *,
    publication: Publication,
    by: Actor,
    kind: str,
    at: dt.datetime | None = None,
    reason: str = "",
) -> Publication:
    """Record the release at `at`. Passages with a standing objection stay out until it ends.

    Called by the sweep, by the end of the review and by the board; there is no button. The letter
    of release is issued with it, and everyone with a part in the work is told.
    """
    publication = with_window(publication)
    if publication.state == PublicationState.RELEASED:
        return publication
    publication.state = PUBLICATION_MOVES.target(publication.state, "release")
    publication.released_at, publication.release_kind = at or now(), kind
    publication.save()
    if kind != ReleasedBy.SILENCE:
        stop_window(publication, by)
    letter = letters.issue(publication)
    tell(
        publication,
        _everyone(publication),
        say("{ref} is released", ref=publication.ref),
        body=say("The release letter and the certificate are on its page."),
    )
    journal.record(
        subject=publication,
        change={
            "released_at": publication.released_at,
            "kind": kind,
            "letter": letter.text_hash if letter else "",
        },
    )
    return publication


@journal.verb("publications.escalate")
def escalate_silence(*, publication: Publication, by: Actor, reason: str = "") -> Publication:
    """Take a restricted or vulnerability work to the board when its window passed in silence."""
    publication = with_window(publication)
    if publication.state != PublicationState.IN_REVIEW:
        return publication
    publication.state = PUBLICATION_MOVES.target(publication.state, "escalate")
    publication.save()
    tell(
        publication,
        _everyone(publication),
        say("{ref}: its window passed, and the board decides on its release", ref=publication.ref),
    )
    journal.record(subject=publication, change={"state": publication.state})
    governance.refer(
        kind="publications.release",
        subject=publication,
        program=publication.program,
        by=by,
        reason=say("The review window passed; for this class of work the board decides."),
    )
    return publication


@journal.verb("publications.return_to_review")
def return_to_review(*, publication: Publication, by: Actor, reason: str) -> Publication:
    """After the board said not yet: one more window, at whose end it is released."""
    publication = locked(publication)
    if publication.state == PublicationState.IN_REVIEW:
        return publication
    publication.state = PUBLICATION_MOVES.target(publication.state, "return")
    publication.silence_releases = True
    publication.window_ends_at = _start_window(publication, by).due_at
    publication.save()
    tell(
        publication,
        [publication.fellowship.fellow],
        say("{ref}: the board asked for one more window", ref=publication.ref),
        body=reason,
    )
    journal.record(subject=publication, change={"window_ends_at": publication.window_ends_at})
    return publication


@journal.verb("publications.extend_window")
def extend_window(
    *,
    publication: Publication,
    ground: str,
    reason: str,
    new_due: dt.datetime,
    by: User,
    owner: User | None = None,
) -> WindowExtension:
    """Put the window's end off, once and never again: on a ground, with an owner, to a date."""
    publication, owner = with_window(publication), owner or by
    there = WindowExtension.objects.filter(publication=publication).first()
    if there and (there.ground, there.new_due, there.extended_by_id) == (ground, new_due, by.pk):
        return there
    refuse(policy.may_extend(publication, by))
    refuse(
        policy.sound_extension(
            publication, ground=ground, reason=reason, owner=owner, new_due=new_due
        )
    )
    clock = running(publication)
    extension = WindowExtension.objects.create(
        publication=publication,
        ground=ground,
        reason=reason,
        owner=owner,
        extended_by=by,
        extended_at=now(),
        old_due=clock.due_at,
        new_due=new_due,
    )
    clocks.extend(clock=clock, by=by, ground=extension.get_ground_display(), new_due=new_due)
    publication.window_ends_at = new_due
    publication.save()
    tell(
        publication,
        [publication.fellowship.fellow],
        say(
            "{ref}: its window was extended to {new_due:%-d %B %Y}",
            ref=publication.ref,
            new_due=publication.program.last_day(new_due),
        ),
        body=say(
            "{ground}. {reason} It cannot be extended again.",
            ground=extension.get_ground_display(),
            reason=reason,
        ),
    )
    journal.record(
        subject=publication,
        change={"ground": ground, "owner": owner.pk, "window_ends_at": new_due},
    )
    return extension


def release_when_settled(publication: Publication, by: Actor) -> None:
    """With the policy review ended and nothing open, nothing is left to wait for."""
    publication = with_window(publication)
    if (
        publication.effective_state() == PublicationState.IN_REVIEW
        and publication.policy_cleared_at
        and not publication.objections.unsettled().exists()
    ):
        release(publication=publication, by=by, kind=ReleasedBy.REVIEW)


@transaction.atomic
def release_by_exception(*, publication: Publication, by: User) -> Publication:
    """Release before the window ends, while an exception of the board covers the work.

    The exception is asked for and ends as any other; once it is over, the window is waited for.
    """
    publication = with_window(publication)
    if publication.release_kind == ReleasedBy.EXCEPTION:
        return publication
    refuse(policy.may_take_shortcut(publication, by))
    live = exceptions.covering(publication, policy.SHORTCUT).first()
    reason = (
        say(
            "{ref}, in force until {expires_at:%-d %B %Y}",
            ref=live.ref,
            expires_at=publication.program.last_day(live.expires_at),
        )
        if live
        else ""
    )
    return release(publication=publication, by=by, kind=ReleasedBy.EXCEPTION, reason=reason)


def with_window(publication: Publication) -> Publication:
    """The publication as `locked` gives it, locked after the clock of its window.

    The sweep locks a clock before what it is about; whoever takes the same order is never in its
    way.
    """
    list(Clock.objects.about(publication).open().filter(kind=WINDOW_CLOCK).locked())
    return locked(publication)


def running(publication: Publication) -> Clock:
    """The clock of its window; raises Refused where there is none that runs."""
    clock = Clock.objects.about(publication).running().filter(kind=WINDOW_CLOCK).first()
    if clock is None:
        raise Refused(Refusal("wrong_state", say("This work is not in review.")))
    return clock


def stop_window(publication: Publication, by: Actor) -> None:
    """Stop the review window's clock, where it runs."""
    reason = f"{publication.ref} {publication.state}"
    clocks.stop_open(subject=publication, kinds=[WINDOW_CLOCK], by=by, reason=reason)


def stop_advice(publication: Publication, by: Actor) -> None:
    """Stop the clock of the scientific review, where it runs."""
    reason = say("{ref}: nothing more is awaited from the scientific review", ref=publication.ref)
    clocks.stop_open(subject=publication, kinds=[ADVICE_CLOCK], by=by, reason=reason)


def _start_advice(publication: Publication, by: Actor) -> Clock:
    """The scientific review's own clock: nothing follows from its end."""
    return clocks.start(
        kind=ADVICE_CLOCK,
        subject=publication,
        realm=publication.program.realm,
        window=terms.scientific_window(publication.fellowship),
        by=by,
        holder="us",
        silence=say("Nothing waits for it: the work goes on without this advice."),
        rule=str(terms.policy_of(publication.fellowship)),
    )


def _start_window(publication: Publication, by: Actor) -> Clock:
    return clocks.start(
        kind=WINDOW_CLOCK,
        subject=publication,
        realm=publication.program.realm,
        window=terms.window(publication.fellowship, publication.work_class),
        by=by,
        holder="us",
        silence=say("It is released.")
        if publication.silence_releases
        else say("It goes to the board."),
        rule=str(terms.policy_of(publication.fellowship)),
    )


def _closely_held(publication: Publication) -> list[Dataset]:
    sources = list(publication.sources.select_related("dataset", "finding"))
    return terms.closely_held(
        [s.dataset for s in sources if s.dataset], [s.finding for s in sources if s.finding]
    )


def _everyone(publication: Publication) -> list[User]:
    """Everyone with a part in the work who may open its page."""
    case = publication.fellowship
    people: dict[int, User] = {case.fellow_id: case.fellow}
    others = [
        *(r.reviewer for r in publication.reviewers.select_related("reviewer")),
        *(o.owner for o in publication.objections.select_related("owner")),
        *(a.user for a in publication.authors.exclude(user=None).select_related("user")),
        *holders(publication.program_id, roles.MANAGER),
        *([case.mentor] if case.mentor else []),
    ]
    for person in others:
        if person is None or person.pk in people:
            continue
        if Publication.objects.visible_to(person).filter(pk=publication.pk).exists():
            people[person.pk] = person
    return list(people.values())
