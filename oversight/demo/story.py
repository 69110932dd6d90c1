"""The story: a year of two programmes, told in the order it happened, ending today."""

from __future__ import annotations

from functools import partial
from typing import Any

from access import services as access
from access.changes import unheard
from access.models import Dataset, Grant
from fellowship.accounts.models import User
from fellowship.accounts.services import declare_conflict
from fellowship.history.seal import seal
from fellowship.kernel.time import now
from fellowship.notices.models import Notice
from fellowship.programs.models import Call, Program
from fellowship.programs.services import draft_call, open_cohort, publish_call
from findings import services as findings
from findings.models import Finding
from governance import services as governance
from governance.models import Condition
from oversight.demo import (
    accompanying,
    alarms,
    amending,
    asking,
    auditing,
    authoring,
    boardroom,
    catalogue,
    closing,
    concluding,
    delivering,
    disposing,
    enforcing,
    evaluation,
    excepting,
    exporting,
    forgetting,
    identities,
    learning,
    measuring,
    office,
    overseeing,
    publishing,
    releasing,
    reporting,
    reviewing,
    ruling,
    scanning,
    scenes,
    translating,
    triaging,
    writing,
)
from oversight.demo.cast import Cast, assemble
from oversight.demo.content import programs as content
from oversight.demo.content.people import RESEARCHERS
from oversight.demo.content.proposals import IDEAS
from oversight.demo.content.recourse import ANSWER, FOUND, GROUND, REPLY
from oversight.demo.content.research import PAPER, PUBLIC_PAPER, TOOL_PAPER
from oversight.demo.stage import Stage
from oversight.services import close_fellowship
from proposals import services as proposals
from proposals.models import Proposal
from publications import services as publications
from publications.models import Publication
from scoping import services as scoping
from scoping.models import Fellowship
from scoping.states import MilestoneState

A, B, E = "assistants-2026-a", "assistants-2026-b", "evaluations-2026"
SLOWER = (
    "The interviews are done. Sections 1 to 3 go out next week; the recommendation needs longer."
)
PASSAGE = "the filter is bypassed when the third tool call returns an empty body"
STEPS = "a call to a service that answers with status 204"


