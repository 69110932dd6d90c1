"""The release desk: two reviews, blind to each other; what leaves is bound to its bytes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from access import releases, services
from access.models import Grant, Output, Release, ReleaseAnswer, ReleaseRequest, ReleaseReview
from access.models.release_reviews import SealedReview
from access.services.release_reviews import commitment
from fellowship.accounts.models import User
from fellowship.accounts.services import declare_conflict
from fellowship.clocks.models import Clock
from fellowship.clocks.services import sweep
from fellowship.history import recorder
from fellowship.history.models import Event
from fellowship.history.rows import history_models
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from tests.governance.test_board_race import at_once
from tests.scenarios import releases as scenario
from tests.scenarios.access import dataset, granted
from tests.scenarios.world import World, make_world

DAY = dt.timedelta(days=1)
CANARY = "zebra-canary-7f3a"


def code_of(call: Callable[[], Any]) -> str:
    """The code and field a verb is refused with."""
    with pytest.raises(Refused) as refused:
        call()
    refusal = refused.value.refusal
    return f"{refusal.code}/{refusal.field}" if refusal.field else refusal.code


def fresh(request: ReleaseRequest) -> ReleaseRequest:
    return ReleaseRequest.objects.get(pk=request.pk)


# --- two who agree ----------------------------------------------------------------------------


def test_what_two_agree_on_is_released_and_bound_to_its_bytes(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)
    assert (request.state, request.round) == ("in_review", 1)
    scenario.review(request, world.steward)
    assert fresh(request).state == "in_review", "one review releases nothing"
    assert Release.objects.count() == 0
    scenario.review(request, world.oncall)
    request = fresh(request)
    assert request.state == "released"
    release = Release.objects.get()
    output = Output.objects.get()
    assert release.sha256 == output.sha256
    assert releases.by_hash(output.sha256.upper()) == [release]
    assert releases.by_hash(output.sha256, release.released_at - DAY) == []
    assert not Clock.objects.about(request).open().exists(), "the reviewers' clock stopped"
    told = Notice.objects.filter(kind="access.release_decided", recipient=grant.person)
    assert [n.title for n in told] == [f"{request.ref}, Refusals by turn: released"]


@pytest.mark.parametrize(
    ("verdict", "state", "decided"),
    [("return", "returned", False), ("refuse", "refused", True)],
)
def test_two_agree_not_to_release(
    world: World, grant: Grant, verdict: str, state: str, decided: bool
) -> None:
    request = scenario.sent(grant)
    for person in (world.steward, world.manager):
        scenario.review(request, person, verdict)
    request = fresh(request)
    assert (request.state, bool(request.decided_at)) == (state, decided)
    assert not Release.objects.exists()


def test_returned_it_is_changed_and_reviewed_anew(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)
    for person in (world.steward, world.oncall):
        scenario.review(request, person, "return")
    old = Output.objects.get()
    services.remove_output(output=old, by=grant.person)
    scenario.output(
        fresh(request), file=scenario.file("by-turn.csv", b"turn,refusals\n5,59\n20,40\n")
    )
    request = services.send_release(request=fresh(request), by=grant.person)
    assert (request.state, request.round) == ("in_review", 2)
    for person in (world.steward, world.oncall):
        scenario.review(request, person)
    assert [r.output.name for r in Release.objects.all()] == ["by-turn.csv"]
    assert ReleaseReview.objects.filter(request=request).count() == 4


# --- blind ------------------------------------------------------------------------------------


def test_nothing_anywhere_tells_the_first_review_before_the_second_is_sent(
    world: World, grant: Grant
) -> None:
    request = scenario.sent(grant)
    review = scenario.review(
        request, world.steward, "refuse", CANARY, purpose="no", purpose_note=CANARY
    )
    assert (review.verdict, review.comment, review.opened_at) == ("", "", None)
    assert not ReleaseAnswer.objects.exists()
    for model in history_models().values():
        for row in model.objects.all().values():
            assert CANARY not in str(row), model
    said = Event.objects.filter(subject_type="access.releasereview").values_list("body", flat=True)
    assert [json.loads(body)["change"] for body in said] == [
        {"request": request.ref, "round": 1, "commitment": review.commitment}
    ]
    assert not Event.objects.filter(body__contains=CANARY).exists()
    assert not Notice.objects.filter(body__contains=CANARY).exists()
    for person in (world.oncall, world.manager, world.applicant, world.mentor, world.auditor):
        assert not ReleaseReview.objects.visible_to(person).exists(), person
    assert list(ReleaseReview.objects.visible_to(world.steward)) == [review]


def test_what_is_opened_is_what_was_sealed(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)
    scenario.review(
        request, world.steward, "return", purpose="no", purpose_note="Not in the scope."
    )
    sealed = SealedReview.objects.get()
    content, nonce = sealed.content, sealed.nonce
    scenario.review(request, world.oncall)
    assert not SealedReview.objects.exists()
    first, second = ReleaseReview.objects.order_by("place")
    assert first.commitment == commitment(content, nonce)
    assert first.nonce == nonce
    assert (first.verdict, second.verdict) == ("return", "release")
    assert first.answers.get(criterion="purpose").note == "Not in the scope."
    for person in (world.oncall, world.manager, world.applicant):
        assert ReleaseReview.objects.visible_to(person).count() == 2


def test_the_database_keeps_a_review_empty_until_it_is_opened(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)
    review = scenario.review(request, world.steward)
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE access_releasereview SET verdict = 'release' WHERE id = %s", [review.pk]
        )


# --- who, and who not -------------------------------------------------------------------------


def test_who_has_a_part_in_the_case_reviews_nothing_of_it(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)

    def code(person: User) -> str:
        return code_of(lambda: scenario.review(request, person))

    assert code(world.applicant) == "separation"
    assert code(world.mentor) == "separation"
    assert code(world.auditor) == "wrong_role"
    assert code(world.product_owner) == "wrong_role"
    declare_conflict(
        user=world.manager,
        subject=grant.fellowship,
        realm=world.program.pk,
        kind="other",
        statement="We wrote a paper together.",
        by=world.manager,
    )
    assert code(world.manager) == "separation_conflict"
    assert not ReleaseRequest.objects.visible_to(world.manager).exists()


def test_only_two_review_and_each_once(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)
    first = scenario.review(request, world.steward)
    events = Event.objects.count()
    assert scenario.review(request, world.steward, "refuse") == first, "sent twice it is one"
    assert Event.objects.count() == events
    scenario.review(request, world.oncall, "return")
    assert code_of(lambda: scenario.review(request, world.manager)) == "wrong_state"


def test_a_conflict_declared_since_takes_a_review_out(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)
    first = scenario.review(request, world.steward)
    declare_conflict(
        user=world.steward,
        subject=request,
        realm=world.program.pk,
        kind="coauthor",
        statement="We wrote a paper together.",
        by=world.steward,
    )
    scenario.review(request, world.oncall)
    assert fresh(request).state == "in_review", "the second is the first that counts"
    first.refresh_from_db()
    assert first.ended_at is not None
    scenario.review(request, world.manager)
    assert fresh(request).state == "released"


def test_only_the_fellow_asks_and_only_of_what_was_granted(world: World, grant: Grant) -> None:
    assert code_of(lambda: scenario.asked(grant, by=world.mentor)) == "not_yours"
    strange = dataset(world, "payment-logs", tier="internal")
    assert code_of(lambda: scenario.asked(grant, datasets=[strange])) == "never_granted/datasets"
    assert code_of(lambda: scenario.asked(grant, title="  ")) == "no_title/title"
    request = scenario.asked(grant)
    assert scenario.asked(grant) == request, "asked twice it is one"
    assert not ReleaseRequest.objects.visible_to(world.steward).exists(), "a draft is its own"
    assert code_of(lambda: services.send_release(request=request, by=world.steward)) == "not_yours"
    assert code_of(lambda: services.send_release(request=request, by=grant.person)) == "no_output"


# --- disagreement -----------------------------------------------------------------------------


def disagreed(world: World, grant: Grant) -> tuple[ReleaseRequest, ReleaseReview, ReleaseReview]:
    request = scenario.sent(grant)
    scenario.review(request, world.oncall)
    scenario.review(request, world.steward, "return")
    first, second = request.reviews.order_by("place")
    return fresh(request), first, second


def test_who_disagrees_reads_the_other_and_may_revise(world: World, grant: Grant) -> None:
    request, _, second = disagreed(world, grant)
    assert request.state == "disagreed"

    def revise(review: ReleaseReview, by: User, verdict: str, reason: str = "") -> ReleaseReview:
        return services.revise_release_review(review=review, verdict=verdict, by=by, reason=reason)

    assert code_of(lambda: revise(second, world.oncall, "release", "x")) == "not_yours"
    assert code_of(lambda: revise(second, world.steward, "release")) == "no_reason/reason"
    assert code_of(lambda: revise(second, world.steward, "return", "x")) == "no_verdict/verdict"
    revise(second, world.steward, "release", "The languages are aggregated in the caption.")
    assert fresh(request).state == "released"
    second.refresh_from_db()
    assert (second.verdict, second.revised_to) == ("return", "release")
    events = Event.objects.count()
    revise(second, world.steward, "release", "again")
    assert Event.objects.count() == events


def test_a_third_settles_what_the_two_do_not(world: World, grant: Grant) -> None:
    request, _, _ = disagreed(world, grant)

    def settle(by: User, verdict: str = "refuse", reason: str = "Too small.") -> ReleaseRequest:
        return services.settle_release(request=request, verdict=verdict, by=by, reason=reason)

    assert code_of(lambda: settle(world.steward)) == "separation"
    assert code_of(lambda: settle(world.applicant)) == "separation"
    assert code_of(lambda: settle(world.manager, reason=" ")) == "no_reason/reason"
    assert code_of(lambda: settle(world.manager, "maybe")) == "no_verdict/verdict"
    settled = settle(world.manager)
    assert (settled.state, settled.settled_by, settled.decided_because) == (
        "refused",
        world.manager,
        "Too small.",
    )
    events = Event.objects.count()
    settle(world.manager)
    assert Event.objects.count() == events
    assert code_of(lambda: settle(world.oncall)) in ("wrong_state", "separation")


# --- answers ----------------------------------------------------------------------------------


def test_each_file_and_criterion_is_answered(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)
    output = Output.objects.get()
    said = scenario.answers(request)
    del said[str(output.pk)]["records"]

    def send(answers: Any, verdict: str = "release", comment: str = "") -> Any:
        return services.send_release_review(
            request=request, verdict=verdict, answers=answers, comment=comment, by=world.steward
        )

    assert code_of(lambda: send(said)) == f"no_answer/answer-{output.pk}-records"
    said = scenario.answers(request, records="no")
    assert code_of(lambda: send(said, "return")) == f"no_note/note-{output.pk}-records"
    said = scenario.answers(request, records="no", records_note="Rows are single dialogues.")
    assert code_of(lambda: send(said)) == "release_with_no/verdict"
    assert code_of(lambda: send(said, "return")) == "no_reason/reason"
    assert code_of(lambda: send(scenario.answers(request), "")) == "no_verdict/verdict"
    send(said, "return", "Aggregate the rows.")


# --- what goes wrong --------------------------------------------------------------------------


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_two_who_send_at_once_are_both_counted(turn: int) -> None:
    world = make_world(f"-{turn}")
    request = scenario.sent(granted(world))
    at_once(
        lambda: scenario.review(request, world.steward),
        lambda: scenario.review(request, world.oncall),
    )
    assert fresh(request).state == "released"
    assert sorted(request.reviews.values_list("place", flat=True)) == [1, 2]
    assert Release.objects.count() == 1
    assert Event.objects.filter(verb="access.conclude_release").count() == 1


def test_with_a_failing_ledger_nothing_is_kept(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)
    scenario.review(request, world.steward)

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the ledger is full")

    journal.install(fail)
    try:
        with pytest.raises(RuntimeError, match="the ledger is full"):
            scenario.review(request, world.oncall)
    finally:
        journal.install(recorder.record)
    assert fresh(request).state == "in_review"
    assert (ReleaseReview.objects.count(), SealedReview.objects.count()) == (1, 1)
    assert not Release.objects.exists()


def test_silence_releases_nothing_and_tells_the_desk(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)
    assert request.due_at is not None
    with frozen(request.due_at + 30 * DAY):
        sweep(at=now())
        sweep(at=now())
        assert fresh(request).state == "in_review"
        late = Notice.objects.filter(kind="access.release_overdue")
        assert {n.recipient for n in late} == {world.steward, world.oncall, world.manager}
        assert late.count() == 3, "once"


def test_withdrawn_it_can_no_longer_be_reviewed(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)
    services.withdraw_release(request=request, by=grant.person)
    assert fresh(request).state == "withdrawn"
    assert code_of(lambda: scenario.review(request, world.steward)) == "wrong_state"
    services.withdraw_release(request=request, by=grant.person)
    assert Event.objects.filter(verb="access.withdraw_release").count() == 1


# --- taking what is released ------------------------------------------------------------------


def test_taking_is_for_the_people_of_the_case_and_goes_on_record(
    world: World, grant: Grant
) -> None:
    request = scenario.released(world, grant)
    release = Release.objects.select_related("request__fellowship", "output").get()
    for person in (world.applicant, world.mentor, world.steward):
        services.take_released(release=release, by=person)
    taken = Event.objects.filter(verb="access.take_released")
    assert [e.actor for e in taken] == [world.applicant, world.mentor, world.steward]
    assert {json.loads(e.body)["change"]["sha256"] for e in taken} == {release.sha256}
    assert json.loads(taken[0].body)["change"]["request"] == request.ref
    for person in (world.auditor, world.product_owner, world.other_applicant):
        code = code_of(lambda who=person: services.take_released(release=release, by=who))
        assert code == "not_allowed"
    release.output.sha256 = "0" * 64
    assert (
        code_of(lambda: services.take_released(release=release, by=world.steward)) == "other_bytes"
    )
