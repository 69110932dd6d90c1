"""The sections of a scope of work as data.

The document, the drafting form, the check-answers page, the difference of two versions, the API and
the board's dossier all derive from this one list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from fellowship.accounts.roles import ROLES
from fellowship.kernel.saying import joined, say, say_n, within
from scoping import stages
from scoping.stages import Stage
from scoping.states import Credit, Environment, Operation, Tier

Kind = Literal[
    "text", "names", "choices", "choice", "days", "yes_no", "milestones", "checkpoints", "stages"
]
TEXT_MAX: Final = 20_000
LISTS: Final = ("names", "choices", "milestones", "checkpoints", "stages")


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause. Prose is kept in `terms[key]`; an enforced clause is the column of that name."""

    key: str
    label: str
    kind: Kind = "text"
    enforced: bool = False
    required: bool = True
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    rows: int = 4

    @property
    def is_list(self) -> bool:
        """Whether its value reads as one item a line."""
        return self.kind in LISTS

    def shown(self, value: Any) -> str:
        """The value as the document reads."""
        return _SHOWN[self.kind](value, dict(self.choices))


@dataclass(frozen=True, slots=True)
class Section:
    """One heading of the document with its clauses, numbered from its place in the list."""

    number: int
    key: str
    title: str
    clauses: tuple[Clause, ...]

    def label(self, clause: Clause) -> str:
        """How the clause is cited: “4.2 Datasets”."""
        return joined(" ", (f"{self.number}.{self.clauses.index(clause) + 1}", clause.label))


def milestone_lines(items: Iterable[Mapping[str, Any]]) -> str:
    """Milestones one a line: date, title."""
    return "\n".join(f"{item['due']}: {item['title']}" for item in items)


def _stage_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """Stages one a line: name, first day, what it allows less, what is looked at before the next.

    “Open groundwork, from 2026-01-05: public data at most; freedom to publish high.”
    """
    return joined("\n", (_stage_line(stage) for stage in stages.read(rows)))


def _stage_line(stage: Stage) -> str:
    said = [_LESS[key](value) for key, value in stage.less.items()]
    said.append(say("freedom to publish: {label}", label=stage.freedom.label.lower()))
    ends = say(". Then: {switch}", switch=stage.switch) if stage.switch else ""
    return say(
        "{title}, from {since}: {said}{ends}",
        title=stage.title,
        since=stage.since,
        said=joined("; ", said),
        ends=ends,
    )


def _named(names: Iterable[str]) -> str:
    return joined(", ", names) or say("none")


_LESS: Final[dict[str, Callable[[Any], str]]] = {
    "max_tier": lambda tier: say("{label} data at most", label=Tier(tier).label.lower()),
    "datasets": lambda names: say("datasets: {named}", named=_named(names)),
    "operations": lambda ops: say(
        "operations: {named}", named=_named(Operation(op).label.lower() for op in ops)
    ),
    "environment": lambda place: say(
        "in {label}",
        label=within(Environment(place).label),
    ),
    "code_may_leave": lambda leaves: say("code may leave") if leaves else say("code may not leave"),
}


def _listed(value: Any, labels: Mapping[str, str]) -> str:
    return joined("\n", (labels.get(v, str(v)) for v in value)) or say("None")


_SHOWN: Final[dict[str, Callable[[Any, Mapping[str, str]], str]]] = {
    "text": lambda value, labels: str(value or "").strip() or "–",
    "names": _listed,
    "choices": _listed,
    "choice": lambda value, labels: labels.get(value, str(value)),
    "days": lambda value, labels: say_n(value, "{n} calendar day", "{n} calendar days"),
    "yes_no": lambda value, labels: say("Yes") if value else say("No"),
    "milestones": lambda value, labels: milestone_lines(value) or say("None"),
    "checkpoints": lambda value, labels: milestone_lines(value) or say("None"),
    "stages": lambda value, labels: _stage_lines(value) or say("The same terms throughout"),
}

APPROVERS: Final = tuple((key, ROLES[key].label) for key in ("chair", "sponsor"))

