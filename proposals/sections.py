"""The sections of a proposal as data.

The task list, the pages, the check-answers page, the printed view, the API and the dossier all
derive from this one list.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from fellowship.kernel.canonical import digest
from fellowship.kernel.saying import joined, say

Kind = Literal["line", "text", "choice", "offer", "rows"]
Answers = dict[str, Any]

TEXT_MAX: Final = 200_000
"""Characters of one long answer: generous, for a limit that cuts real work short serves nobody."""
LINE_MAX: Final = 300
CELL_MAX: Final = 5_000
ROWS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a repeatable row."""

    key: str
    label: str
    long: bool = False
    required: bool = False
    orcid: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `offer` names a list of the programme from which `offer` fields choose."""

    key: str
    label: str
    kind: Kind = "text"
    hint: str = ""
    required: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    offer: str = ""
    columns: tuple[Column, ...] = ()
    when: tuple[str, tuple[str, ...]] | None = None
    rows: int = 6

    def asked(self, answers: Mapping[str, Any]) -> bool:
        """Whether the question arises, given what was answered to another."""
        return self.when is None or answers.get(self.when[0]) in self.when[1]


@dataclass(frozen=True, slots=True)
class Section:
    """One page of the application, and one heading of the document."""

    key: str
    title: str
    hint: str
    fields: tuple[Field, ...]

    def missing(self, answers: Mapping[str, Any]) -> list[Field]:
        """Required questions still without an answer."""
        return [
            f
            for f in self.fields
            if f.required and f.asked(answers) and not answered(answers.get(f.key))
        ]

    def begun(self, answers: Mapping[str, Any]) -> bool:
        """Whether anything was answered."""
        return any(answered(answers.get(f.key)) for f in self.fields)


YES_NO = (("yes", say("Yes")), ("no", say("No")))

SECTIONS: Final[tuple[Section, ...]] = (
    Section(
        "question",
        say("Problem and question"),
        say("A precise problem, not a theme, and a question small enough to be answered."),
        (
            Field("title", say("Title"), "line", say("What the case will be called everywhere.")),
            Field(
                "problem",
                say("Problem statement"),
                hint=say(
                    "Name the behaviour and where it matters: “refusals weaken under sustained "
                    "pressure across turns”, not “improve model safety”."
                ),
                rows=10,
            ),
            Field(
                "question",
                say("Research question"),
                hint=say("One bounded question, with its population, comparison and limits."),
                rows=4,
            ),
        ),
    ),
    Section(
        "system",
        say("System under study"),
        say("What exactly is studied, and what you expect to find."),
        (
            Field(
                "system",
                say("System under study"),
                "line",
                say("A model, feature, tool or dataset."),
            ),
            Field(
                "system_version",
                say("Target version"),
                "line",
                say("The version, release or date your results will hold for."),
            ),
            Field(
                "hypothesis",
                say("Risk hypothesis"),
                hint=say("Who could be harmed, how, and what result would show you wrong."),
            ),
        ),
    ),
    Section(
        "method",
        say("Method and success"),
        say("How you will find out, and how both of us will know that it worked."),
        (
            Field(
                "method", say("Method"), hint=say("Design, sample, measures, analysis."), rows=12
            ),
            Field(
                "success",
                say("Success criteria"),
                hint=say("Measurable: a threshold, a comparison, a delivered artefact."),
            ),
        ),
    ),
    Section(
        "arrangement",
        say("Output and arrangement"),
        say("What you will hand over, and the kind of fellowship it needs."),
        (
            Field("output_type", say("Desired output"), "offer", offer="output_types"),
            Field(
                "output_note",
                say("What exactly you will hand over"),
                required=False,
                rows=3,
            ),
            Field("fellowship_model", say("Fellowship model"), "offer", offer="models"),
            Field("track", say("Research track"), "offer", offer="tracks"),
        ),
    ),
    Section(
        "data",
        say("Data needs"),
        say("Ask for the least that serves: public, synthetic or de-identified data open fastest."),
        (
            Field(
                "needs_data",
                say("Do you need data or systems of ours?"),
                "choice",
                choices=YES_NO,
            ),
            Field(
                "data_needs",
                say("Datasets"),
                "rows",
                say("One row for each dataset, with why less would not do."),
                columns=(
                    Column(
                        "dataset",
                        say("Dataset"),
                        required=True,
                        hint=say("Its name, or what it holds."),
                    ),
                    Column(
                        "extent",
                        say("How much of it"),
                        hint=say(
                            "Which fields, which period, how many records; with people’s "
                            "identifiers only where the question is about them."
                        ),
                    ),
                    Column(
                        "why",
                        say("Why less would not do"),
                        long=True,
                        required=True,
                        hint=say("Why not a subset, a de-identified sample or a synthetic mirror."),
                    ),
                ),
                when=("needs_data", ("yes",)),
            ),
        ),
    ),
    Section(
        "team",
        say("Team and prior work"),
        say("Everyone who will take part, and what you build on."),
        (
            Field(
                "team",
                say("Team"),
                "rows",
                say("You first. An ORCID iD is optional."),
                columns=(
                    Column("name", say("Name"), required=True),
                    Column("affiliation", say("Affiliation")),
                    Column("orcid", say("ORCID iD"), orcid=True),
                ),
            ),
            Field(
                "prior_work", say("Prior work"), hint=say("Yours and others’, with links."), rows=8
            ),
        ),
    ),
    Section(
        "declarations",
        say("Declarations"),
        say("What we must know before anyone reads the proposal."),
        (
            Field(
                "conflicts",
                say("Conflicts of interest"),
                hint=say(
                    "Funding, employment, relations to our staff or board. Write “None” if none."
                ),
                rows=3,
            ),
            Field(
                "export_control",
                say("Could export control apply to the people, the data or the results?"),
                "choice",
                choices=(*YES_NO, ("unsure", say("I am not sure"))),
            ),
            Field(
                "export_note",
                say("What may be concerned"),
                hint=say(
                    "Which people, data or results, and which country’s rules if you know. We "
                    "clear it before anything is shared."
                ),
                when=("export_control", ("yes", "unsure")),
                rows=3,
            ),
        ),
    ),
    Section(
        "plan",
        say("Budget and timeline"),
        say("What it costs and when what is done."),
        (
            Field(
                "budget",
                say("Budget"),
                hint=say(
                    "One line each for stipend, compute, travel and other costs, with its amount, "
                    "and the total; in one currency. Write “None” if you need no money."
                ),
            ),
            Field(
                "timeline",
                say("Timeline"),
                hint=say("When you can start, and each milestone with its date or week."),
            ),
            Field(
                "remarks",
                say("Anything else"),
                hint=say("What the questions above leave no room for."),
                required=False,
            ),
        ),
    ),
)

JUSTIFICATION: Final = Section(
    "justification",
    say("Written justification"),
    say("Asked for on the last page, where broad access meets an open goal."),
    (
        Field(
            "justification",
            say("Why this access, although the goal is still open"),
            hint=say(
                "What you would do first with the data, why a narrower request cannot be written "
                "yet, and when and how you would narrow it. Reviewers and the board read it."
            ),
            required=False,
        ),
    ),
)
"""Not a page of its own: `proposals.policy` says when it is required."""

ALL: Final = (*SECTIONS, JUSTIFICATION)
BY_KEY: Final = {section.key: section for section in ALL}
FIELDS: Final = {f.key: f for section in ALL for f in section.fields}


def section_of(key: str) -> Section:
    """The section whose field `key` is."""
    return next(s for s in ALL if any(f.key == key for f in s.fields))


def answered(value: Any) -> bool:
    """Whether an answer says anything."""
    return bool(value.strip()) if isinstance(value, str) else bool(value)


def missing(answers: Mapping[str, Any]) -> list[tuple[Section, Field]]:
    """Every required question without an answer, with its section."""
    return [(s, f) for s in SECTIONS for f in s.missing(answers)]


def only_known(answers: Mapping[str, Any]) -> Answers:
    """The answers that arise, by the list's order; those to questions not asked are left out."""
    return {
        key: answers[key]
        for key, f in FIELDS.items()
        if answered(answers.get(key)) and f.asked(answers)
    }


