"""Parameters of rules for people: as tables to read, and as fields to change."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fellowship.accounts.roles import ROLES, Seat
from fellowship.kernel.saying import joined, listed, say, within
from governance import health_terms, kinds, retention_terms
from governance.states import ExceptionKind, Harm, RuleKind, Severity

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_WIDE = 5
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
    if value is None:
        return "–"
    text = str(value)
    named = _named().get(text)
    if named:
        return named
    plain = "_" in text or (text.islower() and " " not in text)
    return text.replace("_", " ").capitalize() if plain else text


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
    "chair_power": say("Chair power"),
    "quorum_of": say("Quorum of"),
    "quorum_includes": say("Quorum includes"),
    "threshold": say("Threshold"),
    "abstentions": say("Abstentions"),
    "blocking": say("Blocking"),
    "window_working_days": say("Window working days"),
    "early_close": say("Early close"),
    "undecided": say("Undecided"),
    "delegation": say("Delegation"),
    "all_seats": say("All seats"),
    "unrecused_seats": say("Seats not recused"),
    "quorum_only": say("For the quorum only"),
    "quorum_and_threshold": say("For quorum and threshold"),
    "all_voted": say("When all have voted"),
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
        texts = tuple(str(item) if plain else words(item) for item in value)
        long = any(len(text) > 40 for text in texts)
        return Cell(items=texts) if long else Cell(joined(", ", texts) or say("None"))
    return Cell(words(value), number=isinstance(value, int) and not isinstance(value, bool))


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


@dataclass(frozen=True, slots=True)
class Leaf:
    """One parameter that can be changed: where it stands, its type and its present value."""

    path: tuple[str, ...]
    value: Any
    type: str

    @property
    def name(self) -> str:
        """The name of its field: the database keeps no order of parameters to count them by."""
        return "__".join(("p", *self.path))

    @property
    def group(self) -> str:
        """The part of the rule it belongs to."""
        return joined(", ", (words(step) for step in self.path[:-1])) or say("General")

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
        return (
            say("As JSON: entries may be changed, added or removed.") if self.type == "json" else ""
        )

    @property
    def shown(self) -> Any:
        """The value as its field shows it."""
        if self.type == "list":
            return joined(", ", (str(item) for item in self.value))
        if self.type == "lines":
            return "\n".join(self.value)
        if self.type == "json":
            return json.dumps(self.value, indent=2, ensure_ascii=False)
        return self.value

    def read(self, given: Any) -> Any:
        """What a person wrote, as JSON; raises ValueError where it cannot be read."""
        if self.type == "lines":
            return [line.strip() for line in str(given).splitlines() if line.strip()]
        if self.type == "list":
            items = [part.strip() for part in str(given).split(",") if part.strip()]
            whole = bool(self.value) and all(isinstance(item, int) for item in self.value)
            return [int(item) for item in items] if whole else items
        if self.type == "json":
            return _json(str(given))
        return None if self.value is None and given == "" else given


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError("This is not JSON: look for a missing comma or quotation mark.") from error


def leaves(value: Any, path: tuple[str, ...] = ()) -> list[Leaf]:
    """Every parameter that can be changed, in order."""
    if isinstance(value, Mapping):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, str(key)))]
    return [Leaf(path, value, _type(value))]


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, list):
        if any(isinstance(item, (Mapping, list)) for item in value):
            return "json"
        return "lines" if any(" " in str(item) for item in value) else "list"
    return "text" if isinstance(value, str) and len(value) > 80 else "line"


def build(values: Iterable[tuple[Leaf, Any]]) -> dict[str, Any]:
    """The parameters put together again from their leaves."""
    whole: dict[str, Any] = {}
    for leaf, value in values:
        at = whole
        for step in leaf.path[:-1]:
            at = at.setdefault(step, {})
        at[leaf.path[-1]] = value
    return whole
