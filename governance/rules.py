"""Which rule applies: the one in force, or the one a case is held to; how two versions differ."""

from __future__ import annotations

import datetime as dt
import difflib
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.prepared import read
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import founding
from governance.models import RulePin, RuleVersion
from governance.states import RuleKind, RuleStatus

_log = logging.getLogger(__name__)
_WORDS = re.compile(r"\s+|[^\s]+")
T = TypeVar("T")


class NoRule(LookupError):
    """The programme has no rule of this kind in force: it was never founded properly."""


def in_force(program: Program | int, kind: str, at: dt.datetime | None = None) -> RuleVersion:
    """The version of `kind` in force in the programme at `at`; raises NoRule without one."""
    pk = program.pk if isinstance(program, Model) else program
    found: list[RuleVersion] = _in_force(pk, str(kind), at or now())
    if not found:
        raise NoRule(
            say("programme {pk} has no {label} in force", pk=pk, label=RuleKind(kind).label.lower())
        )
    return found[0]


@read
def _in_force(program: int, kind: str, at: dt.datetime) -> QuerySet[RuleVersion]:
    return RuleVersion.objects.effective(at).filter(program_id=program, kind=kind)[:1]


def terms(
    program: Program | int, kind: str, usual: Callable[[], T], at: dt.datetime | None = None
) -> tuple[T, RuleVersion | None]:
    """What the rule in force says, and that rule.

    For a programme founded before there was such a rule: what a new one starts with, and None.
    """
    try:
        rule = in_force(program, kind, at)
    except NoRule:
        return usual(), None
    params: T = rule.params
    return params, rule


def all_in_force(program: Program | int, at: dt.datetime | None = None) -> dict[str, RuleVersion]:
    """Every kind's version in force, by kind, in one query."""
    pk = program.pk if isinstance(program, Model) else program
    return {rule.kind: rule for rule in _current(pk, at or now())}


def named_in_force(program: Program) -> dict[str, RuleVersion]:
    """The same where it matters which they are and not what they say: their texts are not read."""
    return {rule.kind: rule for rule in _named(program.pk, now())}


@read
def _current(program: int, at: dt.datetime) -> QuerySet[RuleVersion]:
    return RuleVersion.objects.current(at=at).filter(program_id=program)


@read
def _named(program: int, at: dt.datetime) -> QuerySet[RuleVersion]:
    named = ("program_id", "kind", "version", "title", "effective_at")
    return RuleVersion.objects.current(at=at).filter(program_id=program).only(*named)


def history(program: Program | int, kind: str) -> QuerySet[RuleVersion]:
    """Every adopted version of `kind`, the newest first, with its owner and author."""
    pk = program.pk if isinstance(program, Model) else program
    adopted = RuleVersion.objects.adopted().filter(program_id=pk, kind=kind)
    return adopted.select_related("owner", "author").order_by("-version")


@journal.verb("governance.pin_rules")
def pin(
    *, subject: Model, program: Program | int, by: Actor, like: Model | None = None
) -> dict[str, RuleVersion]:
    """Hold a case to the rules now in force. Kinds it is held to already stay as they are.

    With `like`, a case that grew out of another is held to what that one was held to.

    One event about the case names every version. Returns the versions by kind.
    """
    pk = program.pk if isinstance(program, Model) else program
    pinned_before = pins(subject)
    rules = all_in_force(pk) | (pins(like) if like is not None else {})
    added = {k: r for k, r in rules.items() if k not in pinned_before}
    for kind, rule in sorted(added.items()):
        RulePin.objects.create(
            subject_type=subject._meta.label_lower,
            subject_id=subject.pk,
            kind=kind,
            rule_version=rule,
            pinned_at=now(),
        )
    if added:
        versions = {kind: rule.version for kind, rule in added.items()}
        journal.record(subject=subject, realm_id=pk, change={"rules": versions})
    return pinned_before | added


