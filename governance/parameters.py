"""Parameters of rules for people: as tables to read, and as fields to change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fellowship.accounts.roles import ROLES, Seat
from fellowship.kernel.saying import joined, listed, numeral, plain, say, within
from fellowship.kernel.worktime import Window
from governance import health_terms, kinds, retention_terms
from governance.ballots import Threshold
from governance.states import ExceptionKind, Harm, RuleKind, Severity

Step: TypeAlias = str | int

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_WIDE = 5
_MEASURES: Final[dict[str, type[Window] | type[Threshold]]] = {
    "window": Window,
    "share": Threshold,
}
"""Types of parameters that are read and said in the language under way, and kept in English."""
_WORDS = {
    "yes": say("Yes"),
    "no": say("No"),
    "by_approval": say("By approval"),
    True: say("Yes"),
    False: say("No"),
}


def words(value: Any) -> str:
    """A key or value in words: `by_approval` is “By approval”."""
    if isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int):
        return numeral(f"{value:,}")
    if value is None:
        return "–"
    text = str(value)
    named = _named().get(text) or _measure(text)
    if named:
        return named
    plain = "_" in text or (text.islower() and " " not in text)
    return text.replace("_", " ").capitalize() if plain else text


def _measure(text: str) -> str:
    """A time or a share as a rule writes it, in words; empty for anything else."""
    name = _measured_as(text)
    return str(_MEASURES[name].parse(text)) if name else ""


def _named() -> dict[str, str]:
    names: dict[str, str] = {**_WORDS_BY_KEY}
    names.update({key: role.label for key, role in ROLES.items()})
    names.update({key: kind.label for key, kind in kinds.registered().items()})
    return names


_WORDS_BY_KEY = {
    "yes": say("Yes"),
    "no": say("No"),
    "by_approval": say("By approval"),
    "view_controlled": say("Look at records, query, run code, send to a model"),
    "notebooks": say("Copy into notebooks"),
    "weights": say("Use in model weights"),
    "export": say("Export from the environment"),
    "download": say("Download outputs"),
    "publication": say("Publish its records"),
    "table": say("Table"),
    "figure": say("Figure"),
    "code": say("Code"),
    "model": say("Model"),
    "text": say("Text"),
    "output_kinds": say("Kinds of output that may leave"),
    "largest_output_kb": say("Largest output, in kilobytes"),
    "smallest_group": say("Smallest group in an output (0: not asked)"),
    "record_rows": say("Rows from which a table may be records (0: not asked)"),
    "identifiers_leave": say("Names and other identifiers may leave"),
    "release_review": say("Two reviewers decide on a release within"),
    "board": say("The board decides"),
    "grounds": say("The closed list of grounds"),
    "counts": say("What counts"),
    "does_not_count": say("What does not"),
    "methods": say("Methods, nothing sensitive"),
    "restricted": say("Restricted"),
    "vulnerability": say("Describes a vulnerability"),
    "vulnerability_extended": say("Describes a vulnerability, the longer preset"),
    "silence": say("A window that ends without a word"),
    "silence_escalates_for": say("Classes for which it goes to the board instead"),
    "extension": say("Extension of a window"),
    "at_most_times": say("How often (0 or 1)"),
    "check_stops": say("The check before submission stops it over"),
    "unreleased_output": say("An output the release desk has not let out"),
    "embargoed_finding": say("A finding under embargo"),
    "secret": say("What may be a secret"),
    "objection_reply": say("The author answers an objection within"),
    "mediation": say("The mediator takes at most"),
    "alarm_hold": say("A passage is held for an alarm at most"),
    "preprint": say("Preprints"),
    "before_release": say("May go up before the release"),
    "notice_before": say("Told to the programme before it goes up"),
    "citation": say("Citing"),
    "programme_named": say("The programme is named"),
    "datasets_cited": say("Datasets are cited"),
    "record_within": say("Where it appeared is recorded within"),
    "company_criteria": say("When company staff are authors"),
    "credit_taxonomy": say("The CRediT taxonomy"),
    "answer_within": say("Each person named answers within"),
    "code_of_practice": say("Clauses that mirror the EU code of practice"),
    "longest_hold": say("Publication is held at most"),
    "longer_only_where": say("Longer only where"),
    "retaliation": say("Retaliation against good faith"),
    "good_faith": say("Good faith is who"),
    **health_terms.LABELS,
    **retention_terms.LABELS,
    "comment_window": say("A draft is commented on for"),
    "comment_window_again": say("The same, where the text changed after comments"),
    "binds": say("Whom rules of a kind bind"),
    "binds_otherwise": say("Whom rules of other kinds bind"),
    "acknowledge_within": say("Those bound acknowledge within"),
    "acknowledged_from_version": say("Acknowledged from version"),
    **dict(RuleKind.choices),
    "answer": say("Each person paged answers within"),
    "rounds": say("How often the line is gone through"),
    "then": say("Told where nobody answers"),
    "reports": say("Reported to the authority within"),
    **dict(ExceptionKind.choices),
    **dict(Harm.choices),
    **dict(Severity.choices),
    **dict(Seat.choices),
    "chair_power": say("What the chair may do"),
    "quorum_of": say("The quorum is counted of"),
    "quorum_includes": say("One of these takes part"),
    "threshold": say("Threshold"),
    "abstentions": say("Abstentions count"),
    "blocking": say("Seats whose denial blocks"),
    "window_working_days": say("The vote lasts, in working days"),
    "early_close": say("May be closed early"),
    "undecided": say("Undecided"),
    "delegation": say("Somebody else may vote for a seat"),
    "all_seats": say("All seats"),
    "unrecused_seats": say("Seats not recused"),
    "quorum_only": say("For the quorum only"),
    "quorum_and_threshold": say("For quorum and threshold"),
    "all_voted": say("When all have voted"),
    "longest_fellowship_months": say("Longest fellowship, in months"),
    "signature": say("Time for the fellow to sign"),
    "countersignature": say("Time for the company to sign"),
    "verdict": say("Time for a verdict on delivered work"),
    "training_holds": say("How long a training holds"),
    "right_of_reply": say("Time to reply to a decision"),
    "reply_answer": say("Time to answer that reply"),
    "review_request": say("Time to ask for an independent review"),
    "independent_review": say("Time for an independent review"),
    "independent_reviewers": say("How many review independently"),
    "retention_after_close": say("What is kept after the close, at most for"),
    "answered_by": say("Who answers"),
    "settled_by": say("Who settles what they see differently"),
    "questions": say("Questions"),
    "dimension": say("Dimension"),
    "question": say("Question"),
    "answers": say("Answers"),
    "score": say("Score"),
    "label": say("Label"),
    "meaning": say("Meaning"),
    "tiers": say("Tiers"),
    "internal": say("Internal"),
    "highly_restricted": say("Highly restricted"),
    "public": say("Public"),
    "approvers": say("Who approves"),
    "longest_grant": say("Longest grant"),
    "deletion_within": say("Deleted after the end within"),
    "logged": say("What is logged"),
    "default": say("Default"),
    "sensitive_security_detail": say("Sensitive security detail"),
    "personal_data": say("Personal data"),
    "unreleased_product_specifics": say("Unreleased product specifics"),
    "material_misuse_risk": say("Material misuse risk"),
    "windows": say("Windows"),
    "scientific_review": say("Scientific review"),
    "says": say("What it says"),
    "acknowledgement": say("Words of acknowledgement"),
    "authorship": say("Authorship"),
    "roles": say("Roles"),
    "source": say("Source"),
    "criteria": say("Criteria"),
    "weight": say("Weight"),
    "anchors": say("What 1 to 5 mean"),
    "reviewers_per_proposal": say("Reviewers per proposal"),
    "review_window": say("Reviewed within"),
    "discussed_from_range": say("Discussed from so many points apart"),
    "adjusted_from_reviews": say("Adjusted for strictness from so many reviews"),
    "severities": say("Severities"),
    "acknowledge": say("Acknowledge"),
    "inform_every": say("The fellow hears every"),
    "disposition": say("Disposition"),
    "control": say("Control"),
    "matters": say("Matters"),
    "seats": say("Seats"),
    "quorum": say("Quorum"),
    "tie": say("At a tie"),
    "stages": say("Stages"),
    "recruit": say("Recruit"),
    "owner_role": say("Who owns it"),
    "standard": say("Standard"),
    "expected": say("Expected to take"),
    "scope": say("Scope"),
    "access": say("Access"),
    "review": say("Review"),
    "translate": say("Translate"),
    "publish": say("Publish"),
    "close_out": say("Close out"),
    "terms": say("Terms"),
    "longest_days": say("At most, in days"),
    "reminder_days": say("Reminded so many days before"),
    "renewals_noted_from": say("Listed as repeated from so many renewals"),
    "measure_tested_every": say("The compensating measure is tested every"),
    "second_factor_roles": say("Roles that need a second factor"),
    "company_sign_in_counts": say("Signing in at the company counts as one"),
    "confirm_after_minutes": say("Confirmed anew after so many minutes"),
    "review_every": say("Roles and access are reviewed every"),
    "role_owners": say("Who attests a role"),
    "grant_owner": say("Who attests a grant"),
    "sensitivity": say("Sensitivity"),
    "identifiability": say("Identifiability"),
    "business_impact": say("Business impact"),
    "reidentification_risk": say("Reidentification risk"),
    "chair_seat": say("Chair seat"),
    "deny": say("Deny"),
    "release": say("Release"),
    "never": say("Never"),
    "none": say("None"),
    "defer": say("Defer"),
    "permitted": say("Permitted"),
    "key": say("Short name"),
    "any_score": say("One score of at least"),
    "total": say("All four scores together at least"),
    "named_deputy": say("A named deputy"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value: words, or a list of them in order."""

    text: str = ""
    items: tuple[str, ...] = ()
    number: bool = False


