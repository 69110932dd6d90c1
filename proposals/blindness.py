"""Blind calls: what a reviewer reads instead of the proposal, and why not yet or not at all.

Whatever shows a proposal to its reviewers asks `paper` (the copy) or `reads_copy`. Attachments are
never part of a copy, nor are their names: a file cannot be masked.
"""

from __future__ import annotations

from typing import Any

from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import say
from proposals import sections
from proposals.models import Assignment, Proposal, RedactedCopy
from proposals.models.blind import UNTITLED

RULE = say("blind review")


def reads_copy(assignment: Assignment) -> bool:
    """Whether this reviewer reads the redacted copy alone."""
    return bool(assignment.proposal.call.blind)


def latest(proposal: Proposal, *, checked: bool = False) -> RedactedCopy | None:
    """The copy of the latest version that has one; only of those that were checked."""
    rows = RedactedCopy.objects.filter(version__proposal=proposal).select_related("version")
    if checked:
        rows = rows.filter(checked_at__isnull=False)
    return rows.order_by("-version__number").first()


def paper(proposal: Proposal) -> dict[str, Any]:
    """What reviewers of a blind call read: the checked copy; nothing where there is none."""
    copy = latest(proposal, checked=True)
    answers = copy.answers if copy else {}
    return {
        "document": list(sections.read(answers, sections.labels(proposal.program))),
        "justification": answers.get("justification", ""),
        "files": [],
        "remarks": [],
    }


def answers(proposal: Proposal) -> dict[str, Any]:
    """The answers as reviewers read them; none while a blind call's copy was not checked."""
    found: Any = latest(proposal, checked=True) if proposal.call.blind else proposal.current()
    return dict(found.answers) if found else {}


def title(proposal: Proposal) -> str:
    """The title as reviewers read it."""
    if not proposal.call.blind:
        return str(proposal)
    copy = latest(proposal, checked=True)
    return copy.title if copy else UNTITLED


def unchecked(proposal: Proposal) -> Refusal | None:
    """Why nobody is asked to review yet: the copy of the present version was not checked."""
    if not proposal.call.blind:
        return None
    copy = latest(proposal, checked=True)
    if copy is not None and copy.version.number == proposal.version:
        return None
    return Refusal(
        "copy_unchecked",
        say("Check the redacted copy first: reviewers of this call read nothing else."),
        rule=RULE,
    )


def unreadable(proposal: Proposal) -> Refusal | None:
    """Why no review is written: the text changed, and its copy was not checked yet."""
    if unchecked(proposal) is None:
        return None
    return Refusal(
        "copy_unchecked",
        say(
            "The redacted copy of version {version} waits for the manager’s check.",
            version=proposal.version,
        ),
        rule=RULE,
    )


def knows_already(proposal: Proposal, reviewer: User) -> Refusal | None:
    """Why this person cannot review it blind: another role shows them who applied."""
    if not proposal.call.blind:
        return None
    if not Proposal.objects.visible_to(reviewer).filter(pk=proposal.pk).exists():
        return None
    return Refusal(
        "knows_applicant",
        say("{reviewer} can read who applied, so cannot review it blind.", reviewer=reviewer),
        rule=RULE,
        field="reviewer",
    )