@journal.verb("governance.amend_pin")
def amend_pin(
    *, subject: Model, rule: RuleVersion, by: User, agreed_by: User, reason: str
) -> RulePin:
    """Hold a case to a later version, by agreement of two people: the company's and the case's.

    The calling verb's policy says who they are. A case held to it already stays as it is.
    """
    row = RulePin.objects.locked().get(
        subject_type=subject._meta.label_lower, subject_id=subject.pk, kind=rule.kind
    )
    if row.rule_version_id == rule.pk:
        return row
    refuse(_amendable(rule, by, agreed_by))
    before, row.rule_version, row.pinned_at = row.rule_version_id, rule, now()
    row.save()
    change = {"kind": rule.kind, "rule": journal.moved(before, rule.pk), "agreed_by": agreed_by.pk}
    journal.record(subject=subject, realm_id=rule.program_id, change=change)
    return row


def _amendable(rule: RuleVersion, by: User, agreed_by: User) -> Refusal | None:
    if by == agreed_by:
        return Refusal("separation", say("A later rule applies only where both sides agree."))
    if rule.status != RuleStatus.ADOPTED:
        return Refusal("rule_not_adopted", say("Only an adopted version can apply."), field="rule")
    return None


def pins(subject: Model) -> dict[str, RuleVersion]:
    """Every version a case is held to, by kind."""
    rows = RulePin.objects.filter(
        subject_type=subject._meta.label_lower, subject_id=subject.pk
    ).select_related("rule_version")
    return {row.kind: row.rule_version for row in rows}


def held(subject: Any) -> dict[str, RuleVersion]:
    """By kind, what a subject of a programme is held to, and where to nothing, what is in force."""
    return all_in_force(subject.program_id) | pins(subject)


def pinned(subject: Any, kind: str) -> RuleVersion:
    """The version of `kind` the case is held to.

    A case that pinned nothing falls back, with a warning in the log, to what is in force in its
    programme (`program_id` or `realm_id`). Raises NoRule where it has neither.
    """
    held: list[RulePin] = _pin(subject._meta.label_lower, subject.pk, kind)
    if held:
        return held[0].rule_version
    program_id = getattr(subject, "program_id", None) or getattr(subject, "realm_id", None)
    if program_id is None:
        raise NoRule(
            say(
                "{label_lower} {pk} is held to no {kind}",
                label_lower=subject._meta.label_lower,
                pk=subject.pk,
                kind=kind,
            )
        )
    _log.warning(
        "%s %s pinned no %s; the one in force applies", subject._meta.label_lower, subject.pk, kind
    )
    return in_force(program_id, kind)


@read
def _pin(label: str, key: int, kind: str) -> QuerySet[RulePin]:
    rows = RulePin.objects.filter(subject_type=label, subject_id=key, kind=kind)
    return rows.select_related("rule_version").order_by("pk")[:1]


