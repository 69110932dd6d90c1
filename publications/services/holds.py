"""Holding one passage because of an alarm: an objection that on-call raises at once."""

from __future__ import annotations

import re
from typing import Final

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, Refused, refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from publications import policy, terms
from publications.models import Objection, Publication, Version
from publications.services.objections import mark
from publications.services.works import locked
from publications.states import Ask, Ground

PUBLIC: Final = say("Held for some days while an alarm about it is dealt with.")


@journal.verb("publications.hold_passage")
def hold_passage(
    *, publication: Publication, passage: str, ground: str, harm: str, by: User
) -> Objection:
    """Hold one passage of a work not yet released, copied word for word, as the policy allows.

    It is an objection on a listed ground that asks for a brief delay: the author is told at once,
    may contest it, and the rest of the work goes on. A reviewer of policy or law owns it. The same
    passage on the same ground is held once.
    """
    publication = locked(publication)
    refuse(policy.may_hold(publication, by))
    if ground not in Ground.values:
        refuse(Refusal("no_ground", say("Choose one of the listed grounds."), field="ground"))
    version = publication.latest
    start, end = _find(version, passage)
    same = publication.objections.standing().filter(
        version=version, passage_start=start, passage_end=end, ground=ground
    )
    if found := same.first():
        return found
    longest = terms.alarm_hold(publication.fellowship)
    until = longest.due(now(), publication.program.calendar())
    owner = policy.owner_of_hold(publication)
    if owner is None:
        raise Refused(
            Refusal("no_owner", say("Nobody here reviews policy or law to own the hold."))
        )
    assert version is not None  # noqa: S101 - a passage was found in it
    refuse(
        policy.may_mark(
            publication, version=version, start=start, end=end, ask=Ask.DELAY, until=until
        )
    )
    return mark(
        publication,
        version=version,
        ground=ground,
        start=start,
        end=end,
        harm=harm,
        ask=Ask.DELAY,
        public_summary=PUBLIC,
        by=by,
        owner=owner,
        until=until,
    )


def _find(version: Version | None, passage: str) -> tuple[int, int]:
    """Where the passage stands, its words in their order whatever lies between them."""
    words = passage.split()
    pattern = r"\s+".join(re.escape(word) for word in words)
    found = re.search(pattern, version.text) if version and words else None
    if found is None:
        said = say("Copy the passage word for word from the newest version; this is not in it.")
        raise Refused(Refusal("no_passage", said, field="passage"))
    return found.start(), found.end()
