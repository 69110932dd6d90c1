"""Matters and decisions, rules, exceptions and alarms as the search finds them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from fellowship.kernel.saying import say
from fellowship.web.search import Hit, Kind, by_state, paper, register
from governance.models import AccessReview, Escalation, ExceptionRecord, Matter, RuleVersion


def _rules(user: Any) -> QuerySet[RuleVersion]:
    rows: QuerySet[RuleVersion] = RuleVersion.objects.visible_to(user)
    return rows.select_related("program")


def _rule(row: RuleVersion) -> Hit:
    return Hit(row.title, row.get_absolute_url(), f"{row} · {row.program}")


def _escalation(row: Escalation) -> Hit:
    about = row.subject_label or row.get_kind_display()
    meta = f"{row.ref} · {row.get_severity_display()} · {row.get_state_display()}"
    return Hit(about, row.get_absolute_url(), meta)


register(
    Kind(
        "decisions",
        say("Matters and decisions"),
        Matter.objects.visible_to,
        by_state,
        order=60,
        words=("title", "ref", "question"),
        prefix="MAT",
    ),
    Kind(
        "rules",
        say("Rules"),
        _rules,
        _rule,
        order=65,
        words=("title",),
    ),
    Kind(
        "exceptions",
        say("Exceptions"),
        ExceptionRecord.objects.visible_to,
        by_state,
        order=70,
        words=("title", "ref", "subject_label"),
        prefix="EXC",
        listed="governance:exceptions",
    ),
    Kind(
        "escalations",
        say("Escalations"),
        Escalation.objects.visible_to,
        _escalation,
        order=75,
        words=("ref", "summary", "subject_label"),
        prefix="ESC",
        listed="governance:escalations",
    ),
    paper(AccessReview, "REV"),
)
