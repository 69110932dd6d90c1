"""Escalations before the board: whether one may be closed with the review that was written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.apps import apps
from django.db import models

from fellowship.accounts.models import User
from fellowship.kernel.canonical import digest
from fellowship.kernel.saying import say
from governance.kinds import MatterKind, register
from governance.models import Decision, Escalation, Matter
from governance.services.escalations import close, reopen
from governance.services.escalations_referred import ESCALATION_MATTER
from governance.states import APPROVING, EscalationState, Outcome


class EscalationMatter(MatterKind):
    """Whether the board accepts that an alarm is dealt with. Denied, it is taken up again."""

    key: ClassVar[str] = ESCALATION_MATTER
    label: ClassVar[str] = say("Escalation")
    subject_model: ClassVar[str] = "governance.escalation"
    heading: ClassVar[str] = say("Risk escalations")
    order: ClassVar[int] = 60
    takes_conditions: ClassVar[bool] = False

    def title(self, subject: Escalation) -> str:
        return subject.title

    def question(self, subject: Escalation) -> str:
        """Whether it may be closed."""
        return say(
            "Is {ref} dealt with, so that it may be closed with the review below?", ref=subject.ref
        )

    def dossier(self, subject: Escalation) -> dict[str, Any]:
        """The alarm, what was done about it step by step, and the review."""
        facts = [
            [say("Severity"), subject.get_severity_display()],
            [
                say("Raised"),
                say(
                    "{raised_at:%-d %B %Y, %H:%M} UTC by {raiser}",
                    raised_at=subject.raised_at,
                    raiser=subject.raiser,
                ),
            ],
            [say("Occurred"), subject.often],
            [say("About"), subject.subject_label or say("The programme")],
        ]
        steps = [
            [s.get_step_display(), say("{at:%-d %B %Y, %H:%M} UTC", at=s.at), s.text]
            for s in subject.steps.order_by("at", "id")
        ]
        return {
            "sections": [
                {"heading": say("The alarm"), "rows": facts},
                {"heading": say("What was raised"), "text": subject.summary},
                {"heading": say("Review"), "text": subject.review},
                {"heading": say("Findings"), "text": _found(subject)},
                {
                    "heading": say("Steps"),
                    "columns": [say("Step"), say("When"), say("What was done")],
                    "rows": steps,
                },
            ]
        }

    def revision(self, subject: Escalation) -> str:
        """Changes with what happened and with the review."""
        steps = subject.steps.count()
        return digest([subject.state, subject.review, subject.occurrences, steps, _found(subject)])

    def parties(self, subject: Escalation) -> set[int]:
        """The fellow whose case it is, and who raised it."""
        return {pk for pk in (subject.fellow_id, subject.raised_by_id) if pk}

    def related(self, subject: Escalation) -> Iterable[models.Model]:
        """The record the alarm is about."""
        if not subject.subject_type:
            return ()
        model = apps.get_model(subject.subject_type)
        return list(model._default_manager.filter(pk=subject.subject_id))

    def url(self, subject: Escalation) -> str:
        """The escalation's page."""
        return subject.get_absolute_url()

    def enact(self, *, matter: Matter, decision: Decision, subject: Escalation, by: User) -> None:
        """Close it with its review, or take it up again; deferred, it stays as it is."""
        if decision.outcome in APPROVING:
            close(escalation=subject, by=by, review=subject.review)
        elif decision.outcome == Outcome.DENY and subject.state == EscalationState.PREVENTED:
            reopen(
                escalation=subject,
                by=by,
                text=say("The board did not accept it: {ref}.", ref=matter.ref),
            )


def _found(subject: Escalation) -> str:
    """The findings that came of it, one to a line, or why there are none."""
    labels = subject.findings.order_by("at", "id").values_list("label", flat=True)
    return "\n".join(labels) or subject.none_found


register(EscalationMatter())
