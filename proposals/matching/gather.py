"""What the assignment of a call's reviewers rests on, asked of the database all at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, F, QuerySet

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict, User
from fellowship.accounts.queries import holders, label_of
from fellowship.kernel.time import now
from fellowship.programs.models import Call
from governance import hints
from proposals import policy, rubric
from proposals.matching.expertise import MOST, Fields, Match, fit
from proposals.models import Absence, Assignment, Proposal, ProposalVersion, ReviewerProfile
from proposals.models.reviewers import USUAL_PLACES
from proposals.states import ProposalState

if TYPE_CHECKING:
    from proposals.matching.solve import Pool

TO_STAFF: Final = (ProposalState.SUBMITTED, ProposalState.IN_REVIEW)
PER_POINT: Final = 10
"""Points of cost for each point of fit that lacks."""
HINTED: Final = 60
"""Points of a pair for which the records hint at a conflict."""


@dataclass(slots=True)
class Person:
    """A reviewer as the assignment sees them; `used` counts reviews of this call."""

    user: User
    works_on: Sequence[str]
    knows: Sequence[str]
    seat: str
    places: int
    used: int = 0
    away: int = 0
    """Days away of the review window."""
    absent: bool = False
    """Whether away for more than half of it, and so not to be asked."""


@dataclass(slots=True)
class Case:
    """A proposal as the assignment sees it; `panel` are the keys of its reviewers."""

    proposal: Proposal
    need: int
    panel: set[int] = field(default_factory=set)


@dataclass
class Gathered:
    """All of it. `barred` and `returned` hold pairs of keys of proposal and person."""

    cases: list[Case]
    people: list[Person]
    matches: dict[tuple[int, int], list[Match]]
    barred: set[tuple[int, int]]
    returned: set[tuple[int, int]]
    hinted: hints.Found
    window: tuple[dt.date, dt.date]

    @cached_property
    def by_key(self) -> dict[int, Person]:
        """The people by their keys."""
        return {person.user.pk: person for person in self.people}

    def pool(self) -> Pool:
        """The same as numbers."""
        import numpy as np  # asked for when there is something to solve: it is large

        from proposals.matching.solve import Pool

        seats = list(roles.Seat.values)
        row = {case.proposal.pk: i for i, case in enumerate(self.cases)}
        column = {person.user.pk: i for i, person in enumerate(self.people)}
        seat_of = [seats.index(p.seat) if p.seat else -1 for p in self.people]
        cost = np.full((len(row), len(column)), PER_POINT * MOST, dtype=np.int64)
        for (proposal, person), matched in self.matches.items():
            cost[row[proposal], column[person]] -= PER_POINT * fit(matched)
        for proposal, person in self.hinted:
            cost[row[proposal], column[person]] += HINTED
        barred = np.zeros(cost.shape, dtype=np.bool_)
        for proposal, person in self.barred | self.returned:
            if person in column:
                barred[row[proposal], column[person]] = True
        seated = np.zeros((len(row), len(seats)), dtype=np.int64)
        for i, case in enumerate(self.cases):
            for pk in case.panel:
                if pk in column:
                    barred[i, column[pk]] = True
                    if seat_of[column[pk]] >= 0:
                        seated[i, seat_of[column[pk]]] += 1
        used = [person.used for person in self.people]
        places = [p.used if p.absent else max(p.places, p.used) for p in self.people]
        return Pool(
            cost=cost,
            barred=barred,
            need=np.asarray([case.need for case in self.cases], dtype=np.int64),
            places=np.asarray(places, dtype=np.int64),
            used=np.asarray(used, dtype=np.int64),
            seat=np.asarray(seat_of, dtype=np.int64),
            seated=seated,
        )


def of_call(call: Call, *, proposals: QuerySet[Proposal], reader: User) -> Gathered:
    """Those of `proposals` that take reviewers, and the panel of the call.

    Hints rest on records `reader` may see. The number of queries does not depend on how many
    proposals there are.
    """
    rule = rubric.of_call(call)
    per_proposal = rule.reviewers_per_proposal
    found = list(proposals.filter(state__in=TO_STAFF).select_related("applicant").order_by("pk"))
    at, calendar = now(), call.program.calendar()
    due = rule.review_window.due(at, calendar)
    window = (calendar.day(at), calendar.day(due))
    people = _people(call, window)
    panels, returned = _assigned([proposal.pk for proposal in found])
    cases = [Case(p, max(0, per_proposal - len(panels[p.pk])), panels[p.pk]) for p in found]
    texts = _texts(found)
    return Gathered(
        cases=cases,
        people=people,
        matches=_matches(texts, people),
        barred=_barred(found, people, texts),
        returned=returned,
        hinted=hints.readable(hints.of(found, [person.user for person in people]), reader),
        window=window,
    )


def people_keys(call: Call) -> list[int]:
    """Keys of the panel of the call's programme."""
    return list(holders(call.program_id, roles.REVIEWER).values_list("pk", flat=True))