class Story:
    """Everything that has a name in the story, filled as it is told."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.cast = Cast()
        self.calls: dict[str, Call] = {}
        self.data: dict[str, Dataset] = {}
        self.proposals: dict[tuple[str, int], Proposal] = {}
        self.grants: dict[int, Grant] = {}
        self.findings: dict[str, Finding] = {}
        self.works: dict[str, Publication] = {}

    def tell(self) -> None:
        """Play the whole year."""
        self.stage.at(-310, self._found)
        self._spring()
        self._evaluations()
        self._autumn()
        office.plan(self)
        reviewing.plan(self)
        amending.plan(self)
        releasing.plan(self)
        reporting.plan(self)
        closing.plan(self)
        catalogue.plan(self)
        accompanying.plan(self)
        alarms.plan(self)
        delivering.plan(self)
        measuring.plan(self)
        disposing.plan(self)
        triaging.plan(self)
        translating.plan(self)
        enforcing.plan(self)
        excepting.plan(self)
        asking.plan(self)
        authoring.plan(self)
        publishing.plan(self)
        learning.plan(self)
        writing.plan(self)
        scanning.plan(self)
        overseeing.plan(self)
        auditing.plan(self)
        exporting.plan(self)
        ruling.plan(self)
        concluding.plan(self)
        identities.plan(self)
        forgetting.plan(self)
        self._board_meets()
        with unheard():  # target systems hear in the sweeps, which the story runs as time passes
            self.stage.play()
        self._read_old_notices()
        seal()

    def _read_old_notices(self) -> None:
        """People keep up with their inbox: what is older than ten days has been read."""
        old = Notice.objects.filter(created_at__lt=self.stage.day(-10), read_at=None)
        old.update(read_at=self.stage.day(-9))

    def _found(self) -> None:
        self.cast = assemble()
        self.data = catalogue.register(self.cast)

    def announce(self, key: str, opens: float, closes: float, cohort: tuple[float, float]) -> None:
        """Open the call's cohort, write the call and publish it."""
        about = content.CALLS[key]
        program = self.cast.programs[about["program"]]
        manager = self.cast["manager"]
        starts, ends = (self.stage.day(d).date() for d in cohort)
        group = open_cohort(
            program=program, name=about["cohort"], starts_on=starts, ends_on=ends, by=manager
        )
        call = draft_call(
            program=program,
            cohort=group,
            title=about["title"],
            summary=about["summary"],
            topics=about["topics"],
            constraints=content.CONSTRAINTS,
            eligibility=content.ELIGIBILITY,
            publication_rules=content.PUBLICATION,
            opens_at=self.stage.day(opens),
            closes_at=office.closing(self.stage.day(closes)),
            places=7,
            by=manager,
        )
        self.calls[key] = publish_call(call=call, by=manager)

    def _person(self, key: str, index: int) -> User:
        if (key, index) == (A, 0):
            return self.cast["fellow"]
        if key == B and index in (0, 1):
            return self.cast["applicant"]
        shift = {A: 0, B: 3, E: 7}[key]
        return self.cast[RESEARCHERS[(index + shift) % len(RESEARCHERS)].username]

    def _propose(self, key: str, index: int, **options: Any) -> None:
        idea = IDEAS[key][index]
        made = scenes.propose(self.calls[key], self._person(key, index), idea, **options)
        self.proposals[key, index] = made

    def _panel(self, key: str, index: int, **options: Any) -> None:
        scenes.panel(self.cast, self._proposal(key, index), **options)

    def _refer(self, key: str, index: int) -> None:
        proposals.refer_to_board(proposal=self._proposal(key, index), by=self.cast["manager"])

    def _decide(self, key: str, index: int, outcome: str, **options: Any) -> None:
        scenes.decide(self.cast, self._proposal(key, index), outcome, **options)

    def _proposal(self, key: str, index: int) -> Proposal:
        return Proposal.objects.select_related("call__program").get(
            pk=self.proposals[key, index].pk
        )

    def case(self, key: str, index: int) -> Fellowship:
        """The fellowship that came of a proposal, as it stands."""
        rows = Fellowship.objects.select_related("fellow", "program", "mentor")
        return rows.get(proposal=self.proposals[key, index])

    # The first cohort of the assistants' programme: seven fellowships of fourteen proposals.

    def _spring(self) -> None:
        at = self.stage.at
        at(-305, partial(self.announce, A, -304, -262, (-235, 130)))
        accepted = {0: {}, 1: {"dissent": "legal"}, 2: {}, 5: {}, 7: {"dissent": "policy"}, 8: {}}
        for index in range(14):
            at(-290 + 1.7 * index, partial(self._propose, A, index))
            weak = index in (9, 10)
            at(-258 + 0.5 * index, partial(self._panel, A, index, weak=weak))
            at(-248 + 0.3 * index, partial(self._refer, A, index))
            if index == 3:
                condition = {"text": "Counts under ten are not shown.", "days": 21}
                options: dict[str, Any] = {"conditions": [condition]}
                act = partial(self._decide, A, index, "approve_with_conditions", **options)
            elif index in accepted:
                act = partial(self._decide, A, index, "approve", **accepted[index])
            else:
                options = {12: {"recused": "policy"}, 13: {"dissent": "research"}}.get(index, {})
                act = partial(self._decide, A, index, "deny", **options)
            at(-240 + 0.3 * index, act)
        at(-232, partial(self._sign, A, 0, "refusal-logs-2026-q3"))
        at(-231, partial(self._sign, A, 1, "tool-call-traces"))
        at(-230, partial(self._sign, A, 2, "tool-call-traces"))
        at(-230.5, self._meet_condition)
        at(-229, partial(self._sign, A, 3, "preference-votes", "multilingual-refusals"))
        at(-228, partial(self._sign, A, 5, "multilingual-refusals"))
        at(-227, partial(self._sign, A, 7, "tool-call-traces"))
        at(-226, partial(self._sign, A, 8, "preference-votes", "multilingual-refusals"))
        self._drift()
        self._empty_results()
        self._others_of_spring()

    def _sign(self, key: str, index: int, *slugs: str) -> None:
        names = [self.data[slug].name for slug in slugs]
        scenes.sign(self.cast, self.case(key, index), names)

    def _begin(self, key: str, index: int) -> None:
        scoping.advance(
            fellowship=self.case(key, index),
            stage="research",
            by=self.cast["manager"],
            reason="Public data only; nothing to grant.",
        )

    def _drift(self) -> None:
        """Ada's case: from a grant to a control that worked, and a paper with one objection."""
        at = self.stage.at
        at(-220, partial(self._grant, A, 0, "refusal-logs-2026-q3", 170))
        at(-48, partial(self._grant, A, 0, "refusal-logs-2026-q3", 110))
        for day in (-190, -150, -110, -60, -20, -5):
            at(day, partial(self._use, A, 0, 60))
        at(-218, partial(self.deliver, A, 0, 1))
        at(-120, partial(self.deliver, A, 0, 1))
        at(-100, partial(self._report, A, 0, "drift", "refusal-logs-2026-q3"))
        at(-97, lambda: scenes.accept(self.cast, self.findings["drift"]))
        at(-80, partial(self._ship, "drift", "Session limit of 35 turns", (41, 60), (4, 60)))
        at(-63, partial(self._verify, "drift"))
        at(-6, partial(self._write, A, 0, "drift", PAPER, "restricted"))
        at(-5.5, lambda: scenes.staff(self.cast, self.works["drift"]))
        at(-2, lambda: self._advise("drift"))
        at(
            -1,
            lambda: scenes.object_to(
                self.cast,
                self._work("drift"),
                PASSAGE,
                ground="sensitive_security_detail",
                harm="A reproducible bypass of a live control before its fix.",
                ask="stage",
                until=self.stage.day(21),
                public_summary="One sentence on a bypass is published after its fix.",
            ),
        )

    def _empty_results(self) -> None:
        """The second case: a critical finding, a control that did not work, a contested paper."""
        at = self.stage.at
        at(-215, partial(self._grant, A, 1, "tool-call-traces", 170))
        at(-43, partial(self._grant, A, 1, "tool-call-traces", 110))
        for day in (-180, -120, -40):
            at(day, partial(self._use, A, 1, 40))
        at(-9, partial(self._use, A, 1, 30, stray=2))
        at(-75, partial(self._report, A, 1, "empty", "tool-call-traces"))
        at(-74, lambda: scenes.accept(self.cast, self.findings["empty"]))
        at(
            -60,
            partial(
                self._ship,
                "empty",
                "Wrapper that names empty results",
                (41, 60),
                (36, 60),
                control_type="prompt_template",
            ),
        )
        at(-45, partial(self._except, "empty"))
        at(-28, partial(self._write, A, 1, "empty", TOOL_PAPER, "vulnerability"))
        at(-27, lambda: scenes.staff(self.cast, self.works["empty"]))
        at(
            -18,
            lambda: scenes.object_to(
                self.cast,
                self._work("empty"),
                STEPS,
                ground="material_misuse_risk",
                harm="Anyone could repeat the attack before the wrapper is replaced.",
                ask="redact",
                public_summary="The exact sequence of calls is left out.",
            ),
        )
        at(-12, self._contest)

    def _others_of_spring(self) -> None:
        at = self.stage.at
        at(-60, partial(self._report, A, 2, "session"))
        at(-190, partial(self._grant, A, 5, "multilingual-refusals", 320))
        for day in (-150, -90, -30):
            at(day, partial(self._use, A, 5, 24))
        at(-70, partial(self._report, A, 5, "filter", "multilingual-refusals"))
        at(-20, partial(self.check_in, A, 5, "Waiting.", "No second reader for Hausa since May."))
        at(-35, partial(self._grant, A, 7, "tool-call-traces", 120))
        at(-8, partial(self._report, A, 7, "hidden", "tool-call-traces"))
        at(-3, lambda: scenes.accept(self.cast, self.findings["hidden"]))
        at(-200, partial(self._grant, A, 3, "preference-votes", 150))
        at(-130, partial(self._use, A, 3, 30))
        at(-95, partial(self._report, A, 3, "votes", "preference-votes"))
        at(-90, self._explore)
        at(
            -30,
            lambda: scoping.end(
                fellowship=self.case(A, 3), by=self.cast["manager"], reason="Work delivered."
            ),
        )
        at(-20, self._delete)
        at(-4, partial(self._request, A, 2, "tool-call-traces"))
        at(-1.2, self._alarm)

    # The evaluations programme: five fellowships of twelve proposals, one of them closed.

    def _evaluations(self) -> None:
        at = self.stage.at
        at(-232, partial(self.announce, E, -231, -196, (-165, 60)))
        for index in range(12):
            at(-222 + 1.9 * index, partial(self._propose, E, index))
            at(-192 + 0.5 * index, partial(self._panel, E, index, weak=index in (9, 11)))
            at(-182 + 0.3 * index, partial(self._refer, E, index))
            outcome = "approve" if index in (0, 1, 3, 4, 6) else "deny"
            at(-172 + 0.3 * index, partial(self._decide, E, index, outcome))
        for index in (0, 1, 3, 6):
            at(-160 + index, partial(self._sign, E, index))
        for index in (0, 1, 3, 6):
            at(-150 + index, partial(self._begin, E, index))
        at(-3, lambda: scenes.offer(self.cast, self.case(E, 4)))
        at(-100, partial(self._write, E, 0, "contamination", PUBLIC_PAPER, "methods"))
        at(-99, lambda: scenes.staff(self.cast, self.works["contamination"]))
        at(-90, partial(self._clear, "contamination"))
        at(-41, lambda: evaluation.bring(self.proposals[E, 0], self.cast["manager"]))
        at(-40, partial(self.deliver, E, 0, 9))
        at(-15, partial(self._close, E, 0))
        at(-45, partial(self._write, E, 1, "bars", PUBLIC_PAPER.replace("500", "300"), "methods"))
        at(-44, lambda: scenes.staff(self.cast, self.works["bars"]))
        for day in (-120, -90, -60, -30):
            at(day, partial(self.check_in, E, 6, "Interviews done as planned."))
        at(-25, partial(self.check_in, E, 3, SLOWER))

    # The open call of the assistants' programme.

    def _autumn(self) -> None:
        at = self.stage.at
        at(-41, partial(self.announce, B, -40, 4, (30, 240)))
        for index in range(14):
            at(-34 + 1.5 * index, partial(self._propose, B, index, submit=index not in (1, 13)))
        for index in range(2, 9):
            sent = None if index < 5 else index - 5
            split = index == 8
            at(-11 + 0.4 * index, partial(self._panel, B, index, sent=sent, split=split))
        at(-12, partial(self._panel, B, 0))
        for index in (0, 2, 3):
            at(-7 + 0.4 * index, partial(self._refer, B, index))
        self._contested()
        at(-3, self._first_votes)
        at(
            -2,
            lambda: proposals.withdraw_proposal(
                proposal=self._proposal(B, 12),
                by=self._person(B, 12),
                reason="We found funding elsewhere.",
            ),
        )

    def _contested(self) -> None:
        """A proposal declined, replied to, and reviewed by two mentors; one finding is awaited."""
        at = self.stage.at
        at(-6.5, partial(self._refer, B, 4))
        at(-6, partial(self._decide, B, 4, "deny"))
        at(-5, lambda: scenes.reply_to(self._proposal(B, 4), REPLY))
        at(-4, lambda: scenes.answer_reply(self.cast, self._proposal(B, 4), ANSWER))
        at(-3.5, lambda: scenes.ask_review(self._proposal(B, 4), GROUND))
        at(-2.5, lambda: scenes.name_reviewers(self.cast, self._proposal(B, 4)))
        at(-0.5, lambda: scenes.first_finding(self.cast, self._proposal(B, 4), FOUND))

    # The board's standing meetings, and what waits for the next.

    def _board_meets(self) -> None:
        at = self.stage.at
        at(-50, self._set_the_cadence)
        at(-4, self._ask_for_more_time)
        at(-2.5, lambda: boardroom.add_a_risk(self.cast))
        at(-1.5, lambda: boardroom.propose_consent(self.cast, self._proposal(B, 0)))

    def _set_the_cadence(self) -> None:
        for meeting in boardroom.begin(self.cast, self._assistants(), now()):
            if meeting.starts_at < self.stage.today:
                minutes = partial(boardroom.keep_minutes, self.cast, meeting)
                self.stage.at_instant(meeting.starts_at, minutes)

    def _ask_for_more_time(self) -> None:
        boardroom.ask_for_more_time(self.cast, self.findings["hidden"], self.stage.day(40))

    def _assistants(self) -> Program:
        return self.calls[A].program

    # Acts used above.

    def _owner(self) -> User:
        return self.cast["product-owner"]

    def _work(self, name: str) -> Publication:
        return Publication.objects.select_related("fellowship", "program").get(
            pk=self.works[name].pk
        )

    def _grant(self, key: str, index: int, slug: str, days: int) -> None:
        self.grants[index] = scenes.grant(self.cast, self.case(key, index), self.data[slug], days)

    def _use(self, key: str, index: int, count: int, **options: Any) -> None:
        scenes.use(self.grants[index], count, **options)

    def _request(self, key: str, index: int, slug: str) -> None:
        made = scenes.request(self.cast, self.case(key, index), self.data[slug], begins=21)
        access.refer_request(request=made, by=self.cast["manager"])

    def check_in(self, key: str, index: int, notes: str, blockers: str = "") -> None:
        """The fellow writes what the month brought, and what blocks the work."""
        case = self.case(key, index)
        scoping.check_in(fellowship=case, by=case.fellow, notes=notes, blockers=blockers, hours=2)

    def deliver(self, key: str, index: int, count: int) -> None:
        """The next `count` milestones are delivered, and accepted; a checkpoint goes on."""
        planned = self.case(key, index).milestones.filter(state=MilestoneState.PLANNED)
        for milestone in planned.order_by("due_on", "id")[:count]:
            delivering.hand_in(milestone.pk)
            delivering.judge(self, milestone.pk)

    def _report(self, key: str, index: int, name: str, *slugs: str) -> None:
        sources = [self.data[slug] for slug in slugs]
        self.findings[name] = scenes.report(self.case(key, index), name, sources)

    def _ship(
        self,
        name: str,
        title: str,
        before: tuple[int, int],
        after: tuple[int, int],
        **options: str,
    ) -> None:
        finding = Finding.objects.select_related("program", "fellowship").get(
            pk=self.findings[name].pk
        )
        told = name == "drift"
        costs = partial(measuring.costs, self) if told else None
        made = scenes.control(self.cast, finding, title, before, costs=costs, **options)
        later = (now() - self.stage.today).days + 14
        self.stage.at(later, partial(scenes.measured, self.cast, made, after))
        if told:
            self.stage.at(later + 0.1, partial(measuring.counted_again, self, made))

    def _verify(self, name: str) -> None:
        finding = Finding.objects.get(pk=self.findings[name].pk)
        findings.verify_control(control=finding.controls.get(), by=self.cast["manager"])
        findings.close_finding(finding=finding, closure="control", by=self._owner())

    def _explore(self) -> None:
        finding = self.findings["votes"]
        findings.take_finding(finding=finding, by=self._owner())
        finding = findings.accept_finding(
            finding=finding,
            by=self._owner(),
            reason="Worth knowing; nothing to operate yet.",
            actionable=False,
        )
        findings.close_finding(finding=finding, closure="exploratory", by=self._owner())

    def _except(self, name: str) -> None:
        finding = Finding.objects.get(pk=self.findings[name].pk)
        exception = governance.request_exception(
            program=finding.program,
            kind="control_not_implemented",
            subject=finding,
            title="No lasting fix for empty tool results yet",
            owner=self._owner(),
            rationale="The wrapper did not help; the fix needs the next release of the runtime.",
            risk="Injected instructions run in about two of three attempts.",
            compensating_measure="Tool calls with empty results are logged and sampled daily.",
            measure_test="Ten planted attempts a week; all must show up in the sample.",
            expires_at=self.stage.day(6),
            by=self.cast["manager"],
        )
        scenes.decide(self.cast, exception)

    def _write(self, key: str, index: int, name: str, text: str, work_class: str) -> None:
        title = text.splitlines()[0].removeprefix("# ")
        if name == "bars":
            title = "Error bars for everyone: ties at the top of three leaderboards"
        uses: dict[str, Any] = {}
        if name in self.findings:
            uses["findings"] = [self.findings[name]]
        if index in self.grants and key == A:
            uses["datasets"] = [self.grants[index].dataset]
        self.works[name] = scenes.write(self.case(key, index), title, text, work_class, **uses)

    def _advise(self, name: str) -> None:
        publications.give_scientific_review(
            publication=self._work(name),
            soundness=4,
            reproducibility=4,
            support=5,
            advice="Sound and plainly told. Report the agreement of the two raters by request, "
            "and say how the sixty requests were chosen.",
            by=self.cast["reviewer"],
        )

    def _clear(self, name: str) -> None:
        publications.clear_policy_review(
            publication=self._work(name), by=self.cast["policy-reviewer"]
        )
        publications.record_outcome(
            publication=self._work(name),
            by=self._work(name).fellowship.fellow,
            doi="10.5555/fellowship.demo.1",
            venue="Workshop on Honest Benchmarks 2026",
        )

    def _contest(self) -> None:
        work = self._work("empty")
        publications.contest_objection(
            objection=work.objections.get(),
            by=work.fellowship.fellow,
            reason="The sequence follows from the documentation of any such service. Without it "
            "nobody can repeat the study.",
        )

    def _meet_condition(self) -> None:
        for condition in Condition.objects.unsettled(self.stage.today).select_related(
            "owner", "verifier"
        ):
            governance.meet_condition(
                condition=condition, by=condition.owner, evidence="Section 4 of the protocol, v2."
            )
            governance.verify_condition(condition=condition, by=condition.verifier)

    def _delete(self) -> None:
        case = self.case(A, 3)
        access.confirm_deletion(
            fellowship=case,
            dataset=self.data["preference-votes"],
            method="secure_delete",
            tool="Volume destroyed by the environment’s own procedure",
            scope="The project volume and its nightly backups.",
            by=case.fellow,
        )

    def _alarm(self) -> None:
        case = self.case(A, 2)
        escalation = governance.raise_escalation(
            program=case.program,
            kind="vulnerability",
            severity="high",
            summary="Reconnecting resets the hourly limit of the gateway for every client. Seen "
            "twenty times of twenty.",
            subject=case,
            fellow=case.fellow,
            by=case.fellow,
        )
        governance.acknowledge(
            escalation=escalation, by=self.cast["oncall"], text="Seen. Reproducing it now."
        )

    def _close(self, key: str, index: int) -> None:
        case = self.case(key, index)
        scoping.end(fellowship=case, by=self.cast["manager"], reason="Everything was delivered.")
        close_fellowship(
            fellowship=self.case(key, index),
            by=self.cast["manager"],
            reason="All obligations are met.",
        )

    def _first_votes(self) -> None:
        proposal = self._proposal(B, 0)
        conflict = declare_conflict(
            user=self.cast["board-legal"],
            subject=proposal,
            realm=proposal.program_id,
            kind="employer",
            statement="I taught at the applicant's institute until last year.",
            by=self.cast["board-legal"],
        )
        governance.request_override(
            conflict=conflict,
            by=self.cast["manager"],
            reason="The institute has two thousand people, and nobody else here knows its licence.",
        )
        matter = scenes.matter_about(proposal)
        people = [self.cast["board-research"], self.cast["board-policy"]]
        scenes.declare_none(self.cast, proposal, people)
        for member in people:
            scenes.vote(self.cast, matter, member, "approve")
