"""Nobody receives what they may not know, whatever happens and wherever they ask.

Marks stand in every private field of one proposal. After each move some people open some pages, and
in the end each gets their mail. Who may know a mark is told here, slowly, from what was done.
"""

from __future__ import annotations

import copy
import datetime as dt
import random
import re
from typing import Any, ClassVar

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fellowship.accounts.models import Conflict, User
from fellowship.accounts.services import declare_conflict
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from fellowship.notices.services import deliver
from fellowship.programs.models import Call
from governance import services as board
from governance.models import Matter
from proposals import blindness, services
from proposals.models import Assignment, Proposal
from tests.scenarios.governance import vote, vote_all
from tests.scenarios.proposals import drafted_proposal, panel, review
from tests.scenarios.world import SETUP, World

LOOKS = 5
"""Pages opened after each move; each by somebody else, and one by each who is recused."""
AT_ONCE = ("/", "/inbox/", "/api/v1/notices/", "/proposals/reviews/", "/board/")
"""What somebody opens who has just declared a conflict, or whose recusal was set aside."""
TITLE, TEXT, TEAM, DRAFT = "mtitle5e1", "mtext5e2", "Mteamperson", "mdraft5e4"
TO_APPLICANT, TO_BOARD, WRITING = "mapplicant5e5", "mboard5e6", "mwriting5e7"
WHY, INTEREST, ASIDE = "mwhy5e8", "minterest5e9", "maside5ea"
MARKS = (TITLE, TEXT, TEAM, DRAFT, TO_APPLICANT, TO_BOARD, WRITING, WHY, INTEREST, ASIDE)
REVIEWERS = ("reviewer", "reviewer_two")
ROOM = ("board_legal", "board_product", "chair")
OFFICE = ("manager", "auditor")
PEOPLE = (
    *("applicant", "other_applicant", "stranger", "steward", "sponsor", ""),
    *(*REVIEWERS, *ROOM, *OFFICE),
)
ONCE = re.compile(r'name="(csrfmiddlewaretoken|_once|once)" value="[^"]*"|[0-9a-f]{32}')
"""What differs from one answer to the next: tokens, and the number of a request that failed."""


