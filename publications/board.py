"""The board's part in publications: contested passages, and windows that passed in silence."""

from __future__ import annotations

from typing import Any, cast

from fellowship.accounts.models import Actor
from fellowship.history.queries import revision
from fellowship.kernel.journal import System
from fellowship.kernel.saying import dated, say
from governance import services as governance
from governance.kinds import MatterKind, register
from governance.models import Decision, Matter
from publications import withholding
from publications.models import Mediation, Objection, Publication
from publications.services import decide_dispute, objection_url, release, return_to_review
from publications.states import ObjectionState, ReleasedBy

BOARD = System("board decision")
APPROVING = ("approve", "approve_with_conditions")


class DisputeKind(MatterKind):
    """A contested objection: to approve is to uphold it, to deny is to overrule it."""

    key = "publications.dispute"
    label = say("Contested passage")
    subject_model = "publications.objection"
    takes_conditions = False
    heading = say("Publication reviews")
    order = 40

    def title(self, subject: Any) -> str:
        return say(
            "{ref}: one passage of {title}", ref=subject.ref, title=subject.publication.title
        )

    def question(self, subject: Any) -> str:
        return say(
            "Shall the objection to this passage be upheld? To approve upholds it, to deny "
            "overrules it. Nothing else of the work waits."
        )

    def dossier(self, subject: Any) -> dict[str, Any]:
        objection = cast("Objection", subject)
        read = withholding.excerpts([objection])[objection.pk]
        last = objection.publication.program.last_day
        until = (
            say(", until {until:%-d %B %Y}", until=last(objection.until)) if objection.until else ""
        )
        return {
            "sections": [
                {"heading": say("Passage"), "text": read.passage},
                {"heading": say("Ground"), "text": objection.get_ground_display()},
                {"heading": say("Harm named"), "text": objection.harm},
                {"heading": say("Asked for"), "text": f"{objection.get_ask_display()}{until}"},
                {"heading": say("Other wording offered"), "text": objection.wording or say("None")},
                {"heading": say("The author contests"), "text": objection.answer},
                *_mediated(objection),
            ]
        }

    def revision(self, subject: Any) -> str:
        return revision(subject)

    def parties(self, subject: Any) -> set[int]:
        mediation = Mediation.objects.filter(objection=subject).first()
        people = {
            subject.raised_by_id,
            subject.owner_id,
            subject.publication.fellowship.fellow_id,
            mediation.mediator_id if mediation else None,
        }
        return people - {None}

    def url(self, subject: Any) -> str:
        return objection_url(subject)

    def enact(self, *, matter: Matter, decision: Decision, subject: Any, by: Actor) -> None:
        """Uphold or overrule; deferred, it is before the board again."""
        if decision.outcome == "defer":
            put_again(matter, subject)
            return
        upheld = decision.outcome in APPROVING
        decide_dispute(
            objection=subject, upheld=upheld, by=BOARD, reason=say("Board: {ref}", ref=matter.ref)
        )

    def taken_back(self, *, matter: Matter, subject: Any, by: Actor) -> None:
        """Before the board again, unless the objection itself is over: no passage waits unseen."""
        if subject.state == ObjectionState.WITH_BOARD:
            put_again(matter, subject)


def put_again(matter: Matter, subject: Any) -> None:
    """A dispute the board did not decide has a new matter, with its holder and its time."""
    governance.refer(
        kind=matter.kind,
        subject=subject,
        program=matter.program,
        by=BOARD,
        reason=say("{ref} ended undecided", ref=matter.ref),
    )


def _mediated(objection: Objection) -> list[dict[str, Any]]:
    """What a mediator proposed, and what each side said to it."""
    mediation = Mediation.objects.filter(objection=objection).first()
    if mediation is None or not mediation.proposal:
        return [{"heading": say("The mediator proposed"), "text": say("Nothing in time")}]
    way = mediation.get_proposal_display()
    last = objection.publication.program.last_day
    until = f", {dated(last(mediation.until))}" if mediation.until else ""
    wording = f"\n\n{mediation.wording}" if mediation.wording else ""
    return [
        {"heading": say("The mediator proposed"), "text": f"{way}{until}.{wording}"},
        {"heading": say("The mediator’s reasons"), "text": mediation.reasons},
        {
            "heading": say("The author said"),
            "text": _said(mediation.author_takes, mediation.author_said),
        },
        {
            "heading": say("Whoever objected said"),
            "text": _said(mediation.reviewer_takes, mediation.reviewer_said),
        },
    ]


def _said(takes: bool | None, words: str) -> str:
    if takes is None:
        return say("Nothing")
    return f"{(say('Yes') if takes else say('No'))}. {words}".strip()


class ReleaseKind(MatterKind):
    """A restricted or vulnerability work whose window passed: release now, or one more window."""

    key = "publications.release"
    label = say("Publication after silence")
    subject_model = "publications.publication"
    takes_conditions = False
    heading = say("Publication reviews")
    order = 40

    def title(self, subject: Any) -> str:
        return say("Release {ref}: {title}", ref=subject.ref, title=subject.title)

    def question(self, subject: Any) -> str:
        return say("Whether to release now. If not, it is released after one more window.")

    def dossier(self, subject: Any) -> dict[str, Any]:
        publication = cast("Publication", subject)
        version = publication.latest
        return {
            "sections": [
                {"heading": say("Abstract"), "text": publication.abstract},
                {"heading": say("Class of work"), "text": publication.get_work_class_display()},
                {
                    "heading": say("Version"),
                    "text": say(
                        "{version}, sha256 {text_hash}",
                        version=version,
                        text_hash=version.text_hash,
                    )
                    if version
                    else say("None"),
                },
                {
                    "heading": say("Objections"),
                    "rows": [
                        {
                            "Reference": o.ref,
                            "Ground": o.get_ground_display(),
                            "State": o.get_state_display(),
                        }
                        for o in publication.objections.all()
                    ],
                },
            ]
        }

    def revision(self, subject: Any) -> str:
        return revision(subject)

    def parties(self, subject: Any) -> set[int]:
        reviewers = subject.reviewers.values_list("reviewer_id", flat=True)
        return {subject.fellowship.fellow_id, *reviewers}

    def url(self, subject: Any) -> str:
        return str(subject.get_absolute_url())

    def enact(self, *, matter: Matter, decision: Decision, subject: Any, by: Actor) -> None:
        """Release on approval; otherwise one more window, which releases by itself."""
        if decision.outcome in APPROVING:
            release(publication=subject, by=BOARD, kind=ReleasedBy.BOARD, reason=matter.ref)
        elif decision.outcome == "deny":
            return_to_review(
                publication=subject, by=BOARD, reason=say("Board: {ref}", ref=matter.ref)
            )


register(DisputeKind())
register(ReleaseKind())
