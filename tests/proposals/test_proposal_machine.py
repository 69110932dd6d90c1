"""The life of a proposal, driven by the real verbs, beside a small account of what should be."""

from __future__ import annotations

import copy
import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fellowship.clocks import queries as clocks
from fellowship.clocks.models import Clock
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now, set_now
from fellowship.programs.models import Call
from fellowship.programs.services import close_call, extend_call
from governance import services as board
from governance.models import Matter
from governance.states import Outcome, Position
from proposals import policy, services
from proposals.models import Assignment, Proposal
from proposals.services.drafting import DECISION_CLOCK
from proposals.services.panel import REVIEW_CLOCK
from proposals.states import PROPOSAL_MOVES, REVISION_CLOCK
from tests.scenarios.governance import decide
from tests.scenarios.proposals import ANSWERS, panel, review
from tests.scenarios.world import World

DRAFT, SUBMITTED, REVIEW, BOARD = "draft", "submitted", "in_review", "with_board"
ACCEPTED, DECLINED, WITHDRAWN = "accepted", "declined", "withdrawn"
WAYS = {
    ("submit", DRAFT, SUBMITTED),
    ("revise", SUBMITTED, SUBMITTED),
    ("revise", REVIEW, REVIEW),
    ("open_review", SUBMITTED, REVIEW),
    ("refer", REVIEW, BOARD),
    ("defer", BOARD, REVIEW),
    ("take_back", BOARD, REVIEW),
    ("accept", BOARD, ACCEPTED),
    ("decline", BOARD, DECLINED),
    ("reconsider", DECLINED, BOARD),
    *(("withdraw", state, WITHDRAWN) for state in (DRAFT, SUBMITTED, REVIEW, BOARD)),
}
"""All that can become of a proposal, as told here; `reconsider` is tried where it is decided."""
DECISIONS = {
    Outcome.APPROVE: ACCEPTED,
    Outcome.CONDITIONS: ACCEPTED,
    Outcome.DENY: DECLINED,
    Outcome.DEFER: REVIEW,
}

POSITIONS = (*DECISIONS, Outcome.DEFER)
"""What the whole board may say; to defer twice as often, for much comes after it."""


@dataclass
class Account:
    """What should be true of the proposal, told without looking at it."""

    call_closes: dt.datetime
    call_closed: bool = False
    state: str = DRAFT
    text: str = "first"
    """What the draft says, or the revision under way; the last submitted where there is none."""
    sent: str = ""
    writing: bool = True
    asked: bool = False
    """The board asked for a revision, and waits for it."""
    revision_due: dt.datetime | None = None
    paused: bool = False
    version: int = 0
    asked_people: int = 0
    reviewed: int = 0
    events: Counter[str] = field(default_factory=Counter)

    def call_open(self) -> bool:
        """Whether the call takes proposals now."""
        return not self.call_closed and now() < self.call_closes

    def revision_over(self) -> bool:
        """Whether the time the board gave for a revision has run out."""
        return self.revision_due is not None and self.revision_due <= now()

    def may_revise(self) -> str:
        """The code of what forbids a revision, or nothing."""
        if self.state not in (SUBMITTED, REVIEW):
            return "wrong_state"
        if self.state == SUBMITTED:
            return "" if self.call_open() else "call_not_open"
        if not self.asked:
            return "review_begun"
        return "revision_over" if self.revision_over() else ""

    def may_write(self) -> str:
        """The code of what forbids writing in the answers, or nothing."""
        if self.state == DRAFT:
            return ""
        return self.may_revise() or ("" if self.writing else "no_revision")

    def revision_ends(self) -> None:
        """The wait for the revision is over, by whatever it ended."""
        self.asked = self.paused = False
        self.revision_due = None


