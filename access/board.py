"""What the board decides about access: one named person, one dataset, some operations, a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import Model

from access import handling, usage
from access.checks import rows_in_words
from access.models import AccessRequest
from access.services import grant_by_board, reconsider, refuse_by_board, return_from_board
from access.states import OPEN_REQUEST, Operation, RequestState
from fellowship.accounts.models import Actor, User
from fellowship.history.queries import revision
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.time import now
from governance.kinds import MatterKind, register
from governance.models import Decision, Matter
from governance.states import APPROVING, Outcome
from scoping.queries import latest_training, signed_scope
from scoping.sections import cite


class AccessMatter(MatterKind):
    """Access to a dataset of a tier the board opens."""

    key: ClassVar[str] = "access.request"
    label: ClassVar[str] = "Data access"
    subject_model: ClassVar[str] = "access.accessrequest"
    reopens: ClassVar[tuple[str, ...]] = (Outcome.DENY,)
    heading: ClassVar[str] = "Data access"
    order: ClassVar[int] = 30

    def title(self, subject: AccessRequest) -> str:
        """The dataset and its tier."""
        dataset = subject.dataset
        return f"Access to {dataset.name} ({dataset.get_tier_display().lower()})"

    def question(self, subject: AccessRequest) -> str:
        """Who would do what, with how much of it, until when."""
        total = len(subject.dataset.fields)
        fields = f"{len(subject.fields)} of {total} fields" if total else "the whole dataset"
        return (
            f"Grant {subject.fellowship.ref} {_operations(subject).lower()} on {fields} of "
            f"{subject.dataset.name}, from {subject.starts_on:%-d %B %Y} "
            f"to {subject.ends_on:%-d %B %Y}?"
        )

    def dossier(self, subject: AccessRequest) -> dict[str, Any]:
        """What is asked, why less would not do, the check, the five safes, the handling."""
        return {
            "sections": [
                {"heading": "What you are deciding", "rows": _asked(subject)},
                {"heading": "Purpose", "text": subject.purpose},
                {"heading": "Why less would not do", "text": subject.why_less_would_not_do},
                {"heading": "Lesser variants considered", "rows": _lesser(subject)},
                *_renewal(subject),
                {"heading": "The steward's check", "text": subject.steward_check},
                {"heading": "Checked", "rows": _checked(subject)},
                {"heading": "Five safes", "rows": _five_safes(subject)},
                {"heading": f"Handling, {subject.handling}", "rows": _handling(subject)},
            ]
        }

    def revision(self, subject: AccessRequest) -> str:
        """Changes with the request."""
        return revision(subject)

    def parties(self, subject: AccessRequest) -> set[int]:
        """The named person, whoever asked, the fellow, and the mentor of the case."""
        people = {subject.person_id, subject.requested_by_id, subject.fellowship.fellow_id}
        if subject.fellowship.mentor_id:
            people.add(subject.fellowship.mentor_id)
        return people

    def url(self, subject: AccessRequest) -> str:
        """The request's page."""
        return subject.get_absolute_url()

    def related(self, subject: AccessRequest) -> Iterable[Model]:
        """Who has a conflict in the case or its proposal has one here."""
        return (subject.fellowship, subject.fellowship.proposal)

    def may_reopen(self, subject: AccessRequest) -> Refusal | None:
        """Only before its last day, and while nothing else is asked in its place."""
        others = AccessRequest.objects.exclude(pk=subject.pk).filter(
            fellowship=subject.fellowship, dataset=subject.dataset, person=subject.person
        )
        if others.filter(state__in=[*OPEN_REQUEST, RequestState.APPROVED]).exists():
            return Refusal("asked_anew", "The same access has been asked for again since.")
        if subject.ends_on > now().date():
            return None
        return Refusal("expired", "The time it was asked for is over. Ask anew.")

    def reopen(self, *, subject: AccessRequest, by: Actor) -> None:
        """The refused request is with the board again."""
        reconsider(request=subject, by=by, reason="An independent review sent it back")

    def condition_owner(self, subject: AccessRequest) -> User:
        """The person who wants access fulfils what it depends on."""
        return subject.person

    def condition_verifier(self, subject: AccessRequest) -> User:
        """The dataset's steward looks whether it is so."""
        return subject.dataset.steward

    def enact(
        self, *, matter: Matter, decision: Decision, subject: AccessRequest, by: Actor
    ) -> None:
        """The grant exists because the board voted; its conditions hold it shut until verified."""
        if decision.outcome in APPROVING:
            grant_by_board(request=subject, decision=decision, by=by)
        elif decision.outcome == Outcome.DENY:
            refuse_by_board(request=subject, decision=decision, by=by)
        else:
            return_from_board(request=subject, by=by, reason=decision.letter)

    def taken_back(self, *, matter: Matter, subject: AccessRequest, by: Actor) -> None:
        """Without a decision it rests with us again."""
        return_from_board(request=subject, by=by, reason=f"{matter.ref} ended without a decision")


