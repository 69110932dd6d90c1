"""Many assignments at once, each with its history, event and clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fellowship.accounts.models import User
from fellowship.clocks.services import Beginning, start_many
from fellowship.history.bulk import create_many, save_many
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worded import worded
from governance import rules
from proposals import blindness, rubric
from proposals.matching import gather
from proposals.models import Assignment, Proposal, Suggestion, SuggestionRun
from proposals.services.drafting import SERVICE
from proposals.services.panel import REVIEW_CLOCK, SILENCE, assign_reviewer
from proposals.states import PROPOSAL_MOVES, ProposalState


def assign_all(*, run: SuggestionRun, batch: Sequence[Suggestion], by: User) -> int:
    """Assign those of a suggestion that still stand; the others are left out and say why.

    Inside a verb. Returns how many are assigned. The rules are those of one assignment, asked of
    all at once.
    """
    keys = {suggestion.panel.proposal_id for suggestion in batch}
    proposals = {p.pk: p for p in _locked(keys)}
    gathered = gather.of_call(run.call, proposals=Proposal.objects.filter(pk__in=keys), reader=by)
    visible = Proposal.objects.visible_to(by).filter(pk__in=keys).exclude(applicant=by)
    judge = _Judge(
        gathered, proposals, set(visible.values_list("pk", flat=True)), _closed(run, proposals)
    )
    new: list[tuple[Suggestion, Assignment]] = []
    at = now()
    due = rubric.of_call(run.call).review_window.due(at, run.call.program.calendar())
    for suggestion in batch:
        proposal = proposals[suggestion.panel.proposal_id]
        suggestion.put(left_out=judge.against(suggestion))
        if suggestion.left_out:
            continue
        if (proposal.pk, suggestion.reviewer_id) in gathered.returned:
            suggestion.assignment = assign_reviewer(
                proposal=proposal,
                reviewer=suggestion.reviewer,
                by=by,
                why=suggestion.why,
                warned=suggestion.warned,
            )
            continue
        assignment = Assignment(
            proposal=proposal,
            reviewer=suggestion.reviewer,
            assigned_by=by,
            assigned_at=at,
            due_at=due,
            **worded(why=suggestion.why, warned=suggestion.warned),
        )
        new.append((suggestion, assignment))
    _write(run, new, by)
    _open(proposals.values(), {s.panel.proposal_id for s in batch if not s.left_out}, by)
    for suggestion, assignment in new:
        suggestion.assignment = assignment
    Suggestion.objects.bulk_update(batch, ["assignment", "left_out", "words"], batch_size=500)
    return sum(1 for suggestion in batch if not suggestion.left_out)


class _Judge:
    """Says why a suggestion no longer stands, counting what it let pass."""

    def __init__(
        self,
        gathered: gather.Gathered,
        proposals: dict[int, Proposal],
        managed: set[int],
        closed: dict[int, str],
    ) -> None:
        self.gathered, self.proposals, self.managed = gathered, proposals, managed
        self.closed = closed
        self.cases = {case.proposal.pk: case for case in gathered.cases}
        self.passed: Counter[int] = Counter()

    def against(self, suggestion: Suggestion) -> str:
        """Why it is left out; empty where it stands."""
        key, person = suggestion.panel.proposal_id, suggestion.reviewer_id
        case = self.cases.get(key)
        if key not in self.managed:
            said = say("Another manager runs the panel on it.")
        elif case is None:
            state = self.proposals[key].get_state_display().lower()
            said = say("The proposal takes no reviewers any more: it is {state}.", state=state)
        elif key in self.closed:
            said = self.closed[key]
        elif person in case.panel:
            said = say("Asked by hand in the meantime.")
        elif not suggestion.by_hand and self.passed[key] >= case.need:
            said = say("Others were asked in the meantime, as many as the rubric wants.")
        else:
            said = self._barred(key, person)
        self.passed[key] += not said
        return said

    def _barred(self, key: int, person: int) -> str:
        if person not in self.gathered.by_key:
            return say("No longer on the panel.")
        if (key, person) in self.gathered.barred:
            return say("A conflict was declared, or belongs to the team.")
        return ""


def _closed(run: SuggestionRun, proposals: dict[int, Proposal]) -> dict[int, str]:
    """Those of a blind call nobody is asked to review yet, and why."""
    found = {}
    for proposal in proposals.values() if run.call.blind else ():
        proposal.call = run.call
        refusal = blindness.unchecked(proposal)
        if refusal:
            found[proposal.pk] = refusal.reason
    return found


def _write(run: SuggestionRun, new: list[tuple[Suggestion, Assignment]], by: User) -> None:
    made = create_many(
        [assignment for _, assignment in new],
        change=lambda a: {"reviewer": a.reviewer_id, "suggestion": run.pk, "why": a.why},
        verb="proposals.assign_reviewer",
        by=by,
    )
    if made:
        start_many(
            [Beginning(a, a.reviewer) for a in made],
            kind=REVIEW_CLOCK,
            realm_id=run.call.program_id,
            window=rubric.of_call(run.call).review_window,
            at=made[0].assigned_at,
            by=SERVICE,
            holder="us",
            silence=SILENCE,
            rule=str(rules.pinned(run.call, rubric.KIND)),
        )


def _open(proposals: Any, staffed: set[int], by: User) -> None:
    """The first assignment opens the review."""
    opening = [p for p in proposals if p.pk in staffed and p.state == ProposalState.SUBMITTED]
    for proposal in opening:
        proposal.state = PROPOSAL_MOVES.target(proposal.state, "open_review")
    save_many(
        opening,
        ["state"],
        change=lambda p: {"state": p.state},
        verb="proposals.open_review",
        by=by,
    )


def _locked(keys: set[int]) -> Any:
    return Proposal.objects.locked().filter(pk__in=keys).order_by("pk")
