"""What data access asks of a person, for their home page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery

from access import classifying
from access.models import (
    AccessRequest,
    Assignment,
    Classification,
    DeletionCertificate,
    ReleaseRequest,
    ReleaseReview,
    TargetSystem,
)
from access.release_policy import REVIEWERS
from access.release_states import OPEN_RELEASE, ReleaseState
from access.services.waiting import DECISION_CLOCK
from access.standing import SILENCE
from access.states import RequestState
from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.clocks.models import Clock
from fellowship.kernel.prepared import prepared
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web.work import GIVEN, ME, Rest, WorkItem, register_for
from governance.standing import vote_ends

DESK = (ReleaseState.IN_REVIEW, ReleaseState.DISAGREED)
_MINE = (RequestState.APPROVED, RequestState.CHANGES)
_WAITS_ON = {
    RequestState.REQUESTED: say("the data steward"),
    RequestState.CHECKED: say("the programme manager"),
}

_DESK = Rest(say("the data desk"), "access:desk")
_TARGETS = Rest(say("the target systems"), "access:targets")
_RELEASES = Rest(say("the releases"), "access:releases")

_DUE = Subquery(
    Clock.objects.open()
    .filter(
        kind=DECISION_CLOCK,
        subject_type=AccessRequest._meta.label_lower,
        subject_id=OuterRef("pk"),
    )
    .order_by()
    .values("due_at")[:1]
)
"""When a request should be decided."""


def _mine(key: int) -> Q:
    """Those for oneself, and those one asked for on another's behalf but for their agreement."""
    own = Q(person_id=key, state__in=[*_WAITS_ON, *_MINE])
    return own | Q(requested_by_id=key, state__in=[*_WAITS_ON, RequestState.CHANGES])


@prepared
def _own(key: int, at: dt.datetime) -> QuerySet[AccessRequest]:
    return AccessRequest.objects.filter(_mine(key))


@prepared
def _to_decide(key: int, at: dt.datetime) -> QuerySet[AccessRequest]:
    return AccessRequest.objects.filter(state__in=[*_WAITS_ON, RequestState.WITH_BOARD])


@prepared
def _to_verify(key: int, at: dt.datetime) -> QuerySet[DeletionCertificate]:
    return DeletionCertificate.objects.unverified()


@prepared
def _not_closed(key: int, at: dt.datetime) -> QuerySet[Assignment]:
    return Assignment.objects.overdue(at)


@prepared
def _to_review(key: int, at: dt.datetime) -> QuerySet[ReleaseRequest]:
    return ReleaseRequest.objects.filter(state__in=DESK).order_by()


@prepared
def _own_releases(key: int, at: dt.datetime) -> QuerySet[ReleaseRequest]:
    return ReleaseRequest.objects.filter(requester_id=key, state__in=OPEN_RELEASE).order_by()


@register_for(when=_own)
def agreements(user: Any, at: dt.datetime) -> Iterator[WorkItem]:
    """Agreements to accept, and requests one waits for.

    What the board has is left out: its matter stands on a party's home already, with its date.
    """
    own: Any = (
        AccessRequest.objects.filter(_mine(user.pk))
        .annotate(due=_DUE)
        .select_related("dataset", "agreement", "fellowship", "person")
    )
    for request in own:
        if request.state == RequestState.APPROVED:
            yield WorkItem(
                title=say("Accept the agreement for {dataset}", dataset=request.dataset),
                url=request.agreement.get_absolute_url(),
                silence=say("Access stays closed until you accept."),
                kind="agreement",
                case_ref=request.fellowship.ref,
                program_id=request.fellowship.program_id,
            )
        elif request.state == RequestState.CHANGES:
            yield WorkItem(
                title=say(
                    "Change your request for {dataset} and send it again", dataset=request.dataset
                ),
                url=route_to("access:revise", request.ref),
                silence=say("It stays where it is; access stays closed."),
                kind="access request",
                case_ref=request.fellowship.ref,
                program_id=request.fellowship.program_id,
            )
        else:
            yield WorkItem(
                title=say("Your request for {dataset}", dataset=request.dataset)
                if request.person_id == user.pk
                else say(
                    "Your request for {dataset}, for {person}",
                    dataset=request.dataset,
                    person=request.person,
                ),
                url=request.get_absolute_url(),
                holder=_WAITS_ON[RequestState(request.state)],
                due=request.due,
                silence=SILENCE,
                kind="access request",
                case_ref=request.fellowship.ref,
                program_id=request.fellowship.program_id,
            )


@register_for(roles.STEWARD, roles.MANAGER, when=_to_decide, rest=_DESK)
def desk(user: Any, at: dt.datetime) -> Iterator[WorkItem]:
    """Requests to check, to refer and to approve; and what the board has of one's checks."""
    steward = realm_ids_where(user, roles.STEWARD)
    manager = realm_ids_where(user, roles.MANAGER)
    rows = AccessRequest.objects.visible_to(user).select_related("dataset", "fellowship")
    waiting: Any = rows.annotate(due=_DUE)
    if steward:
        sent_on = Q(state=RequestState.WITH_BOARD, checked_by_id=user.pk)
        found = waiting.annotate(vote_ends=vote_ends(AccessRequest)).filter(
            Q(state=RequestState.REQUESTED) | sent_on, fellowship__program_id__in=steward
        )
        for request in found.exclude(requested_by_id=user.pk).order_by("state", "id")[:GIVEN]:
            if request.state == RequestState.WITH_BOARD:
                yield _with_board(request)
            else:
                yield _item(say("Check the request"), request)
    if manager:
        found = waiting.filter(fellowship__program_id__in=manager, state=RequestState.CHECKED)
        for request in found.exclude(checked_by_id=user.pk).order_by("id")[:GIVEN]:
            yield _item(say("Decide or refer the request"), request)


