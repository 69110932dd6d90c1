"""A party replies once in time and is answered; people who did not vote review once."""

from __future__ import annotations

import copy
import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from fellowship.accounts.models import User
from fellowship.clocks import queries as clocks
from fellowship.clocks.services import sweep
from fellowship.history.queries import timeline
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from fellowship.web import work
from governance import kinds, services
from governance.models import (
    Condition,
    Decision,
    IndependentReview,
    Matter,
    Reply,
    ReviewSeat,
)
from governance.policy import replies as policy
from governance.views.replies import ways
from tests.governance.conftest import RenameKind
from tests.governance.test_ledger_failure import LedgerFull, state
from tests.scenarios.governance import CONDITION, decide, vote
from tests.scenarios.world import World, make_world
from tests.support import kept

WHY = "The letter says the name is taken; the register shows it is free."


@dataclass
class Denied:
    """A renaming that the board denied the applicant; `world` knows the people."""

    world: World
    matter: Matter
    decision: Decision

    @property
    def party(self) -> User:
        return self.world.applicant


def _build() -> Denied:
    with pytest.MonkeyPatch.context() as patch:
        kind = RenameKind()
        patch.setitem(kinds._kinds, RenameKind.key, [kind])
        world = make_world()
        kind.party_ids = {world.applicant.pk}
        matter = services.refer(
            kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
        )
        for member in world.board:
            vote(matter, member, "deny", rationale="The name is taken.")
        return Denied(world, matter, services.record_decision(matter=matter, by=world.chair))


kept_denied = kept.fixture(_build)


@pytest.fixture
def denied(kept_denied: Denied, db: None, rename: RenameKind) -> Denied:
    rename.party_ids = {kept_denied.world.applicant.pk}
    return copy.deepcopy(kept_denied)


