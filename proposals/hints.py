"""What proposals know of people who may review them: affiliations, teams, earlier reviews.

`of(proposals, people)` is what pages show and what the assignment of reviewers is solved with. It
takes as many queries for ten thousand proposals and two hundred people as for one and one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import F, QuerySet

from fellowship.accounts import affiliations
from fellowship.accounts.models import Conflict, User
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from governance import hints, rosters
from governance.hints import Found, Hint, Party
from proposals.models import Proposal, ProposalVersion, Review
from proposals.states import ProposalState

LABEL = "proposals.proposal"
Kind = Conflict.Kind


def of(proposals: Sequence[Proposal], people: Sequence[User]) -> Found:
    """Hints by the keys of proposal and person; a pair without any is not there."""
    return hints.of(proposals, people)


@hints.parties_of(LABEL)
def parties(proposals: Sequence[Proposal]) -> Iterator[Party]:
    """Each proposal's applicant and team, with their accounts where the ORCID iD tells them."""
    teams = _by_proposal(_teams_of([p.pk for p in proposals]))
    applicants = {user.pk: user for user in _people(list({p.applicant_id for p in proposals}))}
    orcids = {row.get("orcid", "") for team in teams.values() for row in team} - {""}
    named = User.objects.filter(orcid__in=orcids) if orcids else ()
    accounts = {user.orcid: user for user in named}
    for proposal in proposals:
        applicant = applicants[proposal.applicant_id]
        themselves = rosters.of_people([applicant])
        team = [
            _party(proposal.pk, row, accounts.get(row.get("orcid", "")) or _one(found))
            for row in teams.get(proposal.pk, ())
            for found in [themselves.find(orcid=row.get("orcid", ""), name=row.get("name", ""))]
        ]
        if all(party.user_id != applicant.pk for party in team):
            yield _party(proposal.pk, {}, applicant)
        yield from team


def _one(found: list[User]) -> User | None:
    return found[0] if found else None


def _party(subject: int, row: Mapping[str, str], user: User | None) -> Party:
    written = row.get("affiliation", "")
    known = (user.affiliation, user.past_affiliations) if user else ()
    return Party(
        subject=subject,
        name=row.get("name") or str(user),
        user_id=user.pk if user else None,
        orcid=row.get("orcid") or (user.orcid if user else ""),
        affiliations=tuple(dict.fromkeys(text for text in (written, *known) if text)),
    )


Teams = Iterable[tuple[int, list[dict[str, str]] | None]]


def _by_proposal(teams: Teams) -> dict[int, list[dict[str, str]]]:
    return {pk: team or [] for pk, team in teams}


@read
def _people(keys: list[int]) -> QuerySet[User]:
    return User.objects.filter(pk__in=keys)


@read
def _teams_of(proposals: list[int]) -> QuerySet[Any, Any]:
    return _teams(ProposalVersion.objects.filter(proposal_id__in=proposals))


@read
def _teams_by(applicants: list[int]) -> QuerySet[Any, Any]:
    return _teams(ProposalVersion.objects.filter(proposal__applicant_id__in=applicants))


def _teams(versions: Any) -> QuerySet[Any, Any]:
    """The team of the current version, with its proposal."""
    rows = versions.filter(number=F("proposal__version")).order_by()
    return rows.values_list("proposal_id", "answers__team")  # type: ignore[no-any-return]


@read
def _sent_by(applicants: list[int]) -> QuerySet[Proposal]:
    rows = Proposal.objects.filter(applicant_id__in=applicants, submitted_at__isnull=False)
    return rows.select_related("applicant").only("pk", "ref", "applicant__name", "applicant__orcid")


@read
def _reviewed(reviewers: list[int], applicants: list[int]) -> QuerySet[Any, Any]:
    rows = Review.objects.filter(
        reviewer_id__in=reviewers,
        proposal__applicant_id__in=applicants,
        proposal__state=ProposalState.ACCEPTED,
    ).order_by("pk")
    return rows.values_list("reviewer_id", "proposal_id", "proposal__applicant_id", "proposal__ref")


@hints.source
def same_affiliation(
    parties: Sequence[Party], people: Sequence[User]
) -> Iterable[tuple[Party, User, Hint]]:
    """One organisation, now or in the past, on both sides."""
    theirs: dict[str, list[tuple[affiliations.Key, User, str]]] = defaultdict(list)
    for person in people:
        for text, key in affiliations.of_person(person.affiliation, person.past_affiliations):
            for word in affiliations.core(key):
                theirs[word].append((key, person, text))
    for party in parties:
        for key in {key for text in party.affiliations for key in affiliations.keys(text)}:
            likely = (one for word in affiliations.core(key) for one in theirs.get(word, ()))
            for other, person, text in likely:
                if affiliations.same(key, other):
                    said = say("{who} and {party} name the same affiliation")
                    yield party, person, Hint(Kind.EMPLOYER, said, party.name, text)


@hints.source
def same_name(
    parties: Sequence[Party], people: Sequence[User]
) -> Iterable[tuple[Party, User, Hint]]:
    """Somebody of the team who is, or bears the name of, the person."""
    roster = rosters.of_people(people)
    for party in parties:
        for person in roster.find(orcid=party.orcid, name=party.name):
            said = say("{who} and {party} bear the same name")
            yield party, person, Hint(Kind.OTHER, said, party.name)


@hints.source
def same_team(
    parties: Sequence[Party], people: Sequence[User]
) -> Iterable[tuple[Party, User, Hint]]:
    """Both stood in the team of another proposal, which one of the two sent."""
    asked = {party.user_id for party in parties if party.user_id} | {p.pk for p in people}
    applicants = sorted(asked)
    earlier: list[Proposal] = _sent_by(applicants)
    if not earlier:
        return
    teams = _by_proposal(_teams_by(applicants))
    roster, known = rosters.of_people(people), rosters.of_parties(parties)
    for proposal in earlier:
        who = proposal.applicant
        rows: list[dict[str, Any]] = [
            {"name": row.get("name", ""), "orcid": row.get("orcid", "")}
            for row in teams.get(proposal.pk, ())
        ]
        members = [{"user_id": who.pk, "name": who.name, "orcid": who.orcid}, *rows]
        judges = {person for member in members for person in roster.find(**member)}
        if not judges:
            continue
        beside = dict.fromkeys(party for member in members for party in known.find(**member))
        for party in beside:
            if party.subject != proposal.pk:
                for person in judges:
                    yield party, person, _in_team(party, proposal)


def _in_team(party: Party, proposal: Proposal) -> Hint:
    said = say("{who} and {party} stood together in the team of a proposal")
    return Hint(Kind.COAUTHOR, said, party.name, proposal.ref, (LABEL, proposal.pk))


@hints.source
def reviewed_before(
    parties: Sequence[Party], people: Sequence[User]
) -> Iterable[tuple[Party, User, Hint]]:
    """The person reviewed a proposal of the party that became a fellowship."""
    theirs = rosters.by_account(parties)
    by_key = {person.pk: person for person in people}
    for reviewer, pk, applicant, ref in _reviewed(list(by_key), list(theirs)):
        for party in theirs[applicant]:
            if party.subject != pk:
                said = say("{who} reviewed the proposal of an earlier fellowship of {party}")
                hint = Hint(Kind.OTHER, said, party.name, ref, (LABEL, pk))
                yield party, by_key[reviewer], hint
