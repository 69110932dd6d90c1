"""Classifications read and judged: who answers, where two people differ, what a new tier shuts.

Each `may_` function returns None or a Refusal. Why two
roles answer apart: docs/adr/0018-two-roles-classify-apart.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from access import handling
from access.models import Classification, ClassificationAnswers, Dataset, Grant
from access.states import CLASSIFICATION_MOVES, TIERS, ClassificationState, Operation
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role, recused
from fellowship.kernel.prepared import read
from fellowship.kernel.refusals import Refusal, first, refuse
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.programs.states import Tier
from governance.models import RuleVersion
from governance.policy.common import text_given
from governance.rulekinds import ClassQuestion, DataClassification
from governance.rules import in_force
from governance.states import RuleKind
from scoping.models import ScopeOfWork
from scoping.states import ScopeState

SEPARATION = say("separation of duties")


def standard(classification: Classification) -> DataClassification:
    """The questions and thresholds it is held to."""
    params: DataClassification = classification.rule.params
    return params


def role_labels(keys: Collection[str]) -> str:
    """Roles in words: “Data steward or Programme manager”."""
    return joined(say(" or "), (roles.ROLES[key].label for key in keys))


# --- who may -----------------------------------------------------------------------------------


def may_open(dataset: Dataset, by: Actor) -> Refusal | None:
    """Why `by` may not begin a classification."""
    if not has_role(by, dataset.program_id, roles.STEWARD):
        return Refusal("wrong_role", say("A classification is begun by a data steward."))
    return _about(dataset, by)


def role_of(
    classification: Classification, by: Any, sent: Collection[ClassificationAnswers]
) -> str | None:
    """The role in which the person may still answer; None where there is none."""
    taken = {one.role for one in sent}
    open_roles = [r for r in standard(classification).answered_by if r not in taken]
    held = [r for r in open_roles if has_role(by, classification.program_id, r)]
    return held[0] if held else None


def answering_role(
    classification: Classification, by: Any, sent: Collection[ClassificationAnswers]
) -> str:
    """The role in which the person answers; raises Refused where there is none."""
    refuse(may_answer(classification, by, sent))
    return role_of(classification, by, sent) or ""


def may_answer(
    classification: Classification, by: Actor, sent: Collection[ClassificationAnswers]
) -> Refusal | None:
    """Why `by` may not answer: each of the two roles once, by two people."""
    keys = standard(classification).answered_by
    if not has_role(by, classification.program_id, *keys):
        reason = say(
            "These questions are answered by two roles: {role_labels}.",
            role_labels=role_labels(keys),
        )
        return Refusal("wrong_role", reason, rule=str(classification.rule))
    return first(
        _about(classification.dataset, by),
        None
        if classification.state == ClassificationState.OPEN
        else Refusal("not_open", say("{ref} takes no more answers.", ref=classification.ref)),
        Refusal(
            "already_sent",
            say("You have sent your answers; the other role's are still to come."),
            rule=SEPARATION,
        )
        if by in [one.person for one in sent]
        else None,
        None
        if role_of(classification, by, sent)
        else Refusal(
            "role_answered",
            say(
                "Somebody of your role has answered already; the other role's answers are missing."
            ),
            rule=SEPARATION,
        ),
    )


def may_settle(
    classification: Classification, by: Actor, sent: Collection[ClassificationAnswers]
) -> Refusal | None:
    """Why `by` may not settle: a third person of the role the rule names."""
    keys = standard(classification).settled_by
    if not has_role(by, classification.program_id, *keys):
        reason = say(
            "What two people see differently is settled by: {role_labels}.",
            role_labels=role_labels(keys),
        )
        return Refusal("wrong_role", reason, rule=str(classification.rule))
    return first(
        Refusal("separation", say("Whoever answered does not settle."), rule=SEPARATION)
        if by in [one.person for one in sent]
        else None,
        _about(classification.dataset, by),
        CLASSIFICATION_MOVES.refusal(classification.state, "settle"),
    )


def may_call_off(classification: Classification, by: Actor) -> Refusal | None:
    """Why `by` may not call it off: once both have answered, what they said counts."""
    if not has_role(by, classification.program_id, roles.STEWARD, roles.MANAGER):
        return Refusal(
            "wrong_role", say("A classification is called off by a steward or the manager.")
        )
    return CLASSIFICATION_MOVES.refusal(classification.state, "call_off")


def _about(dataset: Dataset, by: Actor) -> Refusal | None:
    if isinstance(by, User) and recused(by, dataset):
        return Refusal("separation_conflict", say("You declared a conflict of interest here."))
    if dataset.retired_at is not None:
        return Refusal("retired", say("{dataset} is out of the catalogue.", dataset=dataset))
    return None


# --- answers -----------------------------------------------------------------------------------


def answers_fit(
    rule: DataClassification, answers: Mapping[str, Any], asked: Collection[str] | None = None
) -> Refusal | None:
    """Why these answers cannot be kept: each question asked has one of its own answers."""
    questions = [q for q in rule.questions if asked is None or q.key in asked]
    for question in questions:
        if answers.get(question.key) not in [answer.score for answer in question.answers]:
            return Refusal("unanswered", say("Choose an answer."), field=f"q_{question.key}")
    extra = sorted(set(answers) - {question.key for question in questions})
    if extra:
        return Refusal(
            "unknown_question", say("Not asked here: {extra}.", extra=joined(", ", extra))
        )
    return None


def reasons_given(because: Mapping[str, str], asked: Collection[str]) -> Refusal | None:
    """Why a settlement without its reasons is refused."""
    return first(
        *(
            text_given(
                because.get(key, ""), f"because_{key}", say("Say what speaks for this answer.")
            )
            for key in asked
        )
    )


def differing(rule: DataClassification, a: Mapping[str, int], b: Mapping[str, int]) -> list[str]:
    """The keys of the questions answered differently, in their order."""
    return [q.key for q in rule.questions if a[q.key] != b[q.key]]


def stricter(rule: DataClassification, a: Mapping[str, int], b: Mapping[str, int]) -> str:
    """The tier the graver answer to each question leads to: it holds until settled."""
    both = {q.key: max(a[q.key], b[q.key]) for q in rule.questions}
    return rule.tier(rule.scores(both))


@dataclass(frozen=True, slots=True)
class Compared:
    """One question with both answers, in the order of the roles, and what was settled."""

    question: ClassQuestion
    said: tuple[tuple[str, str, int, str], ...]
    differs: bool
    settled: int | None = None
    settled_label: str = ""
    because: str = ""


def compared(
    classification: Classification, sent: Collection[ClassificationAnswers]
) -> list[Compared]:
    """Every question with what each person answered. Only for answers the reader may see."""
    return [_compared(classification, question, sent) for question in _questions(classification)]


def _questions(classification: Classification) -> tuple[ClassQuestion, ...]:
    return standard(classification).questions


def _compared(
    classification: Classification,
    question: ClassQuestion,
    sent: Collection[ClassificationAnswers],
) -> Compared:
    labels = {answer.score: answer.label for answer in question.answers}
    said = tuple(
        (roles.ROLES[one.role].label, str(one.person), score, labels[score])
        for one in sent
        for score in [one.answers[question.key]]
    )
    settled = classification.settled.get(question.key)
    return Compared(
        question=question,
        said=said,
        differs=len({score for _, _, score, _ in said}) > 1,
        settled=settled,
        settled_label=labels.get(settled, ""),
        because=classification.because.get(question.key, ""),
    )


# --- what follows from a tier --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Affected:
    """One live grant and what the dataset's tier, as it is now, shuts of it."""

    grant: Grant
    shut: tuple[str, ...]
    sentence: str