def text_hash(answers: Mapping[str, Any], attachments: Iterable[Mapping[str, Any]] = ()) -> str:
    """SHA-256 of the canonical JSON of what is submitted: the answers, and the files' list."""
    return digest({"answers": answers, "attachments": list(attachments)})


def normal(text: str) -> str:
    """Text as it is kept: Unicode NFC, line ends as LF, no white space around it."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


OFFERS: Final = ("output_types", "models", "tracks")
"""The lists of a programme that fields choose from."""


def labels(program: Any) -> dict[str, dict[str, str]]:
    """What a programme offers now, by the name of the list: key to label. A query for each list."""
    return {
        offer: {row.key: str(row) for row in getattr(program, offer).offered()} for offer in OFFERS
    }


def shown(f: Field, value: Any, offers: Mapping[str, Mapping[str, str]]) -> Any:
    """An answer as people read it: labels for keys, rows as lists of (label, text) pairs."""
    if f.kind == "choice":
        return dict(f.choices).get(value, value)
    if f.kind == "offer":
        return offers.get(f.offer, {}).get(value, value)
    if f.kind == "rows":
        return [[(c.label, str(row.get(c.key, ""))) for c in f.columns] for row in value]
    return value


def read(
    answers: Mapping[str, Any], offers: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[Section, list[tuple[Field, Any]]]]:
    """The document: each section with its answered questions as people read them."""
    for section in SECTIONS:
        rows = [
            (f, shown(f, answers[f.key], offers))
            for f in section.fields
            if answered(answers.get(f.key))
        ]
        if rows:
            yield section, rows


def as_text(f: Field, value: Any) -> str:
    """An answer as one text, for differences and plain copies; `value` as `shown` gives it."""
    if f.kind != "rows":
        return str(value)
    return "\n".join(joined(" · ", (text for _, text in row if text)) for row in value)
