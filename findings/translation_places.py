"""Where translation appears outside its own pages: navigation, home, words for its verbs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.queries import holds_anywhere, realm_ids_where
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web import nav, verbs, work
from findings.change_states import (
    AcceptanceState,
    ChangeState,
    ContestState,
    Reception,
)
from findings.models import ChangeRequest, Contest
from findings.services.translation import CONTEST_SILENCE
from findings.states import ControlState, ControlType, Family, FindingClass

SEE = (roles.PRODUCT_OWNER, roles.MANAGER, roles.ONCALL, roles.AUDITOR, roles.SPONSOR)

nav.register(
    say("Translation matrix"),
    "findings:matrices",
    visible=lambda user: holds_anywhere(user, *SEE),
    section="triage",
    order=42,
)
verbs.register(
    {
        "findings.classify": say("said what the finding is about"),
        "findings.contest": say("contested a suggestion"),
        "findings.answer_contest": say("answered the contest"),
        "findings.take_back_contest": say("took the contest back"),
        "findings.change_matrix": say("changed the translation matrix"),
        "findings.request_change": say("asked for a change"),
        "findings.report_change": say("said how the change goes"),
        "findings.withdraw_change": say("withdrew the change request"),
        "findings.link_tracker": say("linked the tracker"),
        "findings.plan_test": say("planned an acceptance test"),
        "findings.record_test": say("recorded a result"),
        "findings.withdraw_test": say("withdrew the acceptance test"),
    }
)
verbs.register_values(
    {
        "findings.class": FindingClass.choices,
        "findings.family": Family.choices,
        "findings.control_type": ControlType.choices,
        "findings.outcome": ContestState.choices,
        "findings.reception": Reception.choices,
        "findings.reported": ChangeState.choices,
        "findings.state": (*ChangeState.choices, *AcceptanceState.choices),
    }
)
verbs.register_fields(
    {"findings.class": say("about"), "findings.control_type": say("kind of control")}
)


@work.register_for(roles.PRODUCT_OWNER)
def changes_done(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Changes the team says are done, whose control waits for its deployment to be recorded."""
    for change in _done(user, at):
        yield work.WorkItem(
            title=say("Done, says the team: record {ref} as deployed", ref=change.control.ref),
            url=route_to("findings:change", change.ref),
            due=change.finding.due_at,
            silence=say("Nothing is deployed by itself; the finding's clock runs on."),
            kind="change request",
            case_ref=change.ref,
            program_id=change.program_id,
        )


@read_for
def _done(user: Any, at: dt.datetime) -> QuerySet[ChangeRequest]:
    rows = ChangeRequest.objects.visible_to(user).filter(
        state=ChangeState.DONE, control__state=ControlState.PLANNED, control__owner_id=user.pk
    )
    return rows.select_related("control", "finding").order_by("stated_at", "id")[: work.GIVEN]


@work.register_for(roles.MANAGER)
def contests_to_answer(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Contested suggestions that wait for the manager's answer."""
    for one in _contested(user, at):
        yield work.WorkItem(
            title=say(
                "Answer: {control_type} is contested",
                control_type=one.get_control_type_display().lower(),
            ),
            url=route_to("findings:contest", one.ref),
            due=one.due_at,
            silence=CONTEST_SILENCE,
            kind="contest",
            case_ref=one.ref,
            program_id=one.program_id,
        )


@read_for
def _contested(user: Any, at: dt.datetime) -> QuerySet[Contest]:
    managed = realm_ids_where(user, roles.MANAGER)
    rows = Contest.objects.visible_to(user).open().filter(program_id__in=managed)
    return rows.exclude(raised_by_id=user.pk).order_by("due_at", "id")[: work.GIVEN]