@dataclass(frozen=True, slots=True)
class ParameterTable:
    """Parameters that belong together."""

    caption: str
    columns: tuple[str, ...]
    rows: list[tuple[str, list[tuple[str, Cell]]]]


def tables(parameters: Mapping[str, Any]) -> list[ParameterTable]:
    """The parameters of a rule as tables: single values first, then one table for each group."""
    single = {k: v for k, v in parameters.items() if not _is_group(v)}
    found = []
    if single:
        found.append(_pairs(say("General"), single))
    for name, value in parameters.items():
        if _is_group(value):
            found += _group(words(name), value)
    return found


def _is_group(value: Any) -> bool:
    return (isinstance(value, Mapping) and bool(value)) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
    )


def _group(caption: str, value: Any) -> list[ParameterTable]:
    if isinstance(value, list):
        heads = [str(row.get("label") or row.get("key") or i) for i, row in enumerate(value, 1)]
        return _matrix(caption, heads, [_without_names(row) for row in value])
    inner = list(value.values())
    if not all(isinstance(row, Mapping) for row in inner):
        return [_pairs(caption, value)]
    return _matrix(caption, [words(key) for key in value], inner)


def _without_names(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in ("label", "key")}


def _matrix(caption: str, heads: list[str], inner: list[Mapping[str, Any]]) -> list[ParameterTable]:
    """One row for each head; with many parameters, turned round, or what all share told once."""
    keys = list(dict.fromkeys(key for row in inner for key in row))
    if len(keys) > _WIDE and len(heads) <= _WIDE:
        rows = [
            (words(key), [(h, _cell(row.get(key))) for h, row in zip(heads, inner, strict=True)])
            for key in keys
        ]
        return [ParameterTable(caption, tuple(heads), rows)]
    if len(keys) <= _WIDE:
        return [_rows(caption, heads, keys, inner)]
    shared = [key for key in keys if all(row.get(key) == inner[0].get(key) for row in inner)]
    own = [key for key in keys if key not in shared]
    found = []
    if shared:
        common = {key: inner[0].get(key) for key in shared}
        found.append(
            _pairs(
                say("{caption}, the same for {listed}", caption=caption, listed=_listed(heads)),
                common,
            )
        )
    if own:
        found.append(_rows(say("{caption}, where they differ", caption=caption), heads, own, inner))
    return found


