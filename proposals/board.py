"""Proposals before the board: what members see, who may not vote, and what a decision does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fellowship.accounts.models import Actor, User
from fellowship.history.queries import revision
from fellowship.kernel.saying import joined, say
from governance.kinds import MatterKind, register
from governance.models import Decision, Matter
from governance.states import Outcome
from proposals import attachments, policy, rubric, sections, services, terms
from proposals.models import Proposal, Review


class ProposalMatter(MatterKind):
    """Whether a proposal becomes a fellowship."""

    key = "proposals.proposal"
    label = say("Proposal")
    subject_model = "proposals.proposal"
    reopens = (Outcome.DENY,)
    heading = say("New proposals")
    order = 10

    def title(self, subject: Proposal) -> str:
        """The proposal's title, shortened."""
        return subject.title if len(subject.title) <= 240 else f"{subject.title[:239]}…"

    def question(self, subject: Proposal) -> str:
        """What the board decides."""
        return say(
            "Shall {applicant} be offered a fellowship for “{title}”?",
            applicant=subject.applicant,
            title=subject.title,
        )

    def dossier(self, subject: Proposal) -> dict[str, Any]:
        """The call, any justification of broad access, the reviews, the proposal and its files."""
        parts = (_summary, _justification, _reviews, _document, _attachments)
        return {"sections": [section for part in parts for section in part(subject)]}

    def revision(self, subject: Proposal) -> str:
        """Changes with each version of the proposal, not with its state."""
        version = subject.current()
        return version.text_hash if version else revision(subject)

    def parties(self, subject: Proposal) -> set[int]:
        """The applicant, and everyone of the team we know by ORCID iD."""
        team = User.objects.filter(orcid__in=policy.team_orcids(subject)).exclude(orcid="")
        return {subject.applicant_id, *team.values_list("pk", flat=True)}

    def url(self, subject: Proposal) -> str:
        """The page of the case."""
        return subject.get_absolute_url()

    def enact(self, *, matter: Matter, decision: Decision, subject: Proposal, by: User) -> None:
        """Accept, decline or defer; an accepted proposal becomes a fellowship at once."""
        services.enact_decision(
            proposal=subject,
            outcome=decision.outcome,
            by=by,
            reason=say("Decision on {ref}", ref=matter.ref),
        )

    def taken_back(self, *, matter: Matter, subject: Proposal, by: Actor) -> None:
        """The case is with the panel again."""
        services.take_back(
            proposal=subject, by=by, reason=say("{ref} ended undecided", ref=matter.ref)
        )

    def scores_in_summary(self, subject: Proposal) -> list[str]:
        """Each criterion with its weight and the scores given; reviewers are not named."""
        reviews = list(Review.objects.counted().filter(proposal=subject).prefetch_related("scores"))
        given = [{s.criterion: s.value for s in review.scores.all()} for review in reviews]
        criteria = rubric.of_call(subject.call).criteria if reviews else ()
        rows = [(c, [_score(g[c.key]) for g in given if c.key in g]) for c in criteria]
        return [f"{c.label} ({c.weight} %): {joined(', ', scores)}" for c, scores in rows if scores]

    def advised(self, subject: Proposal) -> set[int]:
        """The reviewers of the panel, also those whose assignment was taken back."""
        return set(subject.assignments.values_list("reviewer_id", flat=True))

    def reopen(self, *, subject: Proposal, by: Actor) -> None:
        """The declined proposal is with the board again."""
        services.reconsider(
            proposal=subject, by=by, reason=say("An independent review sent it back")
        )

    def condition_owner(self, subject: Proposal) -> User | None:
        """The applicant fulfils conditions."""
        return subject.applicant


def _summary(proposal: Proposal) -> Iterator[dict[str, Any]]:
    rows = [
        [say("Call"), f"{proposal.call.ref}: {proposal.call.title}"],
        [say("Applicant"), _who(proposal.applicant)],
        [say("Version"), str(proposal.version)],
    ]
    yield {"heading": say("The case"), "rows": rows}


def _reviews(proposal: Proposal) -> Iterator[dict[str, Any]]:
    """Scores and comments to the board; reviewers by number, never by name."""
    reviews = list(Review.objects.counted().filter(proposal=proposal).prefetch_related("scores"))
    names = {c.key: c.label for c in rubric.of_call(proposal.call).criteria}
    for review in reviews:
        rows = [[names.get(s.criterion, s.criterion), _score(s.value)] for s in review.scores.all()]
        rows.append([say("Confidence"), review.get_confidence_display()])
        if review.version != proposal.version:
            rows.append(
                [
                    say("Scored"),
                    say("version {version}, not the present one", version=review.version),
                ]
            )
        if review.comment_board:
            rows.append([say("To the board"), review.comment_board])
        rows.append([say("To the applicant"), review.comment_applicant])
        yield {"heading": say("Reviewer {number}", number=review.number), "rows": rows}


def _document(proposal: Proposal) -> Iterator[dict[str, Any]]:
    for section, rows in terms.document(proposal.current()):
        yield {
            "heading": section.title,
            "rows": [[f.label, sections.as_text(f, value)] for f, value in rows],
        }


def _justification(proposal: Proposal) -> Iterator[dict[str, Any]]:
    """Why broad access is asked for with an open goal, and the sentences that called for it."""
    version = proposal.current()
    text = version.answers.get(policy.JUSTIFICATION) if version else None
    if version and text:
        answered = [f"{r['message']} “{r['sentence']}”" for r in version.remarks]
        yield {
            "heading": say("Written justification for broad access"),
            "rows": [[say("Justification"), text], [say("What it answers"), "\n\n".join(answered)]],
        }


def _attachments(proposal: Proposal) -> Iterator[dict[str, Any]]:
    """The files by name, size and hash; they are read on the page of the case."""
    files = attachments.of_version(proposal.current())
    if files:
        yield {
            "heading": say("Attachments"),
            "rows": [
                [
                    file.name,
                    say(
                        "{size_text}, SHA-256 {sha256}",
                        size_text=file.size_text,
                        sha256=file.sha256,
                    ),
                ]
                for file in files
            ],
        }


def _score(value: int | None) -> str:
    return say("Not applicable") if value is None else say("{value} of 5", value=value)


def _who(user: User) -> str:
    return f"{user}, {user.affiliation}" if user.affiliation else str(user)


register(ProposalMatter())
