"""What the board decides here: an amendment that widens a scope of work above a tier."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import Model

from fellowship.accounts.models import Actor, User
from fellowship.history.queries import revision
from fellowship.kernel.saying import joined, say
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
    label: ClassVar[str] = say("Amendment of a scope of work")
    subject_model: ClassVar[str] = "scoping.scopeofwork"
    heading: ClassVar[str] = say("Changes of scope")
    order: ClassVar[int] = 20

    def title(self, subject: ScopeOfWork) -> str:
        return say(
            "{ref}: scope of work v{number}", ref=subject.fellowship.ref, number=subject.number
        )

    def question(self, subject: ScopeOfWork) -> str:
        more = widening(signed_scope(subject.fellowship_id), subject)
        what = joined("; ", (f"{d.cited}: {d.text}" for d in more)) or say("what it allows")
        return say("Shall {ref} be allowed more ({what})?", ref=subject.fellowship.ref, what=what)

    def dossier(self, subject: ScopeOfWork) -> dict[str, Any]:
        """What widens, why it is asked for, and every clause that changes."""
        signed = signed_scope(subject.fellowship_id)
        changes = document.changes(signed, subject) if signed else []
        rows = [[d.cited, d.text] for d in widening(signed, subject)]
        return {
            "sections": [
                {"heading": say("What is allowed beyond the signed version"), "rows": rows},
                {"heading": say("Why"), "text": subject.rationale or say("No reason was given.")},
                *(
                    {"heading": c.cited, "rows": [[say("Signed"), c.old], [say("Proposed"), c.new]]}
                    for c in changes
                ),
                {
                    "heading": say("Text"),
                    "text": say("SHA-256 {text_hash}", text_hash=subject.text_hash),
                },
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
        reason = say("decided as {ref}", ref=matter.ref)
        if decision.outcome in APPROVING:
            services.approve_scope(scope=subject, by=by, reason=reason)
        elif decision.outcome == Outcome.DENY:
            services.deny_scope(scope=subject, by=by, reason=reason)
        else:
            services.return_scope(scope=subject, by=by, reason=reason)

    def taken_back(self, *, matter: Matter, subject: ScopeOfWork, by: Actor) -> None:
        services.return_scope(
            scope=subject, by=by, reason=say("{ref} was taken back", ref=matter.ref)
        )

    def condition_owner(self, subject: ScopeOfWork) -> User | None:
        return subject.fellowship.fellow


register(AmendmentKind())
