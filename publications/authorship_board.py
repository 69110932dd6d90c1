"""The board's part in authorship: a version that those named disagree on, after mediation."""

from __future__ import annotations

from typing import Any

from fellowship.accounts.models import Actor
from fellowship.kernel.journal import System
from fellowship.kernel.saying import joined, say
from governance.kinds import MatterKind, register
from governance.models import Decision, Matter
from publications.authorship_states import AgreementState
from publications.board import put_again
from publications.models import AuthorshipAgreement
from publications.services.agreements import MATTER, decide_agreement

BOARD = System("board decision")


class AuthorshipKind(MatterKind):
    """To approve is to bring the version into force, to deny is to leave the one before."""

    key = MATTER
    label = say("Authorship")
    subject_model = "publications.authorshipagreement"
    takes_conditions = False
    heading = say("Publication reviews")
    order = 41

    def title(self, subject: Any) -> str:
        return say(
            "Authorship in {ref}, version {number}",
            ref=subject.fellowship.ref,
            number=subject.number,
        )

    def question(self, subject: Any) -> str:
        return say(
            "Whether this version holds. If not, the one before goes on. The fellow may publish "
            "alone either way, and nobody is named an author against their will."
        )

    def dossier(self, subject: Any) -> dict[str, Any]:
        agreement: AuthorshipAgreement = subject
        rows = [
            [
                party.name,
                "leaves" if party.leaves else party.get_side_display(),
                joined(", ", party.roles),
                party.get_answer_display() or say("no answer"),
                party.reason,
            ]
            for party in agreement.parties.all()
        ]
        return {
            "sections": [
                {"heading": say("Why this version"), "text": agreement.because},
                {
                    "heading": say("People in the agreed order"),
                    "columns": [
                        say("Name"),
                        say("Side"),
                        say("CRediT roles"),
                        say("Answer"),
                        say("Reason"),
                    ],
                    "rows": rows,
                },
                {"heading": say("When staff are authors"), "text": agreement.company_criteria},
                {"heading": say("Acknowledgement"), "text": agreement.acknowledgement},
                {
                    "heading": say("The mediator advises"),
                    "text": agreement.advice or say("Nothing in time"),
                },
            ],
            "text_hash": agreement.text_hash,
        }

    def revision(self, subject: Any) -> str:
        return str(subject.text_hash)

    def parties(self, subject: Any) -> set[int]:
        named = set(subject.parties.values_list("person_id", flat=True))
        return named | {subject.fellowship.fellow_id, subject.mediator_id}

    def url(self, subject: Any) -> str:
        return str(subject.get_absolute_url())

    def enact(self, *, matter: Matter, decision: Decision, subject: Any, by: Actor) -> None:
        """Adopt or turn down; deferred, it is before the board again."""
        if decision.outcome == "defer":
            put_again(matter, subject)
            return
        adopt = decision.outcome in ("approve", "approve_with_conditions")
        decide_agreement(
            agreement=subject, adopt=adopt, by=BOARD, reason=say("Board: {ref}", ref=matter.ref)
        )

    def taken_back(self, *, matter: Matter, subject: Any, by: Actor) -> None:
        """Before the board again, while those named still wait for its word."""
        if subject.state == AgreementState.WITH_BOARD:
            put_again(matter, subject)


register(AuthorshipKind())
