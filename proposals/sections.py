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


YES_NO = (("yes", "Yes"), ("no", "No"))

SECTIONS: Final[tuple[Section, ...]] = (
    Section(
        "question",
        "Problem and question",
        "A precise problem, not a theme, and a question small enough to be answered.",
        (
            Field("title", "Title", "line", "What the case will be called everywhere."),
            Field(
                "problem",
                "Problem statement",
                hint="Name the behaviour and where it matters: “refusals weaken under sustained "
                "pressure across turns”, not “improve model safety”.",
                rows=10,
            ),
            Field(
                "question",
                "Research question",
                hint="One bounded question, with its population, comparison and limits.",
                rows=4,
            ),
        ),
    ),
    Section(
        "system",
        "System under study",
        "What exactly is studied, and what you expect to find.",
        (
            Field("system", "System under study", "line", "A model, feature, tool or dataset."),
            Field(
                "system_version",
                "Target version",
                "line",
                "The version, release or date your results will hold for.",
            ),
            Field(
                "hypothesis",
                "Risk hypothesis",
                hint="Who could be harmed, how, and what result would show you wrong.",
            ),
        ),
    ),
    Section(
        "method",
        "Method and success",
        "How you will find out, and how both of us will know that it worked.",
        (
            Field("method", "Method", hint="Design, sample, measures, analysis.", rows=12),
            Field(
                "success",
                "Success criteria",
                hint="Measurable: a threshold, a comparison, a delivered artefact.",
            ),
        ),
    ),
    Section(
        "arrangement",
        "Output and arrangement",
        "What you will hand over, and the kind of fellowship it needs.",
        (
            Field("output_type", "Desired output", "offer", offer="output_types"),
            Field(
                "output_note",
                "What exactly you will hand over",
                required=False,
                rows=3,
            ),
            Field("fellowship_model", "Fellowship model", "offer", offer="models"),
            Field("track", "Research track", "offer", offer="tracks"),
        ),
    ),
    Section(
        "data",
        "Data needs",
        "Ask for the least that serves: public, synthetic or de-identified data open fastest.",
        (
            Field(
                "needs_data",
                "Do you need data or systems of ours?",
                "choice",
                choices=YES_NO,
            ),
            Field(
                "data_needs",
                "Datasets",
                "rows",
                "One row for each dataset, with why less would not do.",
                columns=(
                    Column("dataset", "Dataset", required=True, hint="Its name, or what it holds."),
                    Column(
                        "extent",
                        "How much of it",
                        hint="Which fields, which period, how many records; with people’s "
                        "identifiers only where the question is about them.",
                    ),
                    Column(
                        "why",
                        "Why less would not do",
                        long=True,
                        required=True,
                        hint="Why not a subset, a de-identified sample or a synthetic mirror.",
                    ),
                ),
                when=("needs_data", ("yes",)),
            ),
        ),
    ),
    Section(
        "team",
        "Team and prior work",
        "Everyone who will take part, and what you build on.",
        (
            Field(
                "team",
                "Team",
                "rows",
                "You first. An ORCID iD is optional.",
                columns=(
                    Column("name", "Name", required=True),
                    Column("affiliation", "Affiliation"),
                    Column("orcid", "ORCID iD", orcid=True),
                ),
            ),
            Field("prior_work", "Prior work", hint="Yours and others’, with links.", rows=8),
        ),
    ),
    Section(
        "declarations",
        "Declarations",
        "What we must know before anyone reads the proposal.",
        (
            Field(
                "conflicts",
                "Conflicts of interest",
                hint="Funding, employment, relations to our staff or board. Write “None” if none.",
                rows=3,
            ),
            Field(
                "export_control",
                "Could export control apply to the people, the data or the results?",
                "choice",
                choices=(*YES_NO, ("unsure", "I am not sure")),
            ),
            Field(
                "export_note",
                "What may be concerned",
                hint="Which people, data or results, and which country’s rules if you know. We "
                "clear it before anything is shared.",
                when=("export_control", ("yes", "unsure")),
                rows=3,
            ),
        ),
    ),
    Section(
        "plan",
        "Budget and timeline",
        "What it costs and when what is done.",
        (
            Field(
                "budget",
                "Budget",
                hint="One line each for stipend, compute, travel and other costs, with its amount, "
                "and the total; in one currency. Write “None” if you need no money.",
            ),
            Field(
                "timeline",
                "Timeline",
                hint="When you can start, and each milestone with its date or week.",
            ),
            Field(
                "remarks",
                "Anything else",
                hint="What the questions above leave no room for.",
                required=False,
            ),
        ),
    ),
)

JUSTIFICATION: Final = Section(
    "justification",
    "Written justification",
    "Asked for on the last page, where broad access meets an open goal.",
    (
        Field(
            "justification",
            "Why this access, although the goal is still open",
            hint="What you would do first with the data, why a narrower request cannot be written "
            "yet, and when and how you would narrow it. Reviewers and the board read it.",
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
    return "\n".join(" · ".join(text for _, text in row if text) for row in value)
