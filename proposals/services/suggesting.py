"""Reviewers for a whole call: suggested at once, changed by hand, then assigned in batches."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from django.urls import reverse

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import joined, say, say_n
from fellowship.kernel.time import now
from fellowship.kernel.worded import worded
from fellowship.notices.services import Message, notify_each
from fellowship.programs.models import Call
from proposals import policy, rubric
from proposals.matching import gather, words
from proposals.matching.gather import Case, Gathered, Person
from proposals.models import Assignment, Proposal, SuggestedPanel, Suggestion, SuggestionRun
from proposals.models.reviewers import USUAL_PLACES
from proposals.services import assigning
from proposals.services.drafting import SERVICE
from proposals.services.panel import assign_reviewer
from proposals.states import RUN_MOVES, RunState

if TYPE_CHECKING:
    from proposals.matching import solve

IN_REQUEST: Final = 40_000
"""Pairs of proposal and reviewer that are worked out while the person waits; more by the sweep."""
AT_ONCE: Final = 200
"""Assignments made while the person waits; more by the sweep."""
BATCH: Final = 2_000
"""Assignments of one sweep."""
_ROWS: Final = 2_000


@journal.verb("proposals.suggest_reviewers")
def suggest_reviewers(*, call: Call, by: User) -> SuggestionRun:
    """Have reviewers suggested for every proposal of the call that lacks some.

    One that waits to be looked at is set aside for a new one; one being worked out or assigned is
    returned unchanged.
    """
    from proposals.matching import solve  # with the solver it needs, which is large

    call = Call.objects.locked().select_related("program").get(pk=call.pk)
    refuse(policy.may_suggest(call, by))
    live = SuggestionRun.objects.live().filter(call=call).first()
    if live and live.state != RunState.READY:
        return live
    if live:
        set_aside(run=live, by=by)
    run = SuggestionRun.objects.create(
        call=call,
        asked_by=by,
        parameters={
            "reviewers_per_proposal": rubric.of_call(call).reviewers_per_proposal,
            "usual_places": USUAL_PLACES,
            "point_of_fit": gather.PER_POINT,
            "hinted": gather.HINTED,
            "same_seat": list(solve.SAME_SEAT),
            "full": solve.FULL,
            "empty": solve.EMPTY,
        },
    )
    journal.record(subject=run, realm_id=call.program_id, change=run.parameters)
    people = len(gather.people_keys(call))
    if _proposals(run).count() * people <= IN_REQUEST:
        run = work_out(run=run, by=SERVICE)
    return run


@journal.verb("proposals.work_out_suggestion")
def work_out(*, run: SuggestionRun, by: Actor) -> SuggestionRun:
    """Find the suggestion that was asked for; one found already is returned unchanged."""
    from proposals.matching import solve

    run = _locked(run)
    if run.state != RunState.ASKED:
        return run
    gathered = gather.of_call(run.call, proposals=_proposals(run), reader=run.asked_by)
    found = solve.solve(gathered.pool())
    lines = _written(run, gathered, found)
    run.state = RUN_MOVES.target(run.state, "work_out")
    run.proposals = sum(1 for case in gathered.cases if case.need)
    run.places = sum(case.need for case in gathered.cases)
    run.filled, run.points = len(found.pairs), found.points
    run.digest, run.worked_out_at = digest(lines), now()
    run.save()
    journal.record(
        subject=run,
        realm_id=run.call.program_id,
        change={"filled": run.filled, "places": run.places, "digest": run.digest},
    )
    return run


@journal.verb("proposals.set_suggestion_aside")
def set_aside(*, run: SuggestionRun, by: Actor, reason: str = "") -> SuggestionRun:
    """Let a suggestion lie; one set aside already stays as it is."""
    run = _locked(run)
    if run.state == RunState.SET_ASIDE:
        return unchanged(run, policy.may_suggest(run.call, by))
    refuse(policy.may_suggest(run.call, by))
    refuse(RUN_MOVES.refusal(run.state, "set_aside"))
    run.state = RUN_MOVES.target(run.state, "set_aside")
    run.save()
    journal.record(subject=run, realm_id=run.call.program_id)
    return run


@journal.verb("proposals.add_suggested")
def add_suggested(*, panel: SuggestedPanel, reviewer: User, by: User) -> Suggestion:
    """Put somebody on a suggested panel by hand. What speaks against it is kept as a warning.

    Only what always forbids does: a declared conflict, the team, not being on the panel.
    """
    panel = _locked_panel(panel)
    there = Suggestion.objects.filter(panel=panel, reviewer=reviewer).first()
    if there:
        return unchanged(there, policy.may_change_suggested(panel, by))
    refuse(policy.may_change_suggested(panel, by))
    refuse(policy.may_serve(panel.proposal, reviewer))
    gathered = gather.of_call(
        panel.run.call, proposals=Proposal.objects.filter(pk=panel.proposal_id), reader=by
    )
    refuse(_still(gathered, reviewer))
    case, person = gathered.cases[0], gathered.by_key[reviewer.pk]
    chosen = case.panel | set(panel.suggestions.values_list("reviewer_id", flat=True))
    used = person.used + _given(panel.run, reviewer)
    why, warned = _for_and_against(gathered, case, person, chosen, used)
    made = Suggestion.objects.create(
        panel=panel, reviewer=reviewer, by_hand=True, **worded(why=why, warned=warned)
    )
    _recount(panel)
    change = {"proposal": panel.proposal.ref, "added": reviewer.pk, "warned": bool(made.warned)}
    journal.record(subject=panel.run, realm_id=panel.run.call.program_id, change=change)
    return made


@journal.verb("proposals.drop_suggested")
def drop_suggested(*, suggestion: Suggestion, by: User) -> SuggestedPanel:
    """Take somebody off a suggested panel by hand; one gone already stays gone."""
    panel = _locked_panel(suggestion.panel)
    refuse(policy.may_change_suggested(panel, by))
    gone, _ = Suggestion.objects.filter(pk=suggestion.pk).delete()
    if gone:
        _recount(panel)
        change = {"proposal": panel.proposal.ref, "dropped": suggestion.reviewer_id}
        journal.record(subject=panel.run, realm_id=panel.run.call.program_id, change=change)
    return panel


@journal.verb("proposals.assign_suggested")
def assign_suggested(*, run: SuggestionRun, by: User) -> SuggestionRun:
    """Carry the suggestion out: at once where it is small, else batch by batch by the sweep.

    One being carried out, or carried out already, is returned unchanged.
    """
    run = _locked(run)
    if run.state in (RunState.ASSIGNING, RunState.ASSIGNED):
        return unchanged(run, policy.may_assign_suggested(run, by))
    refuse(policy.may_assign_suggested(run, by))
    run.state = RUN_MOVES.target(run.state, "assign")
    run.assigned_at, run.assigned_by = now(), by
    run.save()
    waiting = _waiting(run).count()
    journal.record(subject=run, realm_id=run.call.program_id, change={"suggested": waiting})
    if waiting <= AT_ONCE:
        while run.state == RunState.ASSIGNING:
            run = assign_batch(run=run, by=SERVICE)
    return run


@journal.verb("proposals.assign_batch")
def assign_batch(*, run: SuggestionRun, by: Actor) -> SuggestionRun:
    """Assign the next of a suggestion being carried out, or end it where none is left."""
    run = _locked(run)
    if run.state != RunState.ASSIGNING or run.assigned_by is None:
        return run
    batch = list(_waiting(run).select_related("panel", "reviewer").order_by("id")[:BATCH])
    if not batch:
        return _finish(run)
    made = assigning.assign_all(run=run, batch=batch, by=run.assigned_by)
    change = {"assigned": made, "left_out": len(batch) - made}
    journal.record(subject=run, realm_id=run.call.program_id, change=change)
    return run


def ask_by_hand(*, proposal: Proposal, reviewer: User, by: User) -> Assignment:
    """Ask one person outside a suggestion. What speaks for and against it is kept with it."""
    same = Proposal.objects.filter(pk=proposal.pk)
    gathered = gather.of_call(proposal.call, proposals=same, reader=by)
    person = gathered.by_key.get(reviewer.pk)
    why, warned = "", ""
    if person is not None and gathered.cases:
        case = gathered.cases[0]
        why, warned = _for_and_against(gathered, case, person, case.panel, person.used)
    return assign_reviewer(proposal=proposal, reviewer=reviewer, by=by, why=why, warned=warned)


def _for_and_against(
    gathered: Gathered, case: Case, person: Person, panel: set[int], used: int
) -> tuple[str, str]:
    """Why this person, and what speaks against it, as both are kept."""
    asked = (gathered, case, person, panel, used)
    return words.why(*asked), joined("\n", words.warnings(*asked))


def _finish(run: SuggestionRun) -> SuggestionRun:
    """All are assigned: tell each reviewer once."""
    run.state = RUN_MOVES.target(run.state, "finish")
    run.save()
    done = Suggestion.objects.filter(panel__run=run, assignment__isnull=False)
    journal.record(subject=run, realm_id=run.call.program_id, change={"assigned": done.count()})
    counts = Counter(done.values_list("reviewer_id", flat=True))
    notify_each(
        Message(
            kind="proposals.assigned_many",
            to=[person],
            subject_obj=run.call,
            realm=run.call.program_id,
            title=_asked(counts[person.pk], run.call),
            body=say(
                "Declare first whether you have a conflict of interest; then score each alone."
            ),
            url=reverse("proposals:reviews"),
            dedupe=f"proposals.assigned_many:{run.pk}",
        )
        for person in User.objects.filter(pk__in=counts).order_by("pk")
    )
    return run


def _asked(count: int, call: Call) -> str:
    return say_n(
        count,
        "Please review {n} proposal of {ref}",
        "Please review {n} proposals of {ref}",
        ref=call.ref,
    )


def _written(run: SuggestionRun, gathered: Gathered, found: solve.Found) -> list[list[Any]]:
    """Keep the suggestion; returns its lines as they are hashed."""
    chosen: dict[int, list[Person]] = defaultdict(list)
    for row, column in found.pairs:
        chosen[row].append(gathered.people[column])
    used = Counter({person.user.pk: person.used for person in gathered.people})
    total = used + Counter(gathered.people[column].user.pk for _, column in found.pairs)
    panels, made, lines = [], [], []
    for row, case in enumerate(gathered.cases):
        people = chosen[row]
        if not case.need:
            continue
        lacking = case.need - len(people)
        got = {person.user.pk for person in people}
        reason = words.missing(gathered, case, got, total) if lacking else ""
        panel = SuggestedPanel(
            run=run,
            proposal=case.proposal,
            need=case.need,
            missing=lacking,
            **worded(reason=reason),
        )
        panels.append(panel)
        whole = case.panel | got
        for person in people:
            made.append(
                _line(panel, gathered, case, person, whole=whole, used=used[person.user.pk])
            )
            used[person.user.pk] += 1
            lines.append([case.proposal.ref, person.user.pk, made[-1].why])
    SuggestedPanel.objects.bulk_create(panels, batch_size=_ROWS)
    Suggestion.objects.bulk_create(made, batch_size=_ROWS)
    return lines


def _line(
    panel: SuggestedPanel,
    gathered: Gathered,
    case: Case,
    person: Person,
    *,
    whole: set[int],
    used: int,
) -> Suggestion:
    hinted = gathered.hinted.get((case.proposal.pk, person.user.pk), ())
    return Suggestion(
        panel=panel,
        reviewer=person.user,
        **worded(
            why=words.why(gathered, case, person, whole, used),
            warned=joined("\n", (hint.sentence(str(person.user)) for hint in hinted)),
        ),
    )


def _proposals(run: SuggestionRun) -> Any:
    """Those the person who asked may run the panel on."""
    rows = Proposal.objects.visible_to(run.asked_by).filter(call=run.call_id)
    return rows.filter(state__in=gather.TO_STAFF).exclude(applicant=run.asked_by)


def _waiting(run: SuggestionRun) -> Any:
    return Suggestion.objects.filter(panel__run=run, assignment=None, left_out="")


def _given(run: SuggestionRun, reviewer: User) -> int:
    return Suggestion.objects.filter(panel__run=run, reviewer=reviewer).count()


def _recount(panel: SuggestedPanel) -> None:
    """Keep the numbers right after a change by hand."""
    panel.missing = max(0, panel.need - panel.suggestions.count())
    reason = "" if not panel.missing else panel.reason or say("Taken off by hand.")
    panel.put(reason=reason)
    panel.save()


def _still(gathered: Gathered, reviewer: User) -> Refusal | None:
    if not gathered.cases:
        return Refusal("wrong_state", say("The proposal takes no reviewers any more."))
    if reviewer.pk in gathered.cases[0].panel:
        return Refusal(
            "asked", say("{reviewer} reviews it already.", reviewer=reviewer), field="reviewer"
        )
    return None


def _locked(run: SuggestionRun) -> SuggestionRun:
    return (
        SuggestionRun.objects.locked()
        .select_related("call__program", "asked_by", "assigned_by")
        .get(pk=run.pk)
    )


def _locked_panel(panel: SuggestedPanel) -> SuggestedPanel:
    """The panel with its run locked: changes by hand and carrying out wait for each other."""
    run = _locked(panel.run)
    found = SuggestedPanel.objects.select_related("proposal__applicant").get(pk=panel.pk)
    found.run = run
    return found
