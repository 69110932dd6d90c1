"""What fellowships know of people who may judge a proposal: who mentored whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from fellowship.accounts.models import Conflict, User
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from governance import hints, rosters
from governance.hints import Hint, Party
from scoping.models import Fellowship

LABEL = "scoping.fellowship"


@hints.source
def mentored(
    parties: Sequence[Party], people: Sequence[User]
) -> Iterable[tuple[Party, User, Hint]]:
    """One accompanied the other through a fellowship, in either direction."""
    theirs = rosters.by_account(parties)
    by_key = {person.pk: person for person in people}
    for pk, ref, mentor, fellow in _accompanied(list(by_key), list(theirs)):
        for judge, other, said in (
            (mentor, fellow, say("{who} mentored {party} in a fellowship")),
            (fellow, mentor, say("{party} mentored {who} in a fellowship")),
        ):
            if judge in by_key:
                for party in theirs.get(other, ()):
                    hint = Hint(Conflict.Kind.SUPERVISOR, said, party.name, ref, (LABEL, pk))
                    yield party, by_key[judge], hint


@read
def _accompanied(judges: list[int], others: list[int]) -> QuerySet[Any, Any]:
    rows = Fellowship.objects.filter(
        Q(mentor_id__in=judges, fellow_id__in=others)
        | Q(fellow_id__in=judges, mentor_id__in=others)
    ).order_by("pk")
    return rows.values_list("pk", "ref", "mentor_id", "fellow_id")


@hints.parties_of(LABEL)
def parties(fellowships: Sequence[Fellowship]) -> Iterable[Party]:
    """The fellow of each case."""
    fellows = User.objects.in_bulk({case.fellow_id for case in fellowships})
    for case in fellowships:
        fellow = fellows[case.fellow_id]
        written = (fellow.affiliation, fellow.past_affiliations)
        yield Party(case.pk, str(fellow), fellow.pk, fellow.orcid, tuple(t for t in written if t))
