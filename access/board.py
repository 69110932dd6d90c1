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
from fellowship.kernel.saying import dated, joined, say
from governance.kinds import MatterKind, register
from governance.models import Decision, Matter
from governance.states import APPROVING, Outcome
from scoping.queries import latest_training, signed_scope
from scoping.sections import cite


class AccessMatter(MatterKind):
    """Access to a dataset of a tier the board opens."""

    key: ClassVar[str] = "access.request"
    label: ClassVar[str] = say("Data access")
    subject_model: ClassVar[str] = "access.accessrequest"
    reopens: ClassVar[tuple[str, ...]] = (Outcome.DENY,)
    heading: ClassVar[str] = say("Data access")
    order: ClassVar[int] = 30

    def title(self, subject: AccessRequest) -> str:
        """The dataset and its tier."""
        dataset = subject.dataset
        return say(
            "Access to {name} ({tier})",
            name=dataset.name,
            tier=say(dataset.get_tier_display()).lower(),
        )

    def question(self, subject: AccessRequest) -> str:
        """Who would do what, with how much of it, until when."""
        total = len(subject.dataset.fields)
        fields = (
            say("{n} of {total} fields", n=len(subject.fields), total=total)
            if total
            else say("the whole dataset")
        )
        own = subject.person_id == subject.fellowship.fellow_id
        ref = subject.fellowship.ref
        return say(
            "Grant {who} {operations} on {fields} of {name}, from {starts_on:%-d %B %Y} "
            "to {ends_on:%-d %B %Y}?",
            who=ref if own else say("a collaborator of {ref}", ref=ref),
            operations=_operations(subject).lower(),
            fields=fields,
            name=subject.dataset.name,
            starts_on=subject.starts_on,
            ends_on=subject.ends_on,
        )

    def dossier(self, subject: AccessRequest) -> dict[str, Any]:
        """What is asked, why less would not do, the check, the five safes, the handling."""
        return {
            "sections": [
                {"heading": say("What you are deciding"), "rows": _asked(subject)},
                {"heading": say("Purpose"), "text": subject.purpose},
                {"heading": say("Why less would not do"), "text": subject.why_less_would_not_do},
                {"heading": say("Lesser variants considered"), "rows": _lesser(subject)},
                *_renewal(subject),
                {"heading": say("The steward's check"), "text": subject.steward_check},
                {"heading": say("Checked"), "rows": _checked(subject)},
                {"heading": say("Five safes"), "rows": _five_safes(subject)},
                {
                    "heading": say("Handling, {handling}", handling=subject.handling),
                    "rows": _handling(subject),
                },
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
            return Refusal("asked_anew", say("The same access has been asked for again since."))
        if subject.ends_on > subject.fellowship.program.today():
            return None
        return Refusal("expired", say("The time it was asked for is over. Ask anew."))

    def reopen(self, *, subject: AccessRequest, by: Actor) -> None:
        """The refused request is with the board again."""
        reconsider(request=subject, by=by, reason=say("An independent review sent it back"))

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
        return_from_board(
            request=subject, by=by, reason=say("{ref} ended without a decision", ref=matter.ref)
        )


def _operations(subject: AccessRequest) -> str:
    return joined(", ", (Operation(o).label for o in subject.operations))


def _asked(subject: AccessRequest) -> list[list[str]]:
    dataset = subject.dataset
    return [
        [say("For"), f"{subject.person}, {subject.fellowship.ref} {subject.fellowship.title}"],
        [
            say("Dataset"),
            f"{dataset.name} ({dataset.ref}), {dataset.get_variant_display().lower()}",
        ],
        [say("Operations"), _operations(subject)],
        [say("Fields"), joined(", ", subject.fields) or "all"],
        [say("Rows"), rows_in_words(dataset, subject.row_filters)],
        [say("From"), dated(subject.starts_on)],
        [say("Last day"), dated(subject.ends_on)],
    ]


def _lesser(subject: AccessRequest) -> list[list[str]]:
    rows = [[f"{v['name']} ({v['variant'].lower()})", v["why"]] for v in subject.lesser]
    return rows or [
        [say("None exists"), say("The catalogue has no lesser variant of this dataset.")]
    ]


def _checked(subject: AccessRequest) -> list[list[str]]:
    """Each question of the steward's check, its answer and note."""
    return [
        [
            row["statement"],
            joined(": ", filter(None, (say("Yes") if row["holds"] else say("No"), row["note"]))),
        ]
        for row in subject.checklist
    ]


def _renewal(subject: AccessRequest) -> list[dict[str, Any]]:
    """Of a renewal: what was used of what was granted, so that the decision rests on it."""
    if subject.renews is None:
        return []
    used = usage.of(subject.renews)
    rows = [
        [
            row.label,
            say("{within} within, {outside} outside", within=row.within, outside=row.outside),
        ]
        for row in used.operations
    ]
    rows.append([say("Renewed before"), say("{earlier} times", earlier=subject.earlier)])
    if subject.why_unused_is_kept:
        rows.append([say("Why what was never used is kept"), subject.why_unused_is_kept])
    return [
        {
            "heading": say("Used of {ref}, which it would follow", ref=subject.renews.ref),
            "rows": rows,
        }
    ]


def _five_safes(subject: AccessRequest) -> list[list[str]]:
    dataset, case = subject.dataset, subject.fellowship
    training = latest_training(subject.person, case.program_id)
    scope = signed_scope(case)
    return [
        [
            say("People"),
            say(
                "training until {expires_at:%-d %B %Y}",
                expires_at=case.program.last_day(training.expires_at),
            )
            if training
            else say("no training"),
        ],
        [
            say("Projects"),
            say("scope of work v{number}, {cite}", number=scope.number, cite=cite("datasets"))
            if scope
            else say("no scope"),
        ],
        [say("Settings"), scope.get_environment_display() if scope else "–"],
        [
            say("Data"),
            say(
                "sensitivity {sensitivity}, identifiability {identifiability}, business "
                "impact {business_impact}, re-identification {reidentification_risk}, "
                "each of 5",
                sensitivity=dataset.sensitivity,
                identifiability=dataset.identifiability,
                business_impact=dataset.business_impact,
                reidentification_risk=dataset.reidentification_risk,
            ),
        ],
        [say("Outputs"), say("leave by what the handling table allows")],
    ]


def _handling(subject: AccessRequest) -> list[list[str]]:
    lines = handling.lines(subject.handling, subject.dataset.tier)
    return [[line.label, line.words] for line in lines]


register(AccessMatter())