def refused(call: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value


def code(call: Any) -> str:
    return refused(call).refusal.code


def later(denied: Denied, days: int) -> Any:
    return frozen(denied.decision.decided_at + dt.timedelta(days=days))


def replied(denied: Denied) -> Reply:
    return services.reply_to_decision(decision=denied.decision, by=denied.party, text="It is free.")


def asked(denied: Denied) -> IndependentReview:
    return services.ask_review(
        decision=denied.decision, by=denied.party, ground="fact_wrong", text=WHY
    )


def named(denied: Denied) -> IndependentReview:
    world = denied.world
    return services.name_reviewers(
        review=asked(denied), by=world.sponsor, reviewers=[world.mentor, world.reviewer]
    )


def find(review: IndependentReview, user: User, finding: str) -> IndependentReview:
    services.declare_for_review(review=review, by=user, kind="none")
    return services.give_finding(review=review, by=user, finding=finding, reasons=f"By {finding}.")


def client(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


# --- the reply -------------------------------------------------------------------------------


def test_a_party_replies_once_and_the_chair_answers(denied: Denied) -> None:
    world = denied.world
    reply = replied(denied)
    assert replied(denied) == reply
    again = refused(
        lambda: services.reply_to_decision(decision=denied.decision, by=denied.party, text="More.")
    )
    assert again.refusal.code == "replied"
    assert clocks.current(denied.matter, "governance.reply") is None
    waits = clocks.current(reply, "governance.reply_answer")
    assert waits is not None
    assert waits.holder == "us"
    item = next(i for i in work.of(world.fresh("chair"), now()).mine if i.kind == "reply")
    url = f"/board/{denied.matter.ref}/replies/{reply.pk}/"
    assert (item.due, item.url) == (waits.due_at, url)
    page = client(world.fresh("chair")).get(url).content.decode()
    assert "With you: answer the reply" in page
    told = {n.recipient for n in Notice.objects.filter(kind="governance.reply")}
    assert told == {denied.party, world.chair, world.manager, *world.board}
    answered = services.answer_reply(reply=reply, by=world.chair, text="It was taken in May.")
    assert services.answer_reply(reply=reply, by=world.chair, text=answered.answer) == answered
    assert (answered.answered_by, answered.answer) == (world.chair, "It was taken in May.")
    assert clocks.current(reply, "governance.reply_answer") is None
    assert [e.verb for e in timeline(denied.matter)][:2] == [
        "governance.answer_reply",
        "governance.reply",
    ]


def test_who_may_not_reply_or_answer(denied: Denied) -> None:
    world = denied.world

    def reply(by: User, text: str = "x") -> Any:
        return services.reply_to_decision(decision=denied.decision, by=by, text=text)

    assert code(lambda: reply(world.other_applicant)) == "not_yours"
    assert code(lambda: reply(world.manager)) == "not_yours"
    assert code(lambda: reply(denied.party, " ")) == "no_text"
    made = replied(denied)
    assert code(lambda: services.answer_reply(reply=made, by=world.manager, text="x")) == (
        "wrong_role"
    )
    assert code(lambda: services.answer_reply(reply=made, by=world.chair, text="")) == "no_text"
    services.recuse(matter=denied.matter, by=world.chair, kind="other", statement="A friend.")
    assert code(lambda: services.answer_reply(reply=made, by=world.chair, text="x")) == (
        "separation_recused"
    )


def test_where_there_is_no_right_of_reply_it_says_to_what_there_is(denied: Denied) -> None:
    world = denied.world
    matter = services.refer(
        kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
    )
    for member in world.board:
        vote(matter, member, "approve", rationale="It is free after all.")
    approved = services.record_decision(matter=matter, by=world.chair)
    refused = policy.may_reply(approved, denied.party)
    assert refused is not None
    assert refused.reason == (
        "There is no right of reply to this outcome. "
        "Parties may reply to: approved with conditions, denied, deferred."
    )


def test_a_late_reply_is_refused_with_the_date_and_silence_lets_the_decision_stand(
    denied: Denied,
) -> None:
    due = clocks.latest(denied.matter, "governance.reply").due_at  # type: ignore[union-attr]
    for _ in range(2):
        sweep(due + dt.timedelta(days=1))
    told = Notice.objects.filter(kind="governance.reply_over")
    assert [n.recipient for n in told] == [denied.party]
    with frozen(due):
        late = refused(lambda: replied(denied)).refusal
    assert late.code == "reply_over"
    assert late.reason == (
        f"The time to reply ended on {due:%-d %B %Y, %H:%M} (UTC). The decision stands."
    )
    assert late.rule == "Fellowship policy v1"


def test_an_unanswered_reply_is_told_to_the_sponsor_and_keeps_the_review_open(
    denied: Denied,
) -> None:
    reply = replied(denied)
    with later(denied, 60):
        sweep(now())
        told = {n.recipient for n in Notice.objects.filter(kind="governance.reply_late")}
        assert told == {
            denied.party,
            denied.world.chair,
            denied.world.manager,
            denied.world.sponsor,
        }
        assert policy.may_ask(denied.decision, denied.party) is None
        services.answer_reply(reply=reply, by=denied.world.chair, text="Late, and no.")
    with later(denied, 70):
        assert policy.may_ask(denied.decision, denied.party) is None
    with later(denied, 90):
        over = policy.may_ask(denied.decision, denied.party)
    assert over is not None
    assert over.code == "request_over"


# --- the review ------------------------------------------------------------------------------


def test_a_review_is_asked_for_once_on_a_listed_ground(denied: Denied) -> None:
    party = denied.party

    def ask(by: User, ground: str = "fact_wrong", text: str = WHY) -> Any:
        return services.ask_review(decision=denied.decision, by=by, ground=ground, text=text)

    assert code(lambda: ask(denied.world.other_applicant)) == "not_yours"
    assert code(lambda: ask(party, "unfair")) == "unknown_ground"
    assert code(lambda: ask(party, text=" ")) == "no_text"
    with later(denied, 60):
        assert code(lambda: ask(party)) == "request_over"
    review = ask(party)
    assert ask(party) == review
    assert IndependentReview.objects.count() == 1
    assert clocks.current(denied.matter, "governance.review_request") is None
    clock = clocks.current(review, "governance.independent_review")
    assert clock is not None
    assert clock.due_at == review.due_at
    told = {n.recipient.username for n in Notice.objects.filter(kind="governance.review")}
    assert {"sponsor", "admin", "chair", "manager"} <= told


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (("mentor",), "wrong_number"),
        (("mentor", "mentor"), "wrong_number"),
        (("mentor", "board_legal"), "separation_voted"),
        (("mentor", "chair"), "separation_voted"),
        (("mentor", "manager"), "separation_voted"),
        (("mentor", "reviewer_two"), "separation_voted"),
        (("mentor", "applicant"), "not_eligible"),
        (("mentor", "auditor"), "not_eligible"),
        (("mentor", "sponsor"), "separation_namer"),
        (("mentor", "steward"), "separation_recused"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else value,
)
def test_nobody_reviews_who_had_a_part(
    denied: Denied, rename: RenameKind, pair: tuple[str, ...], expected: str
) -> None:
    world = denied.world
    rename.advisers = {world.reviewer_two.pk}
    services.recuse(matter=denied.matter, by=world.steward, kind="other", statement="A friend.")
    people = [world.people[name] for name in pair]
    assert (
        code(
            lambda: services.name_reviewers(
                review=asked(denied), by=world.sponsor, reviewers=people
            )
        )
        == expected
    )


def test_neither_board_nor_manager_names_the_reviewers(denied: Denied) -> None:
    world = denied.world
    people = [world.mentor, world.reviewer]
    review = asked(denied)
    for by in (world.chair, world.manager, world.board_legal, denied.party, world.mentor):
        assert (
            code(lambda by=by: services.name_reviewers(review=review, by=by, reviewers=people))  # type: ignore[misc]
            == "wrong_role"
        )
    named_by_admin = services.name_reviewers(review=review, by=world.admin, reviewers=people)
    assert named_by_admin.state == "under_review"
    services.name_reviewers(review=review, by=world.admin, reviewers=people)
    assert ReviewSeat.objects.count() == 2


def test_reviewers_declare_first_and_one_with_a_conflict_is_replaced(denied: Denied) -> None:
    world, review = denied.world, named(denied)

    def give(by: User) -> Any:
        return services.give_finding(review=review, by=by, finding="uphold", reasons="x")

    assert code(lambda: give(world.mentor)) == "undeclared"
    assert code(lambda: give(world.steward)) == "not_yours"
    services.declare_for_review(
        review=review, by=world.mentor, kind="other", statement="We share an office."
    )
    assert code(lambda: give(world.mentor)) == "not_yours"
    assert not IndependentReview.objects.visible_to(world.mentor).exists()
    services.name_reviewers(
        review=review, by=world.sponsor, reviewers=[world.reviewer, world.steward]
    )
    find(review, world.reviewer, "uphold")
    ended = find(review, world.steward, "uphold")
    assert ended.state == "upheld"


def test_an_upheld_decision_stands(denied: Denied) -> None:
    world, review = denied.world, named(denied)
    find(review, world.mentor, "uphold")
    ended = find(review, world.reviewer, "uphold")
    assert (
        services.give_finding(
            review=ended, by=world.reviewer, finding="uphold", reasons="By uphold."
        )
        == ended
    )
    assert (ended.state, ended.successor) == ("upheld", None)
    assert not Matter.objects.live().exists()
    assert clocks.current(ended, "governance.independent_review") is None
    assert policy.may_ask(denied.decision, denied.party) is not None


def test_half_of_them_send_it_back_and_the_board_decides_anew_with_the_review_before_it(
    denied: Denied,
) -> None:
    world = denied.world
    replied(denied)
    review = named(denied)
    find(review, world.mentor, "uphold")
    ended = find(review, world.reviewer, "send_back")
    assert ended.state == "sent_back"
    again = ended.successor
    assert again is not None
    assert (again.kind, again.subject_id) == (denied.matter.kind, denied.matter.subject_id)
    assert (again.state, again.referred_by) == ("voting", None)
    headings = [s["heading"] for s in again.dossier.body["sections"]]
    assert headings == [
        f"Why {denied.matter.ref} is decided anew",
        "What the independent review found",
        "Reply to that decision",
        f"The letter on {denied.matter.ref}",
        "Cohort",
    ]
    assert again.dossier.body["sections"][1]["rows"] == [
        ["The decision stands", "By uphold."],
        ["Back to the board", "By send_back."],
    ]
    final = decide(world, again, "deny")
    assert "Independent review" not in final.letter
    assert clocks.current(again, "governance.review_request") is None


def test_conditions_sent_back_are_replaced_and_what_was_approved_stays(
    denied: Denied,
) -> None:
    world = denied.world
    matter = services.refer(
        kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
    )
    decision = decide(world, matter, "approve_with_conditions", conditions=[CONDITION])
    review = services.ask_review(
        decision=decision, by=denied.party, ground="rule_not_applied", text=WHY
    )
    review = services.name_reviewers(
        review=review, by=world.sponsor, reviewers=[world.mentor, world.reviewer]
    )
    find(review, world.mentor, "send_back")
    again = find(review, world.reviewer, "send_back").successor
    assert again is not None
    assert again.kind == "governance.conditions"
    decide(
        world, again, "approve_with_conditions", conditions=[{"text": "Only above 900.", "days": 9}]
    )
    assert [(c.text, c.state) for c in Condition.objects.order_by("id")] == [
        (CONDITION["text"], "waived"),
        ("Only above 900.", "open"),
    ]
    gate = services.conditions_met(world.cohort)
    assert gate is not None
    assert gate.reason.endswith("is not verified: Only above 900.")


def test_a_late_review_is_told_and_stays_open(denied: Denied) -> None:
    world, review = denied.world, named(denied)
    for _ in range(2):
        sweep(review.due_at + dt.timedelta(days=1))
    told = {n.recipient for n in Notice.objects.filter(kind="governance.review_late")}
    assert told == {denied.party, world.sponsor, world.admin, world.mentor, world.reviewer}
    review.refresh_from_db()
    assert review.state == "under_review"


def test_each_step_after_the_decision_says_who_holds_it(denied: Denied) -> None:
    world, matter = denied.world, denied.matter
    matter.refresh_from_db()

    def stands() -> tuple[str, str, list[str]]:
        after = ways(matter, denied.decision, denied.party, party=True)
        assert after is not None
        it = after.standing(matter)
        assert it.next
        return it.holder, it.silence, [b.who for b in it.blockers]

    def due() -> Any:
        after = ways(matter, denied.decision, denied.party, party=True)
        return after.standing(matter).due if after else None

    assert stands() == ("Whom it is about, who may reply", "The decision stands.", [])
    reply = replied(denied)
    holder, silence, blockers = stands()
    assert (holder, blockers) == ("The chair, who answers the reply", [])
    assert silence.startswith("The sponsor is told. The decision stands meanwhile")
    assert due() == clocks.current(reply, "governance.reply_answer").due_at  # type: ignore[union-attr]
    services.answer_reply(reply=reply, by=world.chair, text="No.")
    assert stands()[0] == "Whom it is about, who may reply"
    review = asked(denied)
    assert stands()[::2] == ("The sponsor, who names the reviewers", [])
    review = services.name_reviewers(
        review=review, by=world.sponsor, reviewers=[world.mentor, world.reviewer]
    )
    assert stands()[::2] == ("The reviewers", ["The reviewers"])
    assert due() == review.due_at
    for person in (world.mentor, world.reviewer):
        find(review, person, "uphold")
    assert stands() == ("Nobody: it is decided", "Nothing is waited for.", [])


# --- who sees it, pages, the database --------------------------------------------------------


def test_who_sees_replies_and_reviews(denied: Denied) -> None:
    world = denied.world
    reply, review = replied(denied), named(denied)
    services.recuse(matter=denied.matter, by=world.board_legal, kind="other", statement="x")
    sees = {
        name
        for name, user in world.people.items()
        if review in IndependentReview.objects.visible_to(user)
    }
    room = {"chair", "manager", "auditor", *(f"board_{s}" for s in ("research", "product"))}
    room |= {"board_security", "board_policy"}
    assert sees == room | {"applicant", "mentor", "reviewer", "sponsor", "admin"}
    assert reply in Reply.objects.visible_to(world.mentor)
    assert reply not in Reply.objects.visible_to(world.board_legal)
    assert client(world.board_legal).get(review.get_absolute_url()).status_code == 404
    assert client(world.stranger).get(review.get_absolute_url()).status_code == 404


def test_the_pages_lead_from_letter_to_finding(denied: Denied) -> None:
    world, at = denied.world, f"/board/{denied.matter.ref}/"
    party = client(denied.party)
    assert "Reply to this decision" in party.get(at).content.decode()
    assert "The board denied this." in party.get(f"{at}letter/").content.decode()
    empty = party.post(f"{at}reply/", {"text": ""})
    assert empty.status_code == 422
    assert "There is a problem" in empty.content.decode()
    assert party.post(f"{at}reply/", {"text": "It is free."}).status_code == 302
    reply = Reply.objects.get()
    chair = client(world.chair)
    assert "Answer the reply" in chair.get(at).content.decode()
    assert party.get(f"{at}replies/{reply.pk}/").status_code == 404
    assert chair.post(f"{at}replies/{reply.pk}/", {"text": "No."}).status_code == 302
    assert "No." in party.get(at).content.decode()
    assert party.post(f"{at}review/", {"text": WHY}).status_code == 422
    assert party.post(f"{at}review/", {"ground": "fact_wrong", "text": WHY}).status_code == 302
    sponsor = client(world.sponsor)
    page = sponsor.get(f"{at}review/").content.decode()
    assert "Mentor" in page
    assert "Board Legal" not in page
    people = [world.mentor.pk, world.reviewer.pk]
    assert sponsor.post(f"{at}review/name/", {"reviewers": people}).status_code == 302
    mentor = client(world.mentor)
    waiting = [item.title for item in work.of(world.fresh("mentor"), now()).mine]
    assert "Review a decision: Rename Spring" in waiting
    before = mentor.get(f"{at}review/").content.decode()
    assert "Your declaration" in before
    assert WHY not in before
    assert mentor.post(f"{at}review/declare/", {"kind": "none"}).status_code == 302
    reads = mentor.get(f"{at}review/").content.decode()
    assert WHY in reads
    assert "The name is taken." in reads
    for member in world.board:
        assert str(member) not in reads
    sent = {"finding": "send_back", "reasons": "The register shows it."}
    assert mentor.post(f"{at}review/finding/", {"finding": "uphold"}).status_code == 422
    assert mentor.post(f"{at}review/finding/", sent).status_code == 302
    assert "The register shows it." not in party.get(f"{at}review/").content.decode()
    reviewer = client(world.reviewer)
    reviewer.post(f"{at}review/declare/", {"kind": "none"})
    reviewer.post(f"{at}review/finding/", sent)
    assert "The register shows it." in party.get(f"{at}review/").content.decode()


def test_the_api_does_what_the_pages_do(denied: Denied) -> None:
    api = f"/api/v1/matters/{denied.matter.ref}"
    party, world = client(denied.party), denied.world
    made = party.post(f"{api}/reply/", {"text": "Free."}, content_type="application/json")
    assert made.status_code == 201
    asked_for = party.post(
        f"{api}/ask-review/",
        {"ground": "fact_wrong", "text": WHY},
        content_type="application/json",
    )
    assert asked_for.status_code == 201
    review = f"/api/v1/decision-reviews/{asked_for.json()['id']}/"
    done = client(world.sponsor).post(
        f"{review}name-reviewers/",
        {"reviewers": ["mentor", "reviewer"]},
        content_type="application/json",
    )
    assert done.status_code == 200, done.content
    mentor = client(world.mentor)
    assert "text" not in mentor.get(review).json()
    mentor.post(f"{review}declare/", {"kind": "none"}, content_type="application/json")
    assert mentor.get(review).json()["text"] == WHY
    given = {"finding": "uphold", "reasons": "It is taken."}
    assert (
        mentor.post(f"{review}finding/", given, content_type="application/json").status_code == 200
    )
    assert party.get(review).json()["findings"] == []


def test_the_database_keeps_paired_facts_and_one_review(denied: Denied) -> None:
    review, reply = named(denied), replied(denied)
    seat = review.seats.first()
    assert seat is not None

    def bend(row: Any, **values: Any) -> None:
        for key, value in values.items():
            setattr(row, key, value)
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            journal.acting("tests.bend", by=denied.world.admin),
        ):
            row.save()
        row.refresh_from_db()

    bend(reply, answer="x")
    bend(reply, answer="x", answered_at=now(), answered_by=reply.author)
    bend(seat, finding="uphold", found_at=now(), reasons="")
    bend(seat, reviewer=seat.named_by)
    bend(review, state="upheld")
    bend(review, successor=denied.matter)
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        journal.acting("tests.bend", by=denied.world.admin),
    ):
        IndependentReview.objects.create(
            decision=denied.decision,
            asked_at=now(),
            asked_by=denied.party,
            ground="fact_wrong",
            text=WHY,
            due_at=now(),
        )


def test_where_the_ledger_cannot_be_written_nothing_happens(
    denied: Denied, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = denied.world
    reply, review = replied(denied), named(denied)
    services.declare_for_review(review=review, by=world.reviewer, kind="none")

    def fail(*args: Any, **kwargs: Any) -> None:
        raise LedgerFull

    before = state()
    with monkeypatch.context() as patch:
        patch.setattr(journal, "_recorder", [fail])
        for call in (
            lambda: services.answer_reply(reply=reply, by=world.chair, text="x"),
            lambda: services.name_reviewers(
                review=review, by=world.sponsor, reviewers=[world.mentor, world.steward]
            ),
            lambda: services.declare_for_review(review=review, by=world.mentor, kind="none"),
            lambda: services.give_finding(
                review=review, by=world.reviewer, finding="uphold", reasons="x"
            ),
        ):
            with pytest.raises(LedgerFull):
                call()
    assert state() == before
