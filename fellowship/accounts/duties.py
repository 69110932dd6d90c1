"""Separation of duties between those who have a case and those who work on cases, as data.

Whoever is party to a live case in a programme (an applicant, a fellow) holds no role for the
company there, and the other way round. What a live case is, the applications that own cases say:
they register here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fellowship.accounts import roles
from fellowship.accounts.models import Realm, User
from fellowship.kernel.saying import say

Live = Callable[[User, Realm], bool]

PARTIES: Final[dict[str, str]] = {
    roles.APPLICANT: say("is an applicant in {realm}, with a proposal not yet decided"),
    roles.FELLOW: say("is a fellow in {realm}, with a fellowship not yet closed"),
    roles.COLLABORATOR: say("works on a fellowship in {realm} beside its fellow"),
}
"""Who is party to a case, in words."""

WHY: Final[dict[str, str]] = {
    roles.MENTOR: say("a mentor sees other fellows' cases and what blocks them"),
    roles.REVIEWER: say("a panel reviewer reads and scores the proposals theirs is compared with"),
    roles.BOARD_MEMBER: say("the board decides on their case and reads every dossier"),
    roles.CHAIR: say("the chair opens and records the ballots on their case"),
    roles.MANAGER: say("the programme manager runs the panel, the scope of work and its deadlines"),
    roles.STEWARD: say("a data steward checks their requests for data and verifies their deletion"),
    roles.PRODUCT_OWNER: say("a product owner disposes of the findings they report"),
    roles.ONCALL: say("security on-call suspends and answers the alarms about their case"),
    roles.POLICY_REVIEWER: say("a policy reviewer may object to what they publish"),
    roles.LEGAL_REVIEWER: say("a legal reviewer may object to what they publish"),
    roles.AUDITOR: say("an auditor reads the whole record, their own case and all others"),
    roles.SPONSOR: say("a sponsor answers for the programme that judges their case"),
    roles.ADMINISTRATOR: say("an administrator grants the roles of those who judge their case"),
}
"""Each role that nobody holds beside a live case of their own, and why."""

_live: dict[str, list[Live]] = {}


def register(party: str, live: Live) -> None:
    """Let `live(user, realm)` say whether the person is `party` to a live case there."""
    known = _live.setdefault(party, [])
    if live not in known:
        known.append(live)


def party_of(user: User, realm: Realm) -> str:
    """The words for the live case the person is party to in the realm; empty if there is none."""
    for party, words in PARTIES.items():
        if any(live(user, realm) for live in _live.get(party, ())):
            return words.format(realm=realm.name)
    return ""