@register_for(roles.STEWARD, when=_to_verify, rest=_DESK)
def deletions(user: Any, at: dt.datetime) -> Iterator[WorkItem]:
    """Deletions to verify."""
    steward = realm_ids_where(user, roles.STEWARD)
    found = DeletionCertificate.objects.visible_to(user).unverified()
    found = found.filter(fellowship__program_id__in=steward).exclude(performed_by_id=user.pk)
    for certificate in found.select_related("dataset", "fellowship").order_by("id")[:GIVEN]:
        yield WorkItem(
            title=say("Verify that {dataset} is deleted", dataset=certificate.dataset),
            url=certificate.get_absolute_url(),
            silence=say("The fellowship cannot close until it is verified."),
            kind="deletion",
            case_ref=certificate.fellowship.ref,
            program_id=certificate.fellowship.program_id,
        )


@register_for(roles.ONCALL, when=_not_closed, rest=_TARGETS)
def not_closed(user: Any, at: dt.datetime) -> Iterator[WorkItem]:
    """Target systems that may still let through what was closed: since when, and how much."""
    mine = TargetSystem.objects.in_use().filter(
        program_id__in=realm_ids_where(user, roles.ONCALL),
        assignments__narrowed_at__isnull=False,
        assignments__overdue_at__lte=at,
    )
    late: QuerySet[Any] = mine.annotate(
        since=Min("assignments__overdue_at"), number=Count("assignments")
    ).order_by("since")
    for target in late[:GIVEN]:
        yield WorkItem(
            title=say("{target} has not acknowledged that access is closed", target=target),
            url=target.get_absolute_url(),
            due=target.since,
            silence=say(
                "It is told again without end; {number} may still be open there.",
                number=target.number,
            ),
            kind="target system",
            program_id=target.program_id,
        )


@register_for(*REVIEWERS, when=_to_review, rest=_RELEASES)
def releases(user: Any, at: dt.datetime) -> Iterator[WorkItem]:
    """Releases to review, and disagreements to settle: the same whatever others have found."""
    waiting = ReleaseRequest.objects.visible_to(user).awaiting().select_related("fellowship")
    mine = ReleaseReview.objects.standing().filter(
        reviewer_id=user.pk, request_id=OuterRef("pk"), round=OuterRef("round")
    )
    rows = waiting.exclude(fellowship__mentor_id=user.pk).exclude(requester_id=user.pk)
    rows = rows.filter(Q(state=ReleaseState.DISAGREED) | ~Exists(mine))
    for request in rows[:GIVEN]:
        disagreed = request.state == ReleaseState.DISAGREED
        said = say("Settle whether it leaves") if disagreed else say("Review what asks to leave")
        yield _release(said, request, ME)


@register_for(when=_own_releases, rest=_RELEASES)
def own_releases(user: Any, at: dt.datetime) -> Iterator[WorkItem]:
    """Requests to release outputs that one prepares, and those one waits for."""
    own = ReleaseRequest.objects.filter(requester_id=user.pk).open().select_related("fellowship")
    for request in own.order_by("id")[:GIVEN]:
        if request.is_prepared:
            yield _release(say("Finish and send the request"), request, ME)
        else:
            yield _release(say("Your request to release"), request, say("two reviewers"))


def _release(title: str, request: ReleaseRequest, holder: str) -> WorkItem:
    return WorkItem(
        title=f"{title}: {request.title}",
        url=request.get_absolute_url(),
        holder=holder,
        due=None if request.is_prepared else request.due_at,
        silence=say("Nothing leaves."),
        kind="release",
        case_ref=request.fellowship.ref,
        program_id=request.fellowship.program_id,
    )


@prepared
def _to_classify(key: int, at: dt.datetime) -> QuerySet[Classification]:
    found: QuerySet[Classification] = Classification.objects.under_way()
    return found


@register_for(*roles.STAFF, when=_to_classify)
def classifications(user: Any, at: dt.datetime) -> Iterator[WorkItem]:
    """Questions about a dataset to answer, and answers of two people to settle."""
    found = Classification.objects.under_way().visible_to(user)
    read = found.select_related("dataset", "rule").prefetch_related("answers__person")
    for one in read.order_by("opened_at", "id")[:GIVEN]:
        sent = list(one.answers.all())
        answers = classifying.may_answer(one, user, sent) is None
        if answers or classifying.may_settle(one, user, sent) is None:
            yield WorkItem(
                title=say("Classify {dataset}", dataset=one.dataset)
                if answers
                else say("Settle the class of {dataset}", dataset=one.dataset),
                url=one.get_absolute_url(),
                holder=ME,
                silence=say("It stays in the tier it is held in.")
                if answers
                else say("The stricter answers hold."),
                kind="classification",
                case_ref=one.ref,
                program_id=one.program_id,
            )


def _with_board(request: Any) -> WorkItem:
    return WorkItem(
        title=say("The vote on the request for {dataset}", dataset=request.dataset),
        url=request.get_absolute_url(),
        holder=say("the board"),
        due=request.vote_ends,
        silence=say("Access stays closed until the board has decided."),
        kind="access request",
        case_ref=request.fellowship.ref,
        program_id=request.fellowship.program_id,
    )


def _item(title: str, request: Any) -> WorkItem:
    return WorkItem(
        title=say("{title} for {dataset}", title=title, dataset=request.dataset),
        url=request.get_absolute_url(),
        holder=ME,
        due=request.due,
        silence=SILENCE,
        kind="access request",
        case_ref=request.fellowship.ref,
        program_id=request.fellowship.program_id,
    )