_LAYOUT: Final[tuple[tuple[str, str, tuple[Clause, ...]], ...]] = (
    (
        "purpose",
        say("Purpose"),
        (
            Clause("objective", say("Objective"), rows=4),
            Clause("question", say("Research question"), rows=3),
            Clause("system", say("System and version studied"), rows=2),
            Clause("hypothesis", say("Risk hypothesis"), rows=3),
            Clause("method", say("Method and success criteria"), rows=6),
        ),
    ),
    (
        "data",
        say("Data"),
        (
            Clause(
                "max_tier",
                say("Highest data tier"),
                "choice",
                enforced=True,
                choices=tuple(Tier.choices),
                hint=say("No dataset above this tier may be granted."),
            ),
            Clause(
                "datasets",
                say("Datasets"),
                "names",
                enforced=True,
                required=False,
                hint=say("One name a line, as in the catalogue. Nothing else may be granted."),
            ),
            Clause(
                "operations",
                say("Allowed operations"),
                "choices",
                enforced=True,
                required=False,
                choices=tuple(Operation.choices),
                hint=say("What is not ticked is not allowed."),
            ),
            Clause(
                "retention_days",
                say("Retention limit"),
                "days",
                enforced=True,
                hint=say("Calendar days data may be kept after the fellowship ends; 0 for none."),
            ),
            Clause(
                "stages",
                say("Terms by stage"),
                "stages",
                enforced=True,
                required=False,
                hint=say("What a stage allows less than the clauses above and below; never more."),
            ),
        ),
    ),
    (
        "environment",
        say("Environment and conduct"),
        (
            Clause(
                "environment",
                say("Environment"),
                "choice",
                enforced=True,
                choices=tuple(Environment.choices),
            ),
            Clause("tools", say("Allowed tools"), rows=3),
            Clause("prohibited", say("Prohibited actions"), rows=4),
            Clause(
                "code_may_leave",
                say("Code may leave the company's environment"),
                "yes_no",
                enforced=True,
                required=False,
            ),
        ),
    ),
    (
        "work",
        say("Work and review"),
        (
            Clause("deliverables", say("Deliverables"), rows=4),
            Clause(
                "milestones",
                say("Milestones"),
                "milestones",
                enforced=True,
                hint=say("One a line, as 2026-03-31: Harness delivered."),
            ),
            Clause(
                "checkpoints",
                say("Review checkpoints"),
                "checkpoints",
                enforced=True,
                hint=say("One a line, as 2026-03-31: Review of the method by the mentor."),
            ),
            Clause("reviews", say("Check-ins and verdicts"), rows=3),
            Clause("mentoring", say("Mentoring"), rows=2),
        ),
    ),
    (
        "publication",
        say("Publication and credit"),
        (
            Clause("publication", say("Publication expectations"), rows=4),
            Clause(
                "authorship",
                say("Authorship"),
                rows=3,
                hint=say("Which contributions make somebody an author, and when that is agreed."),
            ),
            Clause(
                "acknowledgement",
                say("Acknowledgement"),
                rows=2,
                hint=say(
                    "Who is thanked for what, how the programme is named, and with whose consent."
                ),
            ),
            Clause(
                "credit",
                say("Contributor roles of the fellow (CRediT)"),
                "choices",
                enforced=True,
                required=False,
                choices=tuple(Credit.choices),
            ),
            Clause(
                "company_credit",
                say("Contributor roles expected of the company (CRediT)"),
                "choices",
                enforced=True,
                required=False,
                choices=tuple(Credit.choices),
                hint=say("Only where its staff contribute. Nothing ticked: none is expected."),
            ),
        ),
    ),
    (
        "change",
        say("Change, escalation and end"),
        (
            Clause(
                "approver_role",
                say("Who approves changes for the company"),
                "choice",
                enforced=True,
                choices=APPROVERS,
            ),
            Clause("triggers", say("Escalation triggers"), rows=4),
            Clause("closeout", say("Closeout requirements"), rows=4),
        ),
    ),
)

SECTIONS: Final = tuple(
    Section(number, key, title, clauses)
    for number, (key, title, clauses) in enumerate(_LAYOUT, start=1)
)
CLAUSES: Final = {clause.key: clause for section in SECTIONS for clause in section.clauses}
PROSE: Final = tuple(key for key, clause in CLAUSES.items() if not clause.enforced)
ENFORCED: Final = tuple(key for key, clause in CLAUSES.items() if clause.enforced)
_CITED: Final = {c.key: s.label(c) for s in SECTIONS for c in s.clauses}


def cite(key: str) -> str:
    """How decisions name a clause: “2.2 Datasets”."""
    return _CITED[key]
