"""Grants, for the access reviews of their programme: the dataset's steward answers for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from access.models import Grant
from access.services.grants import end_with_its_person
from fellowship.kernel.saying import say
from governance import attestable


def _grants(program_id: int, terms: Any) -> Iterable[attestable.Held]:
    live = Grant.objects.live().filter(dataset__program_id=program_id)
    for grant in live.select_related("dataset").order_by("pk"):
        yield attestable.Held(
            grant,
            grant.person_id,
            f"{grant.ref}, {grant.dataset}",
            terms.grant_owner,
            grant.dataset.steward_id,
        )


def _end(grant: Any, by: Any, reason: str) -> None:
    end_with_its_person(grant=grant, by=by, reason=reason)


attestable.register("grant", say("Grant of access"), rows=_grants, end=_end)
