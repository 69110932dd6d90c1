"""The board's part in findings: whether a severe one may be rejected."""

from __future__ import annotations

from typing import Any, Final, cast

from fellowship.accounts.models import Actor
from fellowship.kernel.journal import System
from fellowship.kernel.saying import say
from findings import policy
from findings.models import Finding
from findings.services import reject_finding
from governance.kinds import MatterKind, register
from governance.models import Decision, Matter

CLOSED: Final = (say("Conditions"), say("How often"), say("Evidence"))
"""Beside the claim, what of the dossier an embargo closes."""


class RejectionKind(MatterKind):
    """A severe finding is rejected by the board, or goes on being investigated."""

    key = "findings.rejection"
    label = say("Rejection of a severe finding")
    subject_model = "findings.finding"
    takes_conditions = False
    withholds = True
    heading = say("Findings to controls")
    order = 50

    def title(self, subject: Any) -> str:
        return say("Reject {ref}: {title}", ref=subject.ref, title=subject.title)

    def question(self, subject: Any) -> str:
        return say(
            "Whether the product owner may reject {ref} ({severity}).",
            ref=subject.ref,
            severity=say(subject.get_severity_display()).lower(),
        )

    def dossier(self, subject: Any) -> dict[str, Any]:
        finding = cast("Finding", subject)
        share = finding.share
        return {
            "sections": [
                {"heading": say("Claim"), "text": finding.claim},
                {"heading": say("Conditions"), "text": finding.conditions or say("Not stated")},
                {"heading": say("How often"), "text": str(share) if share else say("Not counted")},
                {"heading": say("System"), "text": f"{finding.system} {finding.system_version}"},
                {"heading": say("Severity"), "text": finding.get_severity_display()},
                {
                    "heading": say("Evidence"),
                    "rows": [
                        {"Artifact": e.artifact.name, "SHA-256": e.artifact.sha256}
                        for e in finding.evidence.select_related("artifact")
                    ],
                },
            ]
        }

    def withheld(self, subject: Any, user: Any) -> dict[str, str]:
        """The claim with its evidence, while an embargo keeps it from the person."""
        finding = cast("Finding", subject)
        if not policy.withheld(finding, user):
            return {}
        said = policy.said_instead(finding)
        whom = say("The product owner or the manager can end it sooner.")
        return {"Claim": f"{said} {whom}", **dict.fromkeys(CLOSED, said)}

    def revision(self, subject: Any) -> str:
        from fellowship.history.queries import revision

        return revision(subject)

    def parties(self, subject: Any) -> set[int]:
        return {
            pk
            for pk in (
                subject.reported_by_id,
                subject.fellowship.fellow_id,
                subject.product_owner_id,
            )
            if pk
        }

    def url(self, subject: Any) -> str:
        return str(subject.get_absolute_url())

    def enact(self, *, matter: Matter, decision: Decision, subject: Any, by: Actor) -> None:
        """Reject on approval; on anything else the finding stays under investigation."""
        if decision.outcome in ("approve", "approve_with_conditions"):
            reject_finding(
                finding=subject,
                by=System("board decision"),
                reason=say("Board: {ref}", ref=matter.ref),
            )


register(RejectionKind())