def _rows(
    caption: str, heads: list[str], keys: list[str], inner: list[Mapping[str, Any]]
) -> ParameterTable:
    rows = [
        (head, [(words(key), _cell(row.get(key))) for key in keys])
        for head, row in zip(heads, inner, strict=True)
    ]
    return ParameterTable(caption, tuple(words(key) for key in keys), rows)


def _listed(heads: list[str]) -> str:
    return listed([within(head) for head in heads])


def _pairs(caption: str, values: Mapping[str, Any]) -> ParameterTable:
    rows = [(words(key), [(say("Value"), _cell(value))]) for key, value in values.items()]
    return ParameterTable(caption, (say("Value"),), rows)


def _cell(value: Any) -> Cell:
    if isinstance(value, list):
        plain = any(" " in str(item) for item in value)
        texts = tuple(str(item) if plain else words(item) for item in map(_entry, value))
        long = any(len(text) > 40 for text in texts)
        return Cell(items=texts) if long else Cell(joined(", ", texts) or say("None"))
    return Cell(words(value), number=isinstance(value, int) and not isinstance(value, bool))


def _entry(item: Any) -> Any:
    """An entry of a list as one text: an answer with its score and its meaning."""
    return joined(" · ", map(words, item.values())) if isinstance(item, Mapping) else item


