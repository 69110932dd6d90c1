"""The cases held to rules: which models pin them, who is their other side, which still run.

Each app says it of its own records in its `decision_log.py`; governance lists them by what they
pinned and offers the other side a later version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from fellowship.accounts.models import User
from fellowship.kernel.subjects import about
from governance.models import RuleAmendment, RulePin, RuleVersion
from governance.states import AmendmentState


@dataclass(frozen=True, slots=True)
class Case:
    """A model whose records pin rules.

    `running` tells those that go on, as a query; `party` gives the person who may agree to another
    version, None where nobody alone can.
    """

    label: str
    running: Callable[[], Q]
    party: Callable[[Any], User | None]


_cases: dict[str, Case] = {}


def register(label: str, *, running: Callable[[], Q], party: Callable[[Any], User | None]) -> None:
    """Name a model (`"scoping.fellowship"`) whose records are held to rules."""
    _cases[label] = Case(label, running, party)


def party_of(subject: Model) -> User | None:
    """Who speaks for the case; None where it is no such case, or nobody alone can."""
    case = _cases.get(subject._meta.label_lower)
    return case.party(subject) if case else None


def held_to_earlier(rule: RuleVersion, user: Any) -> QuerySet[RulePin]:
    """Pins of running cases the person may see, to versions of the same rule before this one.

    Each with `offered`: whether a later version is on offer.
    """
    seen = {}
    for label, case in _cases.items():
        rows: Any = apps.get_model(label)._default_manager.all()
        seen[label] = rows.visible_to(user).filter(case.running()).order_by().values("pk")
    offers = RuleAmendment.objects.filter(
        subject_type=OuterRef("subject_type"),
        subject_id=OuterRef("subject_id"),
        kind=OuterRef("kind"),
        state=AmendmentState.OFFERED,
    )
    pins = RulePin.objects.filter(
        about(seen),
        kind=rule.kind,
        rule_version__program_id=rule.program_id,
        rule_version__version__lt=rule.version or 0,
    )
    return pins.annotate(offered=Exists(offers))


def subjects(rows: Iterable[Any]) -> dict[tuple[str, int], Model]:
    """The records that these rows name by type and key, in one query for each type."""
    keys: dict[str, set[int]] = {}
    for row in rows:
        keys.setdefault(row.subject_type, set()).add(row.subject_id)
    return {
        (label, pk): subject
        for label, ids in keys.items()
        for pk, subject in apps.get_model(label)._default_manager.in_bulk(ids).items()
    }


def subject_of(row: Any) -> Any:
    """The record a row names by type and key."""
    return apps.get_model(row.subject_type)._default_manager.get(pk=row.subject_id)
