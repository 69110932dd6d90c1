"""The board's part in authorship: a version that those named disagree on, after mediation."""

from __future__ import annotations

from typing import Any

from fellowship.accounts.models import Actor
from fellowship.kernel.journal import System
from governance.kinds import MatterKind, register
from governance.models import Decision, Matter
from publications.models import AuthorshipAgreement
from publications.services.agreements import MATTER, decide_agreement

BOARD = System("board decision")


class AuthorshipKind(MatterKind):
    """To approve is to bring the version into force, to deny is to leave the one before."""

    key = MATTER
    label = "Authorship"
    subject_model = "publications.authorshipagreement"
    takes_conditions = False
    heading = "Publication reviews"
    order = 41

    def title(self, subject: Any) -> str:
        return f"Authorship in {subject.fellowship.ref}, version {subject.number}"

    def question(self, subject: Any) -> str:
        return (
            "Whether this version holds. If not, the one before goes on. The fellow may publish "
            "alone either way, and nobody is named an author against their will."
        )

    def dossier(self, subject: Any) -> dict[str, Any]:
        agreement: AuthorshipAgreement = subject
        rows = [
            [
                party.name,
                "leaves" if party.leaves else party.get_side_display(),
                ", ".join(party.roles),
                party.get_answer_display() or "no answer",
                party.reason,
            ]
            for party in agreement.parties.all()
        ]
        return {
            "sections": [
                {"heading": "Why this version", "text": agreement.because},
                {
                    "heading": "People in the agreed order",
                    "columns": ["Name", "Side", "CRediT roles", "Answer", "Reason"],
                    "rows": rows,
                },
                {"heading": "When staff are authors", "text": agreement.company_criteria},
                {"heading": "Acknowledgement", "text": agreement.acknowledgement},
                {"heading": "The mediator advises", "text": agreement.advice or "Nothing in time"},
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
        """Adopt or turn down; a deferral leaves it with the board."""
        if decision.outcome == "defer":
            return
        adopt = decision.outcome in ("approve", "approve_with_conditions")
        decide_agreement(agreement=subject, adopt=adopt, by=BOARD, reason=f"Board: {matter.ref}")


register(AuthorshipKind())