def path_words(path: str) -> str:
    """A path to a parameter in words: `windows.methods` is “Windows, methods”."""
    steps = [m.group(1) or str(int(m.group(2)) + 1) for m in _STEP.finditer(path)]
    named = [words(step) for step in _joined(path, steps)]
    return joined(", ", [named[0], *(within(n) for n in named[1:])]) if named else path


def _joined(path: str, steps: list[str]) -> list[str]:
    """Keys of kinds of matter hold a dot of their own."""
    for key in kinds.registered():
        if f".{key}." in f".{path}.":
            app, _, model = key.partition(".")
            at = next((i for i in range(len(steps) - 1) if steps[i : i + 2] == [app, model]), None)
            if at is not None:
                return [*steps[:at], key, *steps[at + 2 :]]
    return steps


# --- changing them ---------------------------------------------------------------------------

OUT = "out"
"""The last step to the tick that leaves an entry of a list out."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One parameter that can be changed: where it stands, its type and its present value.

    An entry of a list stands under its number. What is `new` belongs to an entry that is not there
    yet: it is shown empty, and `value` is its neighbour's.
    """

    path: tuple[Step, ...]
    value: Any
    type: str
    new: bool = False

    @property
    def name(self) -> str:
        """The name of its field: the database keeps no order of parameters to count them by."""
        return "__".join(("p", *map(str, self.path)))

    @property
    def at(self) -> str:
        """Where it stands, as a refusal names it: `questions[0].key`."""
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return "".join(steps).removeprefix(".")

    @property
    def entry(self) -> tuple[Step, ...]:
        """The entry of a list it is part of; empty where it is part of none."""
        return next((self.path[: n + 1] for n, s in enumerate(self.path) if isinstance(s, int)), ())

    @property
    def group(self) -> str:
        """The part of the rule it belongs to."""
        if self.new:
            return say("{list}, one more", list=words(self.entry[0]))
        return joined(", ", map(_step_words, self.path[:-1])) or say("General")

    @property
    def label(self) -> str:
        """Its name."""
        return words(self.path[-1])

    @property
    def hint(self) -> str:
        """How to write it."""
        if self.type == "list":
            return say("Separate with commas.")
        if self.type == "lines":
            return say("One to a line.")
        if self.type == "rows":
            columns = joined(" | ", (within(words(key)) for key in self.value[0]))
            return say("One to a line: {columns}", columns=columns)
        return say("Names it in the record.") if self.path[-1] == "key" else ""

    @property
    def shown(self) -> Any:
        """The value as its field shows it."""
        if self.new:
            return None
        if kind := _MEASURES.get(self.type):
            return str(str(kind.parse(self.value)))
        if self.type == "list":
            return joined(", ", (str(item) for item in self.value))
        if self.type == "lines":
            return "\n".join(self.value)
        if self.type == "rows":
            return "\n".join(" | ".join(str(cell) for cell in row.values()) for row in self.value)
        return self.value

    def read(self, given: Any) -> Any:
        """What a person wrote, as JSON; raises ValueError where it cannot be read."""
        if self.type in ("lines", "rows"):
            lines = [line.strip() for line in str(given).splitlines() if line.strip()]
            return lines if self.type == "lines" else [self._row(line) for line in lines]
        if self.type == "list":
            items = [part.strip() for part in str(given).split(",") if part.strip()]
            whole = bool(self.value) and all(isinstance(item, int) for item in self.value)
            return [_whole(item) for item in items] if whole else items
        if kind := _MEASURES.get(self.type):
            return plain(str(kind.parse(given)))
        return None if self.value is None and given == "" else given

    def _row(self, line: str) -> dict[str, Any]:
        known = self.value[0]
        cells = [cell.strip() for cell in line.split("|", len(known) - 1)]
        if len(cells) < len(known):
            raise ValueError(say("“{line}” lacks a part; between two stands a |.", line=line))
        row: dict[str, Any] = dict(zip(known, cells, strict=True))
        return {k: _whole(row[k]) if isinstance(v, int) else row[k] for k, v in known.items()}


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(say("“{text}” is no whole number.", text=text))
    return int(text)


