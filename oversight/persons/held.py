"""What of each record belongs to the person it names, for the copy they take.

Whole records are those a person wrote, or that are about them alone and that they may read. Of all
others that name them the copy says which and how many there are: their words are another's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.db import models
from simple_history.models import HistoricalChanges

from fellowship.kernel.saying import say

WHOLE: Final[dict[str, str]] = {
    "accounts.roleassignment": "user",
    "accounts.apitoken": "user",
    "accounts.conflict": "user",
    "account.emailaddress": "user",
    "usersessions.usersession": "user",
    "notices.notice": "recipient",
    "proposals.proposal": "applicant",
    "proposals.proposalversion": "submitted_by",
    "proposals.draft": "proposal__applicant",
    "proposals.review": "reviewer",
    "proposals.reviewerprofile": "user",
    "proposals.absence": "user",
    "governance.vote": "cast_by",
    "governance.reply": "author",
    "governance.rulecomment": "author",
    "governance.ruleacknowledgement": "user",
    "governance.oncallabsence": "user",
    "scoping.signature": "person",
    "scoping.training": "person",
    "scoping.checkin": "by",
    "access.agreement": "person",
    "access.accessrequest": "requested_by",
    "access.accessevent": "person",
    "access.classificationanswers": "person",
    "findings.finding": "reported_by",
    "findings.reply": "author",
    "findings.savedfilter": "owner",
    "publications.authorshipparty": "person",
    "publications.author": "user",
    "publications.question": "asked_by",
    "oversight.closingtext": "author",
    "oversight.savedscope": "owner",
    "oversight.personalcopy": "person",
}
"""Records that are the person's own, by what leads to them."""
OTHERS: Final = {
    "proposals.proposal": {"decided_at"},
    "access.accessrequest": {"checklist", "steward_check", "decided_because", "sent_back_because"},
    "access.accessevent": {"clause", "reason"},
    "findings.finding": {"severity_reason", "harm_note", "mapping", "rationale", "closure"},
    "governance.reply": {"answer"},
    "governance.rulecomment": {"answer"},
    "scoping.checkin": {"cleared_how"},
    "publications.question": {"answer"},
}
"""Columns of those that somebody else writes."""
SECRET: Final = ("hash", "key", "token", "secret", "password", "digest", "salt")
"""Columns whose name ends so hold no words, and open something."""


@dataclass(frozen=True, slots=True)
class Held:
    """One record of the person: which, and what of it is theirs."""

    label: str
    title: str
    values: dict[str, Any]


def own(person: Any) -> Iterator[Held]:
    """Every record that is the person's own."""
    for label, path in WHOLE.items():
        model: Any = apps.get_model(label)
        rows: Any = models.QuerySet(model=model).filter(**{path: person.pk}).order_by("pk")
        for row in rows.iterator(chunk_size=500):
            yield Held(label, str(model._meta.verbose_name), _values(row, person))


def named(person: Any) -> Iterator[Held]:
    """That other records name the person: which kind, as what, how many, from when to when."""
    for model in apps.get_models():
        label = model._meta.label_lower
        if issubclass(model, HistoricalChanges) or label.startswith("guardian."):
            continue
        for column in _links(model):
            if WHOLE.get(label) == column.name:
                continue
            count = models.QuerySet(model=model).filter(**{column.name: person.pk}).count()
            if count:
                said = {"as": str(column.verbose_name), "records": count}
                yield Held(label, str(model._meta.verbose_name), said)


def _links(model: type[models.Model]) -> Iterator[models.ForeignKey[Any, Any]]:
    for column in model._meta.concrete_fields:
        if isinstance(column, models.ForeignKey):
            related = column.related_model
            if not isinstance(related, str) and related._meta.label == settings.AUTH_USER_MODEL:
                yield column


def _values(row: Any, person: Any) -> dict[str, Any]:
    left_out = OTHERS.get(row._meta.label_lower, set())
    found: dict[str, Any] = {}
    for column in row._meta.concrete_fields:
        name = column.name
        if name in left_out or name.endswith(SECRET):
            continue
        value = column.value_from_object(row)
        if isinstance(column, models.ForeignKey) and column in set(_links(type(row))):
            value = "you" if value == person.pk else (say("another person") if value else None)
        elif isinstance(column, models.BinaryField):
            continue
        found[name] = value
    return found