def _people(call: Call, window: tuple[dt.date, dt.date]) -> list[Person]:
    """The panel of the call's programme, by key."""
    users = list(holders(call.program_id, roles.REVIEWER).order_by("pk"))
    said = {p.user_id: p for p in ReviewerProfile.objects.filter(user__in=users)}
    standing = Assignment.objects.standing().filter(proposal__call=call).order_by()
    used = dict(standing.values_list("reviewer_id").annotate(n=Count("pk")))
    days = _days_away(users, window)
    whole = (window[1] - window[0]).days + 1
    people = []
    for user in users:
        profile = said.get(user.pk)
        people.append(
            Person(
                user=user,
                works_on=profile.works_on if profile else (),
                knows=profile.knows if profile else (),
                seat=profile.seat if profile else "",
                places=profile.places if profile else USUAL_PLACES,
                used=used.get(user.pk, 0),
                away=days.get(user.pk, 0),
                absent=2 * days.get(user.pk, 0) > whole,
            )
        )
    return people


def _days_away(users: Sequence[User], window: tuple[dt.date, dt.date]) -> dict[int, int]:
    away: dict[int, set[dt.date]] = defaultdict(set)
    for absence in Absence.objects.touching(*window).filter(user__in=users):
        first = max(absence.starts_on, window[0])
        for day in range(absence.days_within(*window)):
            away[absence.user_id].add(first + dt.timedelta(days=day))
    return {pk: len(days) for pk, days in away.items()}


def _assigned(keys: Sequence[int]) -> tuple[dict[int, set[int]], set[tuple[int, int]]]:
    """Reviewers by proposal, and the pairs that were taken back."""
    panels: dict[int, set[int]] = defaultdict(set)
    returned: set[tuple[int, int]] = set()
    rows = Assignment.objects.filter(proposal__in=keys).order_by()
    for proposal, person, ended in rows.values_list("proposal_id", "reviewer_id", "ended_at"):
        if ended:
            returned.add((proposal, person))
        else:
            panels[proposal].add(person)
    return panels, returned


def _texts(proposals: Sequence[Proposal]) -> dict[int, dict[str, Any]]:
    rows = ProposalVersion.objects.filter(
        proposal__in=[p.pk for p in proposals], number=F("proposal__version")
    )
    return dict(rows.order_by().values_list("proposal_id", "answers"))


def _matches(
    texts: dict[int, dict[str, Any]], people: Sequence[Person]
) -> dict[tuple[int, int], list[Match]]:
    fields = Fields([(person.works_on, person.knows) for person in people])
    found = {}
    for proposal, answers in texts.items():
        for number, matched in fields.matches(answers).items():
            found[proposal, people[number].user.pk] = matched
    return found


def _barred(
    proposals: Sequence[Proposal], people: Sequence[Person], texts: dict[int, dict[str, Any]]
) -> set[tuple[int, int]]:
    """Pairs that may never be: the applicant, the team, a declared conflict."""
    keys = {p.pk for p in proposals}
    declared = Conflict.objects.recusing().filter(
        subject_type=label_of(Proposal), user__in=[p.user for p in people]
    )
    pairs = declared.order_by().values_list("subject_id", "user_id")
    conflicts = {pair for pair in pairs if pair[0] in keys}
    by_orcid = {p.user.orcid: p.user for p in people if p.user.orcid}
    on_panel = {person.user.pk for person in people}
    found: set[tuple[int, int]] = set(conflicts)
    for proposal in proposals:
        if proposal.applicant_id in on_panel:
            found.add((proposal.pk, proposal.applicant_id))
        for orcid in policy.orcids_in(texts.get(proposal.pk, {})):
            if orcid in by_orcid:
                found.add((proposal.pk, by_orcid[orcid].pk))
    return found
