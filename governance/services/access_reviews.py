"""The verbs of access reviews: opened each quarter, answered by owners, named where late."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from django.apps import apps
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, RoleAssignment, User
from fellowship.accounts.queries import holders
from fellowship.clocks import services as clocks
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import clipped, joined, say
from fellowship.kernel.time import now
from fellowship.kernel.worded import worded
from fellowship.notices.services import notify
from fellowship.programs.models import Program
from governance import attestable, founding_identity, rules
from governance.models import AccessReview, AccessReviewItem
from governance.policy import access_reviews as policy
from governance.states import RuleKind

REVIEW_CLOCK = "governance.access_review"
TITLE: Final = 300
"""Letters of what somebody holds that a row has room for."""
SILENCE = say("Nothing is taken away by silence; what is not answered is named to the chair.")


def terms_of(program_id: int) -> tuple[Any, str]:
    """The identity rule in force with its name; the founding one where there is none."""
    params, rule = rules.terms(program_id, RuleKind.IDENTITY, founding_identity.identity)
    return params, f"{rule.title} v{rule.version}" if rule else say("the founding identity rule")


@journal.verb("governance.open_access_review")
def open_access_review(*, program: Program, by: Actor, reason: str = "") -> AccessReview:
    """Put everything held in the programme before its owners. One that is open is returned."""
    program = Program.objects.locked().get(pk=program.pk)
    refuse(policy.may_open(by, program.pk))
    known = AccessReview.objects.open().filter(program=program).first()
    if known:
        return known
    terms, rule = terms_of(program.pk)
    at = now()
    review = AccessReview.objects.create(
        program=program,
        ref=next_reference("REV"),
        opened_at=at,
        due_at=terms.review_window.due(at, program.calendar()),
        rule=rule,
    )
    people = _by_role(program.pk)
    for population in attestable.every():
        for held in population.rows(program.pk, terms):
            AccessReviewItem.objects.create(
                review=review,
                kind=population.key,
                subject_type=held.subject._meta.label_lower,
                subject_id=held.subject.pk,
                **worded(title=clipped(held.title, TITLE)),
                person_id=held.person_id,
                owner_id=_owner(held, people),
            )
    clocks.start(
        kind=REVIEW_CLOCK,
        subject=review,
        realm=program.pk,
        window=terms.review_window,
        by=by,
        holder="us",
        silence=SILENCE,
        rule=rule,
        at=at,
    )
    counts = Counter(review.items.values_list("owner_id", flat=True))
    for owner in User.objects.filter(pk__in=[key for key in counts if key]):
        _tell(
            review,
            owner,
            say("{ref}: {counts} to keep or take away", ref=review.ref, counts=counts[owner.pk]),
            SILENCE,
        )
    journal.record(subject=review, change={"items": sum(counts.values()), "due": review.due_at})
    return review


@journal.verb("governance.attest_access")
def attest_access(
    *, item: AccessReviewItem, by: User, decision: str, reason: str = ""
) -> AccessReviewItem:
    """Keep a role or grant, or take it away at once. The same answer again changes nothing."""
    review = AccessReview.objects.locked().get(pk=item.review_id)
    item = AccessReviewItem.objects.locked().select_related("review").get(pk=item.pk)
    refuse(policy.may_attest(item, by))
    refuse(policy.is_whole(decision, reason))
    if item.decided_at is not None:
        if item.decision == decision:
            return item
        refuse(
            Refusal("answered", say("This was answered, and an answer stands."), rule=policy.RULE)
        )
    item.decision, item.reason, item.decided_by = decision, reason, by
    item.decided_at = now()
    if decision == AccessReviewItem.Decision.REMOVE:
        subject = apps.get_model(item.subject_type)._default_manager.get(pk=item.subject_id)
        attestable.get(item.kind).end(subject, by, f"{review.ref}: {reason}")
        item.ended_at = item.decided_at
        _tell_removed(item)
    item.save()
    change = {"decision": decision, "person": item.person_id, "held": item.title}
    journal.record(subject=item, realm_id=review.program_id, change=change)
    if not review.items.unanswered().exists():
        close_access_review(review=review, by=by)
    return item


@journal.verb("governance.close_access_review")
def close_access_review(*, review: AccessReview, by: Actor) -> AccessReview:
    """End a review whose every item is answered."""
    review = AccessReview.objects.locked().get(pk=review.pk)
    waiting = review.items.unanswered().count()
    if review.closed_at is not None:
        return review
    refuse(
        Refusal("unanswered", say("{waiting} items wait for an answer.", waiting=waiting))
        if waiting
        else None
    )
    review.closed_at = now()
    review.save()
    clocks.stop_open(subject=review, kinds=[REVIEW_CLOCK], by=by)
    decisions = Counter(review.items.values_list("decision", flat=True))
    journal.record(subject=review, change=dict(decisions))
    return review


@journal.verb("governance.escalate_access_review")
def escalate_access_review(*, review: AccessReview, by: Actor) -> AccessReview:
    """Name to chair and sponsor what nobody answered in time, once."""
    review = AccessReview.objects.locked().get(pk=review.pk)
    waiting = review.items.unanswered().select_related("owner", "person")
    if review.escalated_at is not None or review.closed_at is not None:
        return review
    review.escalated_at = now()
    review.save()
    rows = list(waiting[:50])
    said = joined("\n", (f"{item}: {item.owner or say('no owner')}" for item in rows))
    for person in holders(review.program_id, roles.CHAIR, roles.SPONSOR):
        _tell(
            review,
            person,
            say("{ref} is overdue: {count} not answered", ref=review.ref, count=waiting.count()),
            said,
        )
    journal.record(subject=review, change={"unanswered": waiting.count()})
    return review


def _tell(review: AccessReview, person: User, title: str, body: str) -> None:
    notify(
        kind="governance.access_review",
        to=[person],
        subject_obj=review,
        realm=review.program_id,
        title=title,
        body=body,
        url=review.get_absolute_url(),
    )


def _tell_removed(item: AccessReviewItem) -> None:
    notify(
        kind="governance.access_removed",
        to=[item.person],
        subject_obj=item,
        realm=item.program_id,
        title=say("{title}: taken away in {ref}", title=item.title, ref=item.review.ref),
        body=item.reason,
        url=reverse("governance:attest", args=[item.pk]),
        urgent=True,
    )


def _by_role(program_id: int) -> dict[str, list[int]]:
    """Who holds each role in the programme, in a fixed order."""
    found: dict[str, list[int]] = {}
    live = RoleAssignment.objects.live().filter(realm_id=program_id).order_by("user_id")
    for role, user_id in live.values_list("role", "user_id"):
        found.setdefault(role, []).append(user_id)
    return found


def _owner(held: attestable.Held, people: dict[str, list[int]]) -> int | None:
    """Who attests: the named owner, else a holder of the owning role, the chair, the manager."""
    named = [held.owner_id] if held.owner_id else []
    order = (held.owner_role, roles.CHAIR, roles.SPONSOR, roles.MANAGER, roles.ADMINISTRATOR)
    candidates = named + [key for role in order for key in people.get(role, ())]
    return next((key for key in candidates if key != held.person_id), None)
