"""The numbers of a database for measurement, and how each kind of record comes to be there.

Deterministic: what differs between two copies follows from their number. Copies repeat the words,
answers and hashes of the case they are copied from; only the case itself is whole in every part.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Final

from access import services as access
from access.models import Agreement, Grant
from fellowship.accounts.models import Conflict, User
from fellowship.history.bulk import create_many
from fellowship.kernel.time import now
from findings.models import (
    ArtifactSource,
    Control,
    ControlMetric,
    Finding,
    FindingEvidence,
    Measurement,
)
from findings.states import MetricRole, Severity
from governance.models import Matter, RulePin
from oversight.scale.copies import FILLER, VERB, Copies, keep, keep_each
from oversight.scale.model_case import ModelCase
from proposals.models import Assignment, Proposal, Review
from proposals.states import ProposalState
from scoping.models import Fellowship, ScopeOfWork, Training

REVIEWERS: Final = ("reviewer", "reviewer-two", "reviewer-three", "reviewer-four")
BATCH: Final = 50_000
TWO_MONTHS: Final = dt.timedelta(days=60)
"""Over so long access events are laid, the last of them yesterday."""
"""Access events reported at once."""
STATES: Final = (
    ProposalState.IN_REVIEW,
    ProposalState.SUBMITTED,
    ProposalState.IN_REVIEW,
    ProposalState.DECLINED,
    ProposalState.IN_REVIEW,
    ProposalState.WITHDRAWN,
    ProposalState.IN_REVIEW,
    ProposalState.SUBMITTED,
    ProposalState.IN_REVIEW,
    ProposalState.WITH_BOARD,
)
RANKS: Final = {Severity.CRITICAL: 4, Severity.HIGH: 3, Severity.MEDIUM: 2, Severity.LOW: 1}
PARTS: Final = ("chat", "tool use", "memory", "voice", "search", "agents", "filters")
Say = Callable[[str], object]


@dataclass(frozen=True)
class Numbers:
    """How many of each; the numbers of the budgets at scale 1."""

    fellowships: int = 100
    proposals: int = 10_000
    findings: int = 100_000
    exceptions: int = 10_000
    expiring: int = 1_000
    events: int = 1_000_000

    def scaled(self, scale: float) -> Numbers:
        """The numbers times `scale`, at least two of each."""
        return Numbers(*(max(2, round(getattr(self, f.name) * scale)) for f in fields(self)))


NONE: Final = Numbers(1, 1, 1, 1, 0, 0)
"""What the model case itself brings."""


@dataclass
class Filling:
    """A model case and what is copied from it; grows in as many steps as one likes."""

    say: Say = print
    case: ModelCase = field(default_factory=ModelCase)
    there: Numbers = NONE
    numbers: Numbers = NONE
    cases: list[Fellowship] = field(default_factory=list)
    artifacts: dict[int, int] = field(default_factory=dict)
    applicants: list[User] = field(default_factory=list)

    def fill(self, numbers: Numbers) -> None:
        """Tell the model case, then copy it up to the numbers."""
        self.tell()
        self.grow(numbers)

    def tell(self) -> None:
        """Tell the model case."""
        self.case.tell()
        self.cases = [self.case.fellowship]
        evidence: FindingEvidence = self.case.finding.evidence.get()
        self.artifacts = {self.case.fellowship.pk: evidence.artifact_id}
        self.say("One case told through the services.")

    def grow(self, numbers: Numbers) -> None:
        """Copy up to the numbers from what is there; none is ever taken away."""
        self.numbers = numbers
        self._people()
        self._proposals()
        self._fellowships()
        self._findings()
        self._exceptions()
        self._events()
        self.there = numbers

    # --- people and proposals

    def _people(self) -> None:
        wanted = max(self.numbers.fellowships, self.numbers.proposals // 20)
        there = len(self.applicants)
        people = [
            User(
                username=f"applicant-{number:05d}",
                email=f"applicant-{number:05d}@fellowship.example",
                name=f"Applicant {number:05d}",
                affiliation="University of the Middle",
                password="!",  # noqa: S106 - nobody signs in with it
            )
            for number in range(there, wanted)
        ]
        create_many(people, verb=VERB, by=FILLER)  # type: ignore[type-var]  # history by signal
        named = User.objects.filter(username__startswith="applicant-")
        self.applicants = list(named.order_by("pk"))
        self.say(f"{wanted:,} applicants.")

    def _proposals(self) -> None:
        model = self.case.proposal
        made = keep_each(Copies(model, self._proposal_changes()), self._with_reviews)
        self.say(f"{made:,} proposals with versions and reviews.")

    def _proposal_changes(self) -> Iterator[dict[str, Any]]:
        start = self.there.proposals
        for number in range(start, self.numbers.proposals):
            nth = number - start
            accepted = nth < self.numbers.fellowships - self.there.fellowships
            # Nobody is the fellow of two cases.
            person = self.there.fellowships - 1 + nth if accepted else number
            state = ProposalState.ACCEPTED if accepted else STATES[number % len(STATES)]
            decided = state in (ProposalState.ACCEPTED, ProposalState.DECLINED)
            submitted = self.case.today - dt.timedelta(days=110, minutes=-13 * number)
            yield {
                "ref": f"PRO-{self.case.today.year}-{number:06d}",
                "applicant_id": self.applicants[person % len(self.applicants)].pk,
                "title": f"{self.case.proposal.title}, variation {number}",
                "state": state,
                "submitted_at": submitted,
                "decided_at": submitted + dt.timedelta(days=20) if decided else None,
            }

    def _with_reviews(self, rows: list[Proposal]) -> None:
        model = self.case.proposal
        version = model.versions.get(number=model.version)
        keep(
            Copies(
                version,
                (
                    {
                        "proposal_id": row.pk,
                        "submitted_by_id": row.applicant_id,
                        "submitted_at": row.submitted_at,
                        "number": row.version,
                    }
                    for row in rows
                ),
            )
        )
        read = [row for row in rows if row.state != ProposalState.SUBMITTED]
        self._reviews(read)
        self._matters([row for row in read if row.decided_at], decided=True)
        self._matters([r for r in read if r.state == ProposalState.WITH_BOARD], decided=False)

    def _reviews(self, rows: list[Proposal]) -> None:
        cast, review = self.case.cast, self.case.proposal.reviews.order_by("pk").first()
        if review is None:
            raise ValueError("the model case has no review to copy")
        pairs = [
            (row, cast[REVIEWERS[(row.pk + number) % len(REVIEWERS)]])
            for row in rows
            for number in range(2)
        ]
        assigned: list[Assignment] = keep(
            Copies(
                review.assignment,
                ({"proposal_id": row.pk, "reviewer_id": person.pk} for row, person in pairs),
            )
        )
        cleared = Conflict.objects.get(user=review.reviewer, subject_id=self.case.proposal.pk)
        keep(
            Copies(cleared, ({"user_id": p.pk, "subject_id": row.pk} for row, p in pairs)),
        )
        # Every fifth reviewer is not done yet.
        done = [one for number, one in enumerate(assigned) if number % 5]
        reviews: list[Review] = keep(
            Copies(
                review,
                (
                    {
                        "assignment_id": one.pk,
                        "proposal_id": one.proposal_id,
                        "reviewer_id": one.reviewer_id,
                        "number": number % 2 + 1,
                    }
                    for number, one in enumerate(assigned)
                    if number % 5
                ),
            )
        )
        assert len(reviews) == len(done)  # noqa: S101 - the two lists run in step
        for score in review.scores.all():
            keep(
                Copies(
                    score,
                    ({"review_id": made.pk, "value": 1 + made.pk % 5} for made in reviews),
                )
            )

    def _matters(self, rows: list[Proposal], *, decided: bool) -> None:
        model: Matter = Matter.objects.get(
            subject_type="proposals.proposal", subject_id=self.case.proposal.pk
        )
        closes = self.case.today + dt.timedelta(days=10)
        state = {} if decided else {"state": "voting", "ended_at": None, "due_at": closes}
        matters: list[Matter] = keep(
            Copies(
                model,
                (
                    {
                        "ref": f"MAT-{self.case.today.year}-{row.pk:06d}",
                        "subject_id": row.pk,
                        "title": row.title[:250],
                        **state,
                    }
                    for row in rows
                ),
            )
        )
        self._room(model, matters, decided=decided)
        if decided:
            by_pk = {row.pk: row for row in rows}
            decided_on = (self._decision(matter, by_pk[matter.subject_id]) for matter in matters)
            keep(Copies(model.decision, decided_on))

    def _room(self, model: Matter, matters: list[Matter], *, decided: bool) -> None:
        keep(Copies(model.dossier, ({"matter_id": m.pk} for m in matters)))
        for subject in model.subjects.all():
            same = subject.subject_type == model.subject_type
            keep(
                Copies(
                    subject,
                    (
                        {
                            "matter_id": m.pk,
                            "subject_id": m.subject_id if same else subject.subject_id,
                        }
                        for m in matters
                    ),
                )
            )
        if not matters:
            return
        open_until = {} if decided else {"closed_at": None, "closes_at": matters[0].due_at}
        ballots = keep(Copies(model.ballot, ({"matter_id": m.pk, **open_until} for m in matters)))
        for seat in model.ballot.seats.all():
            seats = keep(Copies(seat, ({"ballot_id": b.pk} for b in ballots)))
            if decided:
                keep(Copies(seat.vote, ({"ballot_seat_id": s.pk} for s in seats)))

    def _decision(self, matter: Matter, row: Proposal) -> dict[str, Any]:
        accepted = row.state == ProposalState.ACCEPTED
        return {
            "matter_id": matter.pk,
            "outcome": "approve" if accepted else "deny",
            "decided_at": row.decided_at,
        }

    # --- fellowships with scope, training and grant

    def _fellowships(self) -> None:
        model = self.case.fellowship
        accepted = Proposal.objects.filter(state=ProposalState.ACCEPTED, fellowship=None)
        made = keep(
            Copies(
                model,
                (
                    {
                        "proposal_id": row.pk,
                        "fellow_id": row.applicant_id,
                        "ref": f"FEL-{self.case.today.year}-{number:06d}",
                        "title": row.title,
                    }
                    for number, row in enumerate(accepted.order_by("pk"), len(self.cases))
                ),
            )
        )
        self.cases += made
        scope: ScopeOfWork = model.scopes.get(state="signed")
        keep(Copies(scope, ({"fellowship_id": row.pk} for row in made)))
        for pin in RulePin.objects.filter(
            subject_type=model._meta.label_lower, subject_id=model.pk
        ):
            keep(Copies(pin, ({"subject_id": row.pk} for row in made)))
        training: Training = model.fellow.trainings.get()
        keep(Copies(training, ({"person_id": row.fellow_id} for row in made)))
        self._grants(made)
        self.say(f"{len(made):,} fellowships with scope, training and grant.")

    def _grants(self, made: list[Fellowship]) -> None:
        grant, year = self.case.grant, self.case.today.year
        agreement, request = grant.agreement, grant.request
        requests = keep(
            Copies(
                request,
                (
                    {
                        "ref": f"REQ-{year}-{row.pk:06d}",
                        "fellowship_id": row.pk,
                        "person_id": row.fellow_id,
                        "requested_by_id": row.fellow_id,
                    }
                    for row in made
                ),
            )
        )
        agreements: list[Agreement] = keep(
            Copies(
                agreement,
                (
                    {
                        "ref": f"AGR-{year}-{asked.pk:06d}",
                        "request_id": asked.pk,
                        "person_id": asked.person_id,
                        "accepted_by_id": asked.person_id,
                    }
                    for asked in requests
                ),
            )
        )
        triples = zip(made, requests, agreements, strict=True)
        keep(
            Copies(
                grant,
                (
                    {
                        "ref": f"GRA-{year}-{asked.pk:06d}",
                        "request_id": asked.pk,
                        "agreement_id": accepted.pk,
                        "fellowship_id": row.pk,
                        "person_id": row.fellow_id,
                    }
                    for row, asked, accepted in triples
                ),
            )
        )

    # --- findings

    def _findings(self) -> None:
        evidence: FindingEvidence = self.case.finding.evidence.get()
        self._artifacts(evidence)

        def prove(rows: list[Finding]) -> None:
            keep(
                Copies(
                    evidence,
                    (
                        {"finding_id": row.pk, "artifact_id": self.artifacts[row.fellowship_id]}
                        for row in rows[::2]
                    ),
                )
            )
            self._controls([row for row in rows if row.state == "accepted"][::4])

        made = keep_each(Copies(self.case.finding, self._finding_changes()), prove)
        self.say(f"{made:,} findings, some with evidence, controls and measurements.")

    def _artifacts(self, evidence: FindingEvidence) -> None:
        new = [row for row in self.cases if row.pk not in self.artifacts]
        hashes = {row.pk: hashlib.sha256(row.ref.encode()).hexdigest() for row in new}
        made = keep(
            Copies(
                evidence.artifact,
                ({"fellowship_id": key, "sha256": digest} for key, digest in hashes.items()),
            )
        )
        source: ArtifactSource = evidence.artifact.sources.get()
        keep(Copies(source, ({"artifact_id": row.pk} for row in made)))
        self.artifacts |= {row.fellowship_id: row.pk for row in made}

    def _finding_changes(self) -> Iterator[dict[str, Any]]:
        severities = list(RANKS)
        owner = self.case.cast["product-owner"].pk
        for number in range(self.there.findings, self.numbers.findings):
            row = self.cases[number % len(self.cases)]
            severity = severities[(number * 7 + number // 11) % 4]
            reported = self.case.today - dt.timedelta(minutes=number * 577 % 57_000)
            due = reported + dt.timedelta(days=10 + 20 * (number % 3))
            accepted, deferred = number % 10 in (1, 4, 7), number % 10 == 9
            state = "accepted" if accepted else "deferred" if deferred else "reported"
            if number % 10 in (2, 5):
                state = "investigating"
            yield {
                "fellowship_id": row.pk,
                "reported_by_id": row.fellow_id,
                "reported_at": reported,
                "ref": f"FND-{self.case.today.year}-{number:06d}",
                "title": f"{self.case.finding.title}: {PARTS[number % 7]}, form {number}",
                "system": f"Assistants {PARTS[number % 7]}",
                "severity": severity,
                "severity_rank": RANKS[severity],
                "technique": f"AML.T{number % 60:04d}",
                "state": state,
                "actionable": True if accepted else None,
                "product_owner_id": owner if state in ("accepted", "investigating") else None,
                "mapping": "control" if accepted else "",
                "rationale": "Reproduced; the fix waits for the release."
                if accepted or deferred
                else "",
                "look_again_at": self.case.today + dt.timedelta(days=30) if deferred else None,
                "due_at": None if deferred else due,
            }

    def _controls(self, rows: list[Finding]) -> None:
        model: Control = self.case.finding.controls.get()
        metric: ControlMetric = model.metrics.get(role=MetricRole.PRIMARY)
        measured: list[Measurement] = list(metric.measurements.all())
        controls = keep(
            Copies(
                model,
                (
                    {
                        "finding_id": row.pk,
                        "ref": f"CTL-{self.case.today.year}-{row.pk:06d}",
                        "family": ("preventive", "detective")[row.pk % 2],
                    }
                    for row in rows
                ),
            )
        )
        metrics = keep(Copies(metric, ({"control_id": control.pk} for control in controls)))
        for number, one in enumerate(measured):
            keep(Copies(one, ({"metric_id": m.pk} for m in metrics if number or m.pk % 3)))

    # --- exceptions and the access trail

    def _exceptions(self) -> None:
        made = keep_each(Copies(self.case.exception, self._exception_changes()), lambda rows: None)
        self.say(f"{made:,} exceptions, {self.numbers.expiring:,} in all end within the hour.")

    def _exception_changes(self) -> Iterator[dict[str, Any]]:
        soon = self.case.today + dt.timedelta(hours=1)
        findings = Finding.objects.order_by("pk").values_list("pk", "ref", "title")
        subjects = itertools.cycle(list(findings[: self.numbers.exceptions]))
        start, ending = self.there.exceptions, self.numbers.expiring - self.there.expiring
        for number in range(start, self.numbers.exceptions):
            key, ref, title = next(subjects)
            expiring = number - start < ending
            later = self.case.today + dt.timedelta(days=60 + number % 300)
            yield {
                "ref": f"EXC-{self.case.today.year}-{number:06d}",
                "subject_id": key,
                "subject_label": f"{ref} {title}"[:250],
                "title": f"{self.case.exception.title} ({number})",
                "expires_at": soon if expiring else later,
                "measure_due_at": None if expiring else later - dt.timedelta(days=30),
            }

    def _events(self) -> None:
        """Reported through the service, each judged and bound to the ledger."""
        prefix = f"run-{self.there.events}"
        rows = event_rows(self.case, self.numbers.events - self.there.events, prefix=prefix)
        program = self.case.fellowship.program
        accepted = 0
        while batch := list(itertools.islice(rows, BATCH)):
            report = access.ingest(
                program=program, events=batch, source="research-environment", by=FILLER
            )
            accepted += report.accepted
        self.say(f"{accepted:,} access events.")


def event_rows(
    case: ModelCase, count: int, *, prefix: str = "run", over: dt.timedelta = TWO_MONTHS
) -> Iterator[dict[str, Any]]:
    """Reports of the research environment, in order over so long a time that ended yesterday.

    Every thousandth does what its grant does not allow.
    """
    grants = Grant.objects.filter(dataset=case.grant.dataset).order_by("pk")
    people = list(grants.values_list("person__email", flat=True))
    dataset, step = case.grant.dataset.slug, over / max(count, 1)
    started = now() - dt.timedelta(days=1) - over
    kinds = ("query", "query", "dataset_access", "code_execution")
    for number in range(count):
        yield {
            "id": f"{prefix}-{number}",
            "at": (started + step * number).isoformat(),
            "person": people[number % len(people)],
            "dataset": dataset,
            "kind": "export" if number % 1000 == 999 else kinds[number % 4],
            "session": f"session-{number // 64}",
            "details": {"rows": 40 + number % 400},
        }
