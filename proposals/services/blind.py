"""The redacted copy: made at submission, checked by a manager before anybody is asked to review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from proposals import masking, policy
from proposals.models import Proposal, ProposalVersion, RedactedCopy

PASSAGE_MAX = 500


def keep_copy(proposal: Proposal, version: ProposalVersion) -> None:
    """Make the copy of a version just submitted; within that verb. Not for calls read openly."""
    if proposal.call.blind:
        answers = masking.copy(version.answers, identity(proposal, version))
        RedactedCopy.objects.create(
            version=version, title=_title(answers), answers=answers, made_at=now()
        )


@journal.verb("proposals.mask_passages")
def mask_passages(*, copy: RedactedCopy, passages: Sequence[str], by: User) -> RedactedCopy:
    """Mask more of a copy, also after it was checked. What is masked already changes nothing.

    Each passage is masked wherever it stands, whatever its case and accents. Raises Refused where
    one stands nowhere.
    """
    copy, proposal = _locked(copy)
    refuse(policy.may_manage(proposal, by))
    wanted = [text for text in dict.fromkeys(" ".join(p.split()) for p in passages) if text]
    added = [text for text in wanted if text not in copy.passages]
    if not added:
        return copy
    refuse(_absent(copy, added))
    copy.passages = [*copy.passages, *added]
    found = identity(proposal, copy.version)
    copy.answers = masking.copy(copy.version.answers, found, copy.passages)
    copy.title = _title(copy.answers)
    copy.save()
    change = {"version": copy.version.number, "copy": digest(copy.answers)}
    journal.record(subject=copy, realm_id=proposal.program_id, change=change)
    return copy


@journal.verb("proposals.check_copy")
def check_copy(*, copy: RedactedCopy, by: User) -> RedactedCopy:
    """Say that nothing in the copy tells who applies: reviewers may read it. Once is enough."""
    copy, proposal = _locked(copy)
    refuse(policy.may_manage(proposal, by))
    if copy.checked_at is not None:
        return copy
    copy.checked_at, copy.checked_by = now(), by
    copy.save()
    change = {"version": copy.version.number, "copy": digest(copy.answers)}
    journal.record(subject=copy, realm_id=proposal.program_id, change=change)
    return copy


def identity(proposal: Proposal, version: ProposalVersion) -> masking.Identity:
    """Who applies, as the version and their accounts say it."""
    applicant = proposal.applicant
    team: list[dict[str, Any]] = version.answers.get("team") or []
    orcids = {row["orcid"] for row in team if row.get("orcid")}
    known = [applicant, *User.objects.filter(orcid__in=orcids).exclude(pk=applicant.pk)]
    names = [user.name for user in known] + [row.get("name", "") for row in team]
    places = [text for user in known for text in (user.affiliation, user.past_affiliations)]
    places += [row.get("affiliation", "") for row in team]
    return masking.Identity(
        names=tuple(dict.fromkeys(n for n in names if n)),
        affiliations=tuple(dict.fromkeys(p for p in places if p)),
    )


def _title(answers: dict[str, Any]) -> str:
    return str(answers["title"])[:300]


def _absent(copy: RedactedCopy, passages: list[str]) -> Refusal | None:
    long = next((text for text in passages if len(text) > PASSAGE_MAX), None)
    if long is not None:
        text = say("Give passages of at most {PASSAGE_MAX} characters.", PASSAGE_MAX=PASSAGE_MAX)
        return Refusal("passage_too_long", text, field="passages")
    absent = next((text for text in passages if not masking.stands_in(copy.answers, text)), None)
    if absent is None:
        return None
    return Refusal(
        "no_such_passage",
        say("“{absent}” stands nowhere in the copy.", absent=absent),
        field="passages",
    )


def _locked(copy: RedactedCopy) -> tuple[RedactedCopy, Proposal]:
    proposal = Proposal.objects.locked().get(pk=copy.version.proposal_id)
    rows: Any = RedactedCopy.objects.locked().select_related("version__proposal__applicant")
    return rows.get(pk=copy.pk), proposal