def _operations(subject: AccessRequest) -> str:
    return ", ".join(str(Operation(o).label) for o in subject.operations)


def _asked(subject: AccessRequest) -> list[list[str]]:
    dataset = subject.dataset
    return [
        ["For", f"{subject.person}, {subject.fellowship.ref} {subject.fellowship.title}"],
        ["Dataset", f"{dataset.name} ({dataset.ref}), {dataset.get_variant_display().lower()}"],
        ["Operations", _operations(subject)],
        ["Fields", ", ".join(subject.fields) or "all"],
        ["Rows", rows_in_words(dataset, subject.row_filters)],
        ["From", f"{subject.starts_on:%-d %B %Y}"],
        ["Last day", f"{subject.ends_on:%-d %B %Y}"],
    ]


def _lesser(subject: AccessRequest) -> list[list[str]]:
    rows = [[f"{v['name']} ({v['variant'].lower()})", v["why"]] for v in subject.lesser]
    return rows or [["None exists", "The catalogue has no lesser variant of this dataset."]]


def _checked(subject: AccessRequest) -> list[list[str]]:
    """Each question of the steward's check, its answer and note."""
    return [
        [row["statement"], ": ".join(filter(None, ("Yes" if row["holds"] else "No", row["note"])))]
        for row in subject.checklist
    ]


def _renewal(subject: AccessRequest) -> list[dict[str, Any]]:
    """Of a renewal: what was used of what was granted, so that the decision rests on it."""
    if subject.renews is None:
        return []
    used = usage.of(subject.renews)
    rows = [[row.label, f"{row.within} within, {row.outside} outside"] for row in used.operations]
    rows.append(["Renewed before", f"{subject.earlier} times"])
    if subject.why_unused_is_kept:
        rows.append(["Why what was never used is kept", subject.why_unused_is_kept])
    return [{"heading": f"Used of {subject.renews.ref}, which it would follow", "rows": rows}]


def _five_safes(subject: AccessRequest) -> list[list[str]]:
    dataset, case = subject.dataset, subject.fellowship
    training = latest_training(subject.person, case.program_id)
    scope = signed_scope(case)
    return [
        [
            "People",
            f"training until {training.expires_at:%-d %B %Y}" if training else "no training",
        ],
        ["Projects", f"scope of work v{scope.number}, {cite('datasets')}" if scope else "no scope"],
        ["Settings", scope.get_environment_display() if scope else "–"],
        [
            "Data",
            f"sensitivity {dataset.sensitivity}, identifiability {dataset.identifiability}, "
            f"business impact {dataset.business_impact}, "
            f"re-identification {dataset.reidentification_risk}, each of 5",
        ],
        ["Outputs", "leave by what the handling table allows"],
    ]


def _handling(subject: AccessRequest) -> list[list[str]]:
    lines = handling.lines(subject.handling, subject.dataset.tier)
    return [[line.label, line.words] for line in lines]


register(AccessMatter())