class ProposalMachine(RuleBasedStateMachine):
    """One proposal in a world that is as it was after each example."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.people = copy.deepcopy(self.world)
        self.start = now()
        self.move_clock(self.start)
        call = self.call()
        self.by = self.people.applicant
        started = services.start_proposal(call=call, by=self.by, answers=ANSWERS)
        self.pk = started.pk
        self.told = Account(call.closes_at, events=Counter({"start": 1}))

    def teardown(self) -> None:
        set_now(None)
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    def move_clock(self, at: dt.datetime) -> None:
        self.at = at
        set_now(at)

    def call(self) -> Call:
        return Call.objects.get(pk=self.people.call.pk)

    def proposal(self) -> Proposal:
        return Proposal.objects.get(pk=self.pk)

    def matter(self) -> Matter:
        return Matter.objects.live().get(subject_id=self.pk, kind="proposals.proposal")

    def act(self, verb: Callable[[], Any], expected: str) -> bool:
        """Do it; the refusal's code must be the one expected. Whether it was done."""
        if not expected:
            verb()
            return True
        with pytest.raises(Refused) as refused, transaction.atomic():
            verb()
        assert refused.value.refusal.code == expected
        return False

    # --- the applicant

    @initialize(steps=st.integers(0, 4))
    def begin(self, steps: int) -> None:
        """Begin somewhere on the way, since most of what can go wrong comes late."""
        way = (self.submit, self.all_review, self.refer, lambda: self.decide(Outcome.DEFER))
        for step in way[:steps]:
            step()

    @rule(text=st.sampled_from(["first", "second", ""]))
    def save(self, text: str) -> None:
        expected = self.told.may_write()
        answers = {**ANSWERS, "method": text}
        if self.act(
            lambda: services.save_answers(proposal=self.proposal(), raw=answers, by=self.by),
            expected,
        ):
            self.told.text = text

    @rule()
    def submit(self) -> None:
        told = self.told
        expected = ""
        if told.state == DRAFT and not told.call_open():
            expected = "call_not_open"
        elif told.state != DRAFT and told.writing:
            expected = told.may_revise()
        if not expected and told.writing and not told.text:
            expected = "incomplete"
        if not self.act(
            lambda: services.submit_proposal(proposal=self.proposal(), by=self.by), expected
        ):
            return
        if told.writing and told.text != told.sent:
            told.version += 1
            told.events["submit"] += 1
            if told.state == DRAFT:
                told.state = SUBMITTED
            else:
                told.revision_ends()
        if told.writing:
            told.writing, told.sent = False, told.text

    @precondition(lambda self: self.told.state != DRAFT)
    @rule()
    def begin_revision(self) -> None:
        if self.act(
            lambda: services.begin_revision(proposal=self.proposal(), by=self.by),
            self.told.may_revise(),
        ):
            self.told.writing = True

    @precondition(lambda self: self.told.state != DRAFT)
    @rule()
    def discard_revision(self) -> None:
        if self.act(
            lambda: services.discard_revision(proposal=self.proposal(), by=self.by),
            self.told.may_revise(),
        ):
            self.told.writing, self.told.text = False, self.told.sent

    @rule(sure=st.booleans())
    def withdraw(self, sure: bool) -> None:
        told = self.told
        if not sure and told.state != BOARD:  # else most lives would be short
            return
        expected = "wrong_state" if told.state in (ACCEPTED, DECLINED) else ""
        if self.act(
            lambda: services.withdraw_proposal(proposal=self.proposal(), by=self.by), expected
        ):
            told.events["withdraw"] += told.state != WITHDRAWN
            told.state = WITHDRAWN
            told.revision_ends()

    # --- the office

    @rule()
    def all_review(self) -> None:
        """Everybody of the panel is asked, and whoever has not yet, sends a review."""
        told = self.told
        expected = "" if told.state in (SUBMITTED, REVIEW) else "wrong_state"
        for reviewer in panel(self.people):
            assignment: list[Assignment] = []
            if not self.act(
                lambda reviewer=reviewer, made=assignment: made.append(
                    services.assign_reviewer(
                        proposal=self.proposal(), reviewer=reviewer, by=self.people.manager
                    )
                ),
                expected,
            ):
                return
            told.state = REVIEW
            services.declare(assignment=assignment[0], kind="none", by=reviewer)
            review(assignment[0])
        told.asked_people = told.reviewed = len(panel(self.people))

    @precondition(lambda self: self.told.asked_people == 0)
    @rule()
    def ask_one(self) -> None:
        expected = "" if self.told.state in (SUBMITTED, REVIEW) else "wrong_state"
        if self.act(
            lambda: services.assign_reviewer(
                proposal=self.proposal(), reviewer=self.people.reviewer, by=self.people.manager
            ),
            expected,
        ):
            self.told.state, self.told.asked_people = REVIEW, 1

    @rule()
    def refer(self) -> None:
        told = self.told
        expected = "" if told.state in (REVIEW, BOARD) else "wrong_state"
        if told.state == REVIEW and not told.reviewed:
            expected = "too_few_reviews"
        if self.act(
            lambda: services.refer_to_board(proposal=self.proposal(), by=self.people.manager),
            expected,
        ):
            if told.state == REVIEW:
                told.events["refer_to_board"] += 1
                told.writing, told.text = False, told.sent
                told.revision_ends()
            told.state = BOARD

    # --- the board

    @precondition(lambda self: self.told.state == BOARD and not self.matter().ballot.over(now()))
    @rule(position=st.sampled_from(POSITIONS))
    def decide(self, position: str) -> None:
        told = self.told
        clock = clocks.latest(self.proposal(), DECISION_CLOCK)
        late = clock is not None and clock.breached(now())
        decision = decide(self.people, self.matter(), Position(position))
        told.state = DECISIONS[Outcome(decision.outcome)]
        told.events["enact_decision"] += 1
        if told.state == REVIEW:
            told.asked, told.paused = True, not late
            revision = clocks.current(self.proposal(), REVISION_CLOCK)
            assert revision is not None
            told.revision_due = revision.due_at

    @precondition(lambda self: self.told.state == BOARD)
    @rule()
    def take_back(self) -> None:
        board.withdraw_matter(matter=self.matter(), by=self.people.manager, reason="Not yet.")
        self.told.state = REVIEW
        self.told.events["take_back"] += 1

    # --- the call and the time

    @precondition(lambda self: self.told.call_open())
    @rule()
    def close_the_call(self) -> None:
        close_call(call=self.call(), by=self.people.manager, reason="Enough.")
        self.told.call_closed = True

    @precondition(lambda self: self.told.call_open())
    @rule()
    def extend_the_call(self) -> None:
        self.told.call_closes += dt.timedelta(days=20)
        extend_call(
            call=self.call(),
            closes_at=self.told.call_closes,
            by=self.people.manager,
            reason="Holidays.",
        )

    @rule(days=st.sampled_from([1, 6, 20, 40]))
    def time_passes(self, days: int) -> None:
        self.move_clock(self.at + dt.timedelta(days=days))

    @rule()
    def the_sweep_runs(self) -> None:
        sweep()
        if self.told.asked and self.told.revision_over():
            self.told.events["revision_over"] += 1
            self.told.writing, self.told.text = False, self.told.sent
            self.told.revision_ends()

    # --- what must be so after every step

    @invariant()
    def is_as_told(self) -> None:
        proposal, told = self.proposal(), self.told
        verbs = Event.objects.filter(
            subject_type="proposals.proposal", subject_id=self.pk, verb__startswith="proposals."
        ).values_list("verb", flat=True)
        assert (proposal.state, proposal.version) == (told.state, told.version)
        assert proposal.versions.count() == told.version
        assert (proposal.revision_asked_at is not None) == told.asked
        assert proposal.drafts.exists() == (told.writing or told.state == DRAFT)
        assert Counter(verb.removeprefix("proposals.") for verb in verbs) == +told.events
        assert (policy.may_revise(proposal, self.by) is None) == (told.may_revise() == "")

    @invariant()
    def clocks_agree(self) -> None:
        """Ours runs from submission to the end, and stands still while the applicant revises."""
        proposal, told = self.proposal(), self.told
        ours, theirs = (
            Clock.objects.about(proposal).open().filter(kind=kind).first()
            for kind in (DECISION_CLOCK, REVISION_CLOCK)
        )
        assert (ours is not None) == (told.state in (SUBMITTED, REVIEW, BOARD))
        assert (theirs is not None) == told.asked
        if ours:
            assert (ours.holder, ours.paused_at is not None) == ("us", told.paused)
        if theirs:
            assert (theirs.holder, theirs.holder_user) == ("you", self.by)
        waiting = [
            a.pk
            for a in Assignment.objects.standing().filter(proposal=proposal)
            if Clock.objects.about(a).open().filter(kind=REVIEW_CLOCK).exists()
        ]
        silent = told.asked_people - told.reviewed if told.state == REVIEW else 0
        assert len(waiting) == (0 if told.events["refer_to_board"] else silent)


def test_the_table_of_moves_is_what_is_told_here() -> None:
    assert {(move.verb, move.source, move.target) for move in PROPOSAL_MOVES.moves} == WAYS


def test_a_proposal_lives_as_told(world: World) -> None:
    panel(world)
    ProposalMachine.world = world
    run_state_machine_as_test(
        ProposalMachine,
        settings=settings(
            max_examples=7,
            stateful_step_count=12,
            phases=(Phase.generate,),  # a step takes milliseconds, and shrinking takes thousands
            suppress_health_check=list(HealthCheck),
        ),
    )
