"""The one case that is told through the services; everything else at scale is copied from it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from access.models import Grant
from fellowship.kernel.time import frozen, now
from fellowship.programs.models import Call
from fellowship.programs.services import draft_call, open_cohort, publish_call
from findings.models import Control, Finding
from governance import services as governance
from governance.models import ExceptionRecord
from oversight.demo import catalogue, scenes
from oversight.demo.cast import Cast, assemble, refresh
from oversight.demo.content import programs as content
from oversight.demo.content.proposals import IDEAS
from proposals import services as proposals
from proposals.models import Proposal
from scoping.models import Fellowship

KEY = "assistants-2026-a"
DATASET = "refusal-logs-2026-q3"


@dataclass
class ModelCase:
    """Who takes part, and one record of each kind."""

    today: dt.datetime = field(default_factory=now)
    cast: Cast = field(default_factory=Cast)

    call: Call = field(init=False)
    proposal: Proposal = field(init=False)
    fellowship: Fellowship = field(init=False)
    grant: Grant = field(init=False)
    finding: Finding = field(init=False)
    control: Control = field(init=False)
    exception: ExceptionRecord = field(init=False)

    def tell(self) -> None:
        """Tell the case, from the founding to the first measurement."""
        with self._on(-120):
            self.cast = assemble()
            datasets = catalogue.register(self.cast)
        with self._on(-118):
            self.call = self._call()
        with self._on(-110):
            self.proposal = scenes.propose(self.call, self.cast["fellow"], IDEAS[KEY][0])
        with self._on(-95):
            scenes.panel(self.cast, self.proposal)
        with self._on(-85):
            proposals.refer_to_board(proposal=self.proposal, by=self.cast["manager"])
            scenes.decide(self.cast, self.proposal)
            self.proposal = Proposal.objects.get(pk=self.proposal.pk)
        with self._on(-80):
            self.fellowship = self._fellowship()
            scenes.sign(self.cast, self.fellowship, [datasets[DATASET].name])
            self.fellowship = self._fellowship()
        with self._on(-75):
            self.grant = scenes.grant(self.cast, self.fellowship, datasets[DATASET], 150)
        self._findings(datasets[DATASET])
        refresh(self.cast)

    def _findings(self, dataset: Any) -> None:
        with self._on(-40):
            self.finding = scenes.report(self.fellowship, "drift", [dataset])
        with self._on(-39):
            self.finding = scenes.accept(self.cast, self.finding)
        with self._on(-30):
            title = "Session limit of 35 turns"
            self.control = scenes.control(self.cast, self.finding, title, (41, 60))
            self.exception = self._exception()
        with self._on(-14):
            scenes.measured(self.cast, self.control, (4, 60))

    def _on(self, day: float) -> Any:
        return frozen(self.today + dt.timedelta(days=day))

    def _call(self) -> Call:
        about = content.CALLS[KEY]
        program, manager = self.cast.programs[about["program"]], self.cast["manager"]
        group = open_cohort(
            program=program,
            name=about["cohort"],
            starts_on=(self.today - dt.timedelta(days=84)).date(),
            ends_on=(self.today + dt.timedelta(days=280)).date(),
            by=manager,
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
            opens_at=self.today - dt.timedelta(days=117),
            closes_at=self.today + dt.timedelta(days=30),
            places=100,
            by=manager,
        )
        return publish_call(call=call, by=manager)

    def _fellowship(self) -> Fellowship:
        rows = Fellowship.objects.select_related("fellow", "program", "mentor")
        return rows.get(proposal=self.proposal)

    def _exception(self) -> ExceptionRecord:
        asked = governance.request_exception(
            program=self.finding.program,
            kind="control_not_implemented",
            subject=self.finding,
            title="No lasting fix for empty tool results yet",
            owner=self.cast["product-owner"],
            rationale="The fix needs the next release of the runtime.",
            risk="Injected instructions run in about two of three attempts.",
            compensating_measure="Tool calls with empty results are logged and sampled daily.",
            measure_test="Ten planted attempts a week; all must show up in the sample.",
            expires_at=now() + dt.timedelta(days=60),
            by=self.cast["manager"],
        )
        scenes.decide(self.cast, asked)
        return ExceptionRecord.objects.get(pk=asked.pk)