# --- how two versions differ ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """One parameter that differs; None where it is absent."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class WordChange:
    """A run of words: `same`, `removed` or `added`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class RuleDiff:
    """What changed between two versions: typed parameters, and the prose by words."""

    before: RuleVersion
    after: RuleVersion
    parameters: list[ParameterChange]
    words: list[WordChange]

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return not self.parameters and all(word.kind == "same" for word in self.words)


def diff(a: RuleVersion, b: RuleVersion) -> RuleDiff:
    """What `b` changes against `a`."""
    before = _flat(founding.in_order(a.kind, a.parameters))
    after = _flat(founding.in_order(b.kind, b.parameters))
    changes = [
        ParameterChange(path, before.get(path), after.get(path))
        for path in dict.fromkeys((*after, *before))
        if before.get(path) != after.get(path)
    ]
    return RuleDiff(a, b, changes, words(a.prose, b.prose))


def words(old: str, new: str) -> list[WordChange]:
    """The texts as runs of words that stay, go or come; joined without the removed it is `new`.

    Lines are compared first and words within those that differ: a long text costs what its changes
    do.
    """
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    runs: list[WordChange] = []
    for op, i1, i2, j1, j2 in _opcodes(before, after):
        gone, come = "".join(before[i1:i2]), "".join(after[j1:j2])
        found = [WordChange("same", gone)] if op == "equal" else _within(gone, come)
        for run in found:
            if runs and runs[-1].kind == run.kind:
                runs[-1] = WordChange(run.kind, runs[-1].text + run.text)
            else:
                runs.append(run)
    return runs


def _within(old: str, new: str) -> list[WordChange]:
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    runs = []
    for op, i1, i2, j1, j2 in _opcodes(before, after):
        if op == "equal":
            runs.append(WordChange("same", "".join(before[i1:i2])))
            continue
        if i2 > i1:
            runs.append(WordChange("removed", "".join(before[i1:i2])))
        if j2 > j1:
            runs.append(WordChange("added", "".join(after[j1:j2])))
    return runs


def _opcodes(before: list[str], after: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    return difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes()


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """JSON as paths to leaves; an empty list or group is a leaf of its own."""
    items: Iterable[tuple[str, Any]] = ()
    if isinstance(value, dict):
        items = ((f"{path}.{key}" if path else str(key), item) for key, item in value.items())
    elif isinstance(value, list):
        items = ((f"{path}[{i}]", item) for i, item in enumerate(value))
    flat: dict[str, Any] = {}
    for at, item in items:
        flat.update(_flat(item, at) if item and isinstance(item, (dict, list)) else {at: item})
    return flat


# --- what a new version would have done -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One past case that would have gone otherwise: what happened, and what would have.

    `record` is what it is about: who may not see that does not see the case.
    """

    case: str
    url: str
    before: str
    after: str
    record: Model | None = None


WhatIf = Callable[[Program, Any, Any], Iterable[Difference]]


@dataclass(frozen=True, slots=True)
class WhatIfFound:
    """What a change would have altered among one sort of past cases, such as “votes recorded”."""

    of: str
    differences: list[Difference]

    @property
    def caption(self) -> str:
        """How many would have gone otherwise, in one sentence."""
        count = len(self.differences)
        if not count:
            return say("Of the {of}, none would have gone otherwise.", of=self.of)
        return say("Of the {of}, {count} would have gone otherwise.", of=self.of, count=count)


_whatifs: dict[str, list[tuple[str, WhatIf]]] = {}


def whatif(kind: str, of: str = say("past cases")) -> Callable[[WhatIf], WhatIf]:
    """Register `fn(program, params_before, params_after)`: the cases of a sort a change alters.

    `of` says which cases are looked at, in the plural.
    """

    def register(function: WhatIf) -> WhatIf:
        known = _whatifs.setdefault(kind, [])
        if all(function is not other for _, other in known):
            known.append((of, function))
        return function

    return register


def what_if(rule: RuleVersion, user: Any = None) -> list[WhatIfFound]:
    """What the version would have done to past cases, against the one in force now.

    With `user`, of the cases that person may see. One entry for each sort of case looked at; none
    where nothing of the kind can be worked out.
    """
    functions = _whatifs.get(rule.kind, [])
    if not functions:
        return []
    before, after = in_force(rule.program_id, rule.kind).params, rule.params
    found = [WhatIfFound(of, list(fn(rule.program, before, after))) for of, fn in functions]
    if user is None:
        return found
    seen = _visible([d.record for one in found for d in one.differences if d.record], user)
    return [
        WhatIfFound(
            one.of,
            [d for d in one.differences if d.record is None or _key(d.record) in seen],
        )
        for one in found
    ]


def _key(record: Model) -> tuple[str, Any]:
    return record._meta.label_lower, record.pk


def _visible(records: list[Model], user: Any) -> set[tuple[str, Any]]:
    """Which of the records the person may see, in one query for each model."""
    by_model: dict[type[Model], set[Any]] = {}
    for record in records:
        by_model.setdefault(type(record), set()).add(record.pk)
    found = set()
    for model, keys in by_model.items():
        rows: Any = model._default_manager.all()
        rows = rows.visible_to(user).order_by() if hasattr(rows, "visible_to") else rows
        label = model._meta.label_lower
        found |= {(label, pk) for pk in rows.filter(pk__in=keys).values_list("pk", flat=True)}
    return found