def affected(dataset: Dataset) -> list[Affected]:
    """The live grants of the dataset of which its present tier shuts something, and what.

    All are judged by what they allow; only those that lose something are read as records.
    """
    live = _live(dataset.pk, now())
    rules = {rule.pk: rule for rule in _rules(sorted({by for _, _, by, _ in live}))}
    never = {pk: _never(rule, dataset.tier) for pk, rule in rules.items()}
    signed = {case: scope for case, *scope in _signed(sorted({case for _, case, _, _ in live}))}
    shut: dict[int, tuple[tuple[str, ...], str]] = {}
    for pk, case, by, operations in live:
        scope = signed.get(case)
        if scope is not None and TIERS.index(dataset.tier) > TIERS.index(scope[1]):
            sentence = say(
                "Everything is shut: scope of work v{scope} goes no higher than {label}. "
                "To go on, amend it.",
                scope=scope[0],
                label=Tier(scope[1]).label.lower(),
            )
            shut[pk] = (_labels(operations), sentence)
        elif found := _labels(o for o in operations if o in never[by]):
            sentence = say(
                "Shut at once by {rules}: {found}. The rest stays open.",
                rules=rules[by],
                found=joined(", ", found),
            )
            shut[pk] = (found, sentence)
    return [Affected(grant, *shut[grant.pk]) for grant in _narrowed(list(shut))]


def _never(rule: RuleVersion, tier: str) -> frozenset[str]:
    """What the standard never allows in the tier."""
    table = handling.table(rule, tier)
    return frozenset(o for o, answer in table.items() if answer == handling.NO)


@read
def _live(dataset: int, at: dt.datetime) -> QuerySet[Any, Any]:
    rows = Grant.objects.live(at).filter(dataset_id=dataset).order_by("ends_at", "id")
    return rows.values_list("pk", "fellowship_id", "handling_id", "operations")


@read
def _rules(keys: list[int]) -> QuerySet[RuleVersion]:
    """The few handling rules that many grants were made under."""
    return RuleVersion.objects.filter(pk__in=keys)


@read
def _signed(cases: list[int]) -> QuerySet[Any, Any]:
    rows = ScopeOfWork.objects.filter(fellowship_id__in=cases, state=ScopeState.SIGNED)
    return rows.values_list("fellowship_id", "number", "max_tier")


@read
def _narrowed(keys: list[int]) -> QuerySet[Grant]:
    rows = Grant.objects.filter(pk__in=keys).order_by("ends_at", "id")
    return rows.select_related("person", "fellowship")


def _labels(operations: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(Operation(o).label) for o in operations)


def outdated(dataset: Dataset) -> str:
    """“Classified by v1; v2 is in force”, where that is so; asks for `classification__rule`."""
    if dataset.classification is None:
        return ""
    used = dataset.classification.rule
    current = in_force(dataset.program_id, RuleKind.DATA_CLASSIFICATION)
    if used.pk == current.pk:
        return ""
    return say(
        "Classified by v{version}; v{version2} is in force.",
        version=used.version,
        version2=current.version,
    )
