"""What publications know of people who may judge a proposal: who wrote together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from fellowship.accounts.models import Conflict, User
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from governance import hints, rosters
from governance.hints import Hint, Party
from publications.models import Author, ReviewerAssignment

LABEL = "publications.publication"


@hints.source
def wrote_together(
    parties: Sequence[Party], people: Sequence[User]
) -> Iterable[tuple[Party, User, Hint]]:
    """Both are authors of one publication: by account or ORCID iD, the other also by name."""
    judges, known = rosters.of_people(people), rosters.of_parties(parties)
    orcids = {person.orcid for person in people} - {""}
    theirs = Author.objects.filter(Q(user__in=[p.pk for p in people]) | Q(orcid__in=orcids))
    rows = Author.objects.filter(publication__in=theirs.values("publication_id"))
    works: dict[tuple[int, str], list[Author]] = defaultdict(list)
    for author in rows.select_related("publication").order_by("pk"):
        works[author.publication_id, author.publication.ref].append(author)
    for (pk, ref), authors in works.items():
        found: list[dict[str, Any]] = [
            {"user_id": a.user_id, "orcid": a.orcid, "name": a.name} for a in authors
        ]
        writers = dict.fromkeys(p for who in found for p in judges.find(**who))
        for party in dict.fromkeys(p for who in found for p in known.find(**who)):
            for person in writers:
                said = say("{who} and {party} are authors of one publication")
                hint = Hint(Conflict.Kind.COAUTHOR, said, party.name, ref, (LABEL, pk))
                yield party, person, hint


@hints.source
def reviewed_work(
    parties: Sequence[Party], people: Sequence[User]
) -> Iterable[tuple[Party, User, Hint]]:
    """The person was asked to review a publication of the party's fellowship."""
    theirs = rosters.by_account(parties)
    by_key = {person.pk: person for person in people}
    for reviewer, pk, ref, fellow in _reviewed(list(by_key), list(theirs)):
        for party in theirs[fellow]:
            said = say("{who} reviewed a publication of an earlier fellowship of {party}")
            hint = Hint(Conflict.Kind.OTHER, said, party.name, ref, (LABEL, pk))
            yield party, by_key[reviewer], hint


@read
def _reviewed(reviewers: list[int], fellows: list[int]) -> QuerySet[Any, Any]:
    rows = ReviewerAssignment.objects.filter(
        reviewer_id__in=reviewers, publication__fellowship__fellow_id__in=fellows
    ).order_by("pk")
    return rows.values_list(
        "reviewer_id",
        "publication_id",
        "publication__ref",
        "publication__fellowship__fellow_id",
    )
