"""What the board decides here: an amendment that widens a scope of work above a tier."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import Model

from fellowship.accounts.models import Actor, User
from fellowship.history.queries import revision
from governance.kinds import MatterKind, register
from governance.models import Decision, Matter
from governance.states import APPROVING, Outcome
from scoping import document, services
from scoping.models import ScopeOfWork
from scoping.queries import signed_scope
from scoping.terms import widening


class AmendmentKind(MatterKind):
    """A new version of a scope of work that allows more than the signed one."""

    key: ClassVar[str] = "scoping.amendment"
    label: ClassVar[str] = "Amendment of a scope of work"
    subject_model: ClassVar[str] = "scoping.scopeofwork"
    heading: ClassVar[str] = "Changes of scope"
    order: ClassVar[int] = 20

    def title(self, subject: ScopeOfWork) -> str:
        return f"{subject.fellowship.ref}: scope of work v{subject.number}"

    def question(self, subject: ScopeOfWork) -> str:
        more = widening(signed_scope(subject.fellowship_id), subject)
        what = "; ".join(f"{d.cited}: {d.text}" for d in more) or "what it allows"
        return f"Shall {subject.fellowship.ref} be allowed more ({what})?"

    def dossier(self, subject: ScopeOfWork) -> dict[str, Any]:
        """What widens, why it is asked for, and every clause that changes."""
        signed = signed_scope(subject.fellowship_id)
        changes = document.changes(signed, subject) if signed else []
        rows = [[d.cited, d.text] for d in widening(signed, subject)]
        return {
            "sections": [
                {"heading": "What is allowed beyond the signed version", "rows": rows},
                {"heading": "Why", "text": subject.rationale or "No reason was given."},
                *(
                    {"heading": c.cited, "rows": [["Signed", c.old], ["Proposed", c.new]]}
                    for c in changes
                ),
                {"heading": "Text", "text": f"SHA-256 {subject.text_hash}"},
            ]
        }

    def revision(self, subject: ScopeOfWork) -> str:
        return subject.text_hash or revision(subject)

    def parties(self, subject: ScopeOfWork) -> set[int]:
        """The fellow and the mentor, who gain by it, and who asked, be it not who refers it."""
        case = subject.fellowship
        asked = {subject.proposed_by_id} - {subject.prepared_by_id}
        return {pk for pk in (case.fellow_id, case.mentor_id, *asked) if pk}

    def related(self, subject: ScopeOfWork) -> Iterable[Model]:
        return (subject.fellowship, subject.fellowship.proposal)

    def url(self, subject: ScopeOfWork) -> str:
        return subject.get_absolute_url()

    def enact(self, *, matter: Matter, decision: Decision, subject: ScopeOfWork, by: User) -> None:
        """Offer what was approved, withdraw what was denied, give back what was deferred."""
        reason = f"decided as {matter.ref}"
        if decision.outcome in APPROVING:
            services.approve_scope(scope=subject, by=by, reason=reason)
        elif decision.outcome == Outcome.DENY:
            services.deny_scope(scope=subject, by=by, reason=reason)
        else:
            services.return_scope(scope=subject, by=by, reason=reason)

    def taken_back(self, *, matter: Matter, subject: ScopeOfWork, by: Actor) -> None:
        services.return_scope(scope=subject, by=by, reason=f"{matter.ref} was taken back")

    def condition_owner(self, subject: ScopeOfWork) -> User | None:
        return subject.fellowship.fellow


register(AmendmentKind())