class Canaries(RuleBasedStateMachine):
    """One proposal, and what was done about it."""

    world: ClassVar[World]

    @initialize(blind=st.booleans(), far=st.booleans(), seed=st.integers(0, 10_000))
    def begin(self, blind: bool, far: bool, seed: int) -> None:
        """Sent in a call read openly or blind, and `far`: before the board already."""
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.w, self.random = copy.deepcopy(type(self).world), random.Random(seed)
        self.blind, self.clients = blind, {}
        call = Call.objects.get(pk=self.w.call.pk)
        with journal.acting("tests.blind", by=SETUP):
            call.blind = blind
            call.save()
            journal.record(subject=call)
        self.w.call = call
        self.proposal = drafted_proposal(
            self.w,
            title=f"Drift {TITLE}",
            method=f"Sixty prompts {TEXT}.",
            team=[{"name": f"Ada {TEAM}"}],
        )
        self.recused: set[str] = set()
        self.overridden: set[str] = set()
        self.cleared: set[str] = set()
        self.asked: set[str] = set()
        self.sent: set[str] = set()
        self.draft = self.closed = False
        self.look()
        self.submit()
        for who in REVIEWERS if far else ():
            self.review_by(self.w.fresh(who))
            for people in (self.asked, self.cleared, self.sent):
                people.add(who)
        if far:
            self.refer()

    def teardown(self) -> None:
        """Everybody gets their mail; then nothing of it ever happened."""
        if not hasattr(self, "undo"):
            return
        try:
            self.get_mail()
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    # --- what is done ---------------------------------------------------------------------

    @property
    def state(self) -> str:
        """Where the proposal stands."""
        return str(Proposal.objects.values_list("state", flat=True).get(pk=self.proposal.pk))

    def matter(self) -> Matter | None:
        """The matter about it."""
        return Matter.objects.filter(subject_type="proposals.proposal").order_by("-id").first()

    def try_(self, call: Any) -> bool:
        """Whether the verb did it."""
        try:
            with transaction.atomic():
                call()
        except Refused:
            return False
        return True

    def submit(self) -> None:
        """Sent, and its copy checked where the call is blind."""
        services.submit_proposal(proposal=self.proposal, by=self.w.applicant)
        found = blindness.latest(self.proposal)
        if found:
            services.check_copy(copy=found, by=self.w.manager)
        self.look()

    @precondition(lambda self: self.state == "submitted" and not self.draft)
    @rule()
    def revise(self) -> None:
        by = self.w.applicant
        services.begin_revision(proposal=self.proposal, by=by)
        raw = {"budget": f"18 EUR {DRAFT}"}
        services.save_answers(proposal=self.proposal, raw=raw, by=by)
        self.draft = True
        self.look()

    @rule(who=st.sampled_from(REVIEWERS))
    def ask(self, who: str) -> None:
        reviewer = self.w.fresh(who)
        if self.try_(
            lambda: services.assign_reviewer(
                proposal=self.proposal, reviewer=reviewer, by=self.w.manager
            )
        ):
            self.asked.add(who)
        self.look()

    @rule(who=st.sampled_from(REVIEWERS), text=st.booleans())
    def clear(self, who: str, text: bool) -> None:
        mine = self.assignment(who)
        if mine and self.try_(
            lambda: services.declare(assignment=mine, kind="none", by=mine.reviewer)
        ):
            self.cleared.add(who)
            raw = {"comment_board": WRITING}
            if text:
                self.try_(
                    lambda: services.save_review_draft(
                        assignment=mine, raw=raw, version=0, by=mine.reviewer
                    )
                )
        self.look()

    @rule(who=st.sampled_from(REVIEWERS))
    def take_back(self, who: str) -> None:
        mine = self.assignment(who)
        if mine and self.try_(
            lambda: services.unassign_reviewer(assignment=mine, by=self.w.manager, reason="Late.")
        ):
            self.asked.discard(who)
        self.look()

    @rule(who=st.sampled_from(REVIEWERS))
    def send(self, who: str) -> None:
        mine = self.assignment(who)
        if mine and self.try_(
            lambda: review(mine, comment_applicant=TO_APPLICANT, comment_board=TO_BOARD)
        ):
            self.sent.add(who)
        self.look()

    @rule()
    def refer(self) -> None:
        """With the reviews that are missing, by people who are asked nothing else."""
        if self.state in ("submitted", "in_review"):
            for person in panel(self.w)[len(REVIEWERS) :]:
                self.try_(lambda p=person: self.review_by(p))
            self.try_(lambda: services.refer_to_board(proposal=self.proposal, by=self.w.manager))
            self.draft = self.draft and self.state in ("submitted", "in_review")
        self.look()

    def review_by(self, reviewer: User) -> None:
        """A review from the asking to the sending."""
        mine = services.assign_reviewer(
            proposal=self.proposal, reviewer=reviewer, by=self.w.manager
        )
        services.declare(assignment=mine, kind="none", by=reviewer)
        review(mine, comment_applicant=TO_APPLICANT, comment_board=TO_BOARD)

    @rule(who=st.sampled_from((*ROOM, "auditor", *REVIEWERS)))
    def conflict(self, who: str) -> None:
        person, said, matter = (
            self.w.fresh(who),
            {"kind": "other", "statement": INTEREST},
            self.matter(),
        )
        mine = self.assignment(who)
        if mine:
            done = self.try_(lambda: services.declare(assignment=mine, by=person, **said))
        elif matter:
            done = self.try_(lambda: board.recuse(matter=matter, by=person, **said))
        else:
            done = self.try_(
                lambda: declare_conflict(
                    user=person, subject=self.proposal, realm=self.w.program.pk, by=person, **said
                )
            )
        if done and who not in self.overridden:
            self.recused.add(who)
            self.asked.discard(who)
        self.look(who)

    @rule(who=st.sampled_from((*ROOM, *REVIEWERS)))
    def set_aside(self, who: str) -> None:
        found = Conflict.objects.recusing().filter(user=self.w.fresh(who)).first()
        if found:
            seconds = ("sponsor", "chair") if who != "chair" else ("sponsor",)
            asked = board.request_override(conflict=found, by=self.w.manager, reason=ASIDE)
            for second in seconds:
                if self.try_(
                    lambda s=second: board.approve_override(override=asked, by=self.w.fresh(s))
                ):
                    self.recused.discard(who)
                    self.overridden.add(who)
                    break
        self.look(who)

    @precondition(lambda self: self.state == "with_board")
    @rule(who=st.sampled_from(ROOM[:2]))
    def vote(self, who: str) -> None:
        matter, member = self.matter(), self.w.fresh(who)
        self.try_(lambda: board.recuse(matter=matter, by=member, kind="none"))
        self.try_(lambda: vote(matter, member, "deny", rationale=WHY))
        self.look()

    @precondition(lambda self: self.state == "with_board")
    @rule()
    def decide(self) -> None:
        matter = self.matter()

        def close() -> None:
            vote_all(matter, "deny")
            board.record_decision(matter=matter, by=self.w.fresh("chair"))

        self.closed = self.try_(close) or self.closed
        self.look()

    @rule()
    def withdraw(self) -> None:
        """Now and then: not much comes after it."""
        if self.random.random() < 0.2:
            by = self.w.applicant
            self.try_(lambda: services.withdraw_proposal(proposal=self.proposal, by=by))
        self.look()

    def assignment(self, who: str) -> Assignment | None:
        """The person's standing assignment."""
        rows = Assignment.objects.standing().filter(
            proposal=self.proposal, reviewer=self.w.people[who]
        )
        return rows.select_related("reviewer").first()

    # --- who may know ---------------------------------------------------------------------

    def knows(self, who: str, mark: str) -> bool:
        """Whether this person may receive this mark now."""
        if who == "applicant":
            told = mark in (TO_APPLICANT, WHY) and self.state == "declined"
            return mark in (TITLE, TEXT, TEAM, DRAFT) or told
        sent = Proposal.objects.get(pk=self.proposal.pk).submitted_at is not None
        if who in self.recused or mark == DRAFT or not sent:
            return False
        if mark == INTEREST:
            return who in ("manager", "auditor", "chair", "sponsor")
        if mark == ASIDE:
            run = who in ("manager", "auditor", "chair", "sponsor")
            return run or who in self.overridden or (who in ROOM and self.closed)
        if who in OFFICE:
            return self.closed if mark == WHY else mark != WRITING
        return self.reviews(who, mark) if who in REVIEWERS else self.decides(who, mark)

    def reviews(self, who: str, mark: str) -> bool:
        """What a reviewer may receive: the title first, the rest after declaring."""
        declared = who in self.cleared or who in self.overridden
        open_to = {TITLE}
        if declared:
            open_to |= {TEXT, WRITING} if self.blind else {TEXT, WRITING, TEAM}
        if who in self.sent:
            open_to |= {TO_APPLICANT, TO_BOARD}
        return who in self.asked and mark in open_to

    def decides(self, who: str, mark: str) -> bool:
        """What a member or the chair may receive once it came before them."""
        matter = self.matter()
        if who not in ROOM or matter is None:
            return False
        if mark == WHY:
            cast = matter.ballot.seats.filter(vote__cast_by=self.w.people[who]).exists()
            return self.closed or cast
        said = Conflict.objects.filter(user=self.w.people[who]).exists()
        inside = said or self.state != "with_board"
        return mark == TITLE or (inside and mark in (TEXT, TEAM, TO_APPLICANT, TO_BOARD))

    # --- where they look ------------------------------------------------------------------

    def places(self) -> list[str]:
        """Every page, list, search, export and endpoint that could show something of it."""
        p, slug, found = self.proposal, self.w.program.slug, self.matter()
        base = f"/proposals/{p.ref}/"
        kinds = ("proposals", "decisions", "overrides")
        urls = [
            *("/", "/inbox/", "/calls/", f"/calls/{p.call.ref}/", "/board/", "/board/decisions/"),
            *("/board/conditions/", "/board/meetings/", "/proposals/", "/proposals/all/"),
            *("/proposals/reviews/", "/office/", f"/office/{slug}/", f"/office/{slug}/waiting/"),
            *(f"/office/{slug}/cases/{key}/" for key in ("proposals", "submitted", "in_review")),
            *(f"/audit/{slug}/", f"/audit/{slug}/as-of/", f"/audit/{slug}/populations/"),
            *(f"/audit/{slug}/populations/{key}/" for key in kinds),
            *(f"/audit/{slug}/?reference={ref}" for ref in (p.ref, found.ref if found else "x")),
            f"/audit/{slug}/record/proposals.proposal/{p.pk}/",
            *(f"/proposals/{part}/" for part in ("discussions", "panels", "reviewers")),
            *(f"/proposals/panels/{p.call.ref}/", f"/proposals/discussions/{p.ref}/"),
            *(
                f"{base}{part}"
                for part in ("", "panel/", "copy/", "versions/1/", "letter/", "edit/")
            ),
            *(f"{base}{part}" for part in ("edit/", "edit/method/", "check/", "receipt/")),
            *(f"/api/v1/{name}/" for name in ("proposals", "matters", "decisions", "notices")),
            *(f"/api/v1/{name}/" for name in ("clocks", "recusals", "conditions", "evaluations")),
            f"/api/v1/proposals/{p.ref}/",
        ]
        if found:
            urls += [f"/board/{found.ref}/", f"/board/{found.ref}/declare/"]
            urls += [f"/api/v1/matters/{found.ref}/"]
            urls += [f"/audit/{slug}/record/governance.matter/{found.pk}/"]
        for row in Assignment.objects.filter(proposal=p):
            urls += [f"/proposals/reviews/{row.pk}/", f"/proposals/reviews/{row.pk}/declare/"]
        for conflict in Conflict.objects.all():
            urls += [f"/board/recusals/{conflict.pk}/", f"/api/v1/recusals/{conflict.pk}/"]
        return urls

    def client(self, who: str) -> Client:
        """The person's browser; nobody's for an empty name."""
        if who not in self.clients:
            client = self.clients[who] = Client(raise_request_exception=True)
            if who:
                client.force_login(self.w.fresh(who))
        return self.clients[who]

    def body(self, who: str, url: str) -> str:
        """What the person gets there, its headers included."""
        answer: Any = self.client(who).get(url)
        whole = b"".join(answer.streaming_content) if answer.streaming else answer.content
        where = answer.headers.get("Location", "")
        return f"{where}\n{ONCE.sub('', whole.decode('utf-8', 'replace'))}"

    def look(self, first: str = "") -> None:
        """Some people open some pages; whoever may not find the title finds nothing by it."""
        places = self.places()
        asked = [(self.random.choice(PEOPLE), self.random.choice(places)) for _ in range(LOOKS)]
        asked += [(first, url) for url in AT_ONCE if first]
        asked += [(who, self.random.choice(places)) for who in sorted(self.recused)]
        for who, url in asked:
            found = self.body(who, url)
            for mark in MARKS:
                if mark in found:
                    assert self.knows(who, mark), f"{who or 'nobody'} got {mark} at {url}"
        who = self.random.choice(PEOPLE)
        if who and not self.knows(who, TITLE):
            url = self.random.choice(("/proposals/all/", "/api/v1/proposals/", "/board/decisions/"))
            sought = [self.body(who, f"{url}?q={text}") for text in (TITLE, "nothere99")]
            same = {text.replace(TITLE, "nothere99") for text in sought}
            assert len(same) == 1, f"{who} learns by searching {url} that it is there"

    def get_mail(self) -> None:
        """What waits goes out, an hour later."""
        mail.outbox.clear()
        deliver(at=now() + dt.timedelta(hours=1))
        addresses = {self.w.people[who].email: who for who in PEOPLE if who}
        for message in mail.outbox:
            who = addresses.get(str(message.to[0]))
            for mark in MARKS:
                if who and mark in f"{message.subject}\n{message.body}":
                    assert self.knows(who, mark), f"{who} got {mark} by mail"


@pytest.mark.django_db
def test_nobody_receives_what_they_may_not_know(world: World) -> None:
    Canaries.world = world
    run_state_machine_as_test(
        Canaries,
        settings=settings(
            max_examples=8,
            stateful_step_count=8,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