def _step_words(step: Step) -> str:
    return str(step + 1) if isinstance(step, int) else words(step)


def leaves(value: Any, path: tuple[Step, ...] = (), *, new: bool = False) -> list[Leaf]:
    """Every parameter that can be changed, in order; after a list of entries, those of one more."""
    if isinstance(value, Mapping):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key), new=new)]
    if _type(value) == "entries":
        held = [leaf for n, item in enumerate(value) for leaf in leaves(item, (*path, n), new=new)]
        return held + leaves(value[-1], (*path, len(value)), new=True)
    return [Leaf(path, value, _type(value), new)]


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, list):
        if value and isinstance(value[0], Mapping):
            flat = not any(isinstance(cell, (Mapping, list)) for cell in value[0].values())
            return "rows" if flat else "entries"
        return "lines" if any(" " in str(item) for item in value) else "list"
    if isinstance(value, str) and (measure := _measured_as(value)):
        return measure
    return "text" if isinstance(value, str) and len(value) > 80 else "line"


def _measured_as(text: str) -> str:
    """The type of a measure; empty for anything else."""
    for name, kind in _MEASURES.items():
        try:
            kind.parse(text)
        except ValueError:
            continue
        return name
    return ""


def build(values: Iterable[tuple[Leaf, Any]]) -> dict[str, Any]:
    """The parameters put together again from their leaves; entries of a list close their ranks."""
    whole: dict[Any, Any] = {}
    for leaf, value in values:
        at = whole
        for step in leaf.path[:-1]:
            at = at.setdefault(step, {})
        at[leaf.path[-1]] = value
    made: dict[str, Any] = _ranked(whole)
    return made


def _ranked(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    made = {key: _ranked(item) for key, item in value.items()}
    return list(made.values()) if any(isinstance(key, int) for key in made) else made
