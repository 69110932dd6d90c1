"""Who may know what of the board's business: the one place that says it, as query conditions.

| | board, deputy, chair, manager, auditor | party | recused | anyone else |
|---|---|---|---|---|
| that a matter exists, its public face, its outcome | yes | yes | no | no |
| its dossier | yes | no | no | no |
| others' votes, once the ballot is closed | yes | no | no | no |
| replies to its decision, and its independent review | yes | yes | no | reviewers, who name them |
"""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.apps import apps
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from fellowship.accounts import recusals, roles
from fellowship.accounts.models import Conflict
from fellowship.accounts.queries import may_be_recused, may_have, realm_ids_where
from fellowship.kernel.prepared import prepared
from fellowship.kernel.time import now
from governance.states import Step

ROOM = (roles.BOARD_MEMBER, roles.CHAIR, roles.MANAGER, roles.AUDITOR)
"""The roles that enter the board room."""
CALLED_IN = "called_in"
"""What is read with a person's roles: whether they were ever called in to an alarm."""
OCCURRENCES = "occurrences"
"""What is read with a person's roles: whether they ever raised what was an open alarm already."""
DELEGATIONS = "delegations"
"""What is read with a person's roles: whether they were ever named a deputy."""


_NOBODY = 0


def _key(user: Any) -> int:
    """The person's key. Never None: compared with an empty column that would find every gap."""
    return user.pk if getattr(user, "is_active", False) and user.pk else _NOBODY


def _declared_by(key: int, subject_type: Any, subject_id: Any) -> QuerySet[Conflict]:
    """The conflicts the person declared in a record."""
    rows: QuerySet[Conflict] = Conflict.objects.recusing()
    return rows.filter(user_id=key, subject_type=subject_type, subject_id=subject_id)


@prepared
def conflicted_matters(key: int) -> QuerySet[Any, Any]:
    """Matters about a record in which the person declared a conflict."""
    conflicts = _declared_by(key, OuterRef("subject_type"), OuterRef("subject_id"))
    subjects = apps.get_model("governance", "MatterSubject").objects.filter(Exists(conflicts))
    return cast("QuerySet[Any, Any]", subjects.values("matter_id"))


@prepared
def _matters_about(key: int) -> QuerySet[Any, Any]:
    """Matters to which the person is a party."""
    parties = apps.get_model("governance", "MatterParty").objects.filter(user_id=key)
    return cast("QuerySet[Any, Any]", parties.values("matter_id"))


@prepared
def _deputised(key: int, at: dt.datetime) -> QuerySet[Any, Any]:
    """Matters on which the person votes as a deputy, where the frozen rule allows deputies."""
    standing_in = apps.get_model("governance", "Delegation").objects.live(at)
    standing_in = standing_in.filter(deputy_id=key)
    seats = apps.get_model("governance", "BallotSeat").objects.filter(
        Exists(
            standing_in.filter(
                member_id=OuterRef("user_id"),
                seat=OuterRef("seat"),
                program_id=OuterRef("ballot__matter__program_id"),
            )
        ),
        user_id__in=standing_in.values("member_id"),
        ballot__rule__delegation="named_deputy",
    )
    return cast("QuerySet[Any, Any]", seats.values("ballot__matter_id"))


def _recused(user: Any, matter: str) -> Q:
    keys: Any = conflicted_matters(_key(user)) if may_be_recused(user) else []
    return Q(**{f"{matter}__in": keys})


def _party(user: Any, matter: str) -> Q:
    return Q(**{f"{matter}__in": _matters_about(_key(user))})


def _room(user: Any, matter: str, program: str) -> Q:
    """Matters of boards whose room one may enter, and those one votes on as a deputy."""
    room = Q(**{f"{program}__in": realm_ids_where(user, *ROOM)})
    if not may_have(user, DELEGATIONS):
        return room
    return room | Q(**{f"{matter}__in": _deputised(_key(user), now())})


def matters_known_to(user: Any, matter: str = "pk", program: str = "program_id") -> Q:
    """Matters whose public face the person may see."""
    return (_room(user, matter, program) | _party(user, matter)) & ~_recused(user, matter)


def matters_opened_to(user: Any, matter: str = "pk", program: str = "program_id") -> Q:
    """Matters whose dossier the person may read."""
    return _room(user, matter, program) & ~_party(user, matter) & ~_recused(user, matter)


def votes_visible_to(user: Any) -> Q:
    """One's own votes; others' once closed."""
    ballot = "ballot_seat__ballot"
    opened = matters_opened_to(user, f"{ballot}__matter_id", f"{ballot}__matter__program_id")
    own = Q(cast_by_id=_key(user)) & ~_recused(user, f"{ballot}__matter_id")
    return own | (opened & Q(**{f"{ballot}__closed_at__isnull": False}))


def conditions_visible_to(user: Any) -> Q:
    """Conditions one owns or verifies, and those of matters one may know of; recused, none."""
    matter = "decision__matter_id"
    known = matters_known_to(user, matter, "program_id")
    own = Q(owner_id=_key(user)) | Q(verifier_id=_key(user))
    return (own & ~_recused(user, matter)) | known


@prepared
def _reviewed_by(key: int) -> QuerySet[Any, Any]:
    """Decisions that the person was named to review, and has not stood down from."""
    seats = apps.get_model("governance", "ReviewSeat").objects.filter(
        reviewer_id=key, stood_down_at=None
    )
    return cast("QuerySet[Any, Any]", seats.values("review__decision_id"))


def follow_ups_visible_to(user: Any, decision: str) -> Q:
    """Replies and reviews: of matters one may know of, of decisions one reviews, and, for those
    who name reviewers, of their programmes. Recusal closes them all.
    """
    matter, program = f"{decision}__matter_id", f"{decision}__matter__program_id"
    asked = Q(**{f"{decision}__in": _reviewed_by(_key(user))})
    names = Q(**{f"{program}__in": realm_ids_where(user, *NAMERS)}) & Q(
        **{f"{decision}__independent_review__isnull": False}
    )
    return (matters_known_to(user, matter, program) | asked | names) & ~_recused(user, matter)


OF_CASES = (
    "proposals.proposal",
    "scoping.fellowship",
    "access.accessrequest",
    "access.grant",
    "findings.finding",
    "publications.publication",
)
"""What exceptions, alarms and offers are about, where it is part of a case."""


def _conflicted_in(key: int, model: str, *closing: str) -> QuerySet[Any, Any]:
    """Records of the model about something in which the person declared a conflict, or about a
    record of the models `closing` that is closed to them by a conflict about another.
    """
    conflicts = _declared_by(key, OuterRef("subject_type"), OuterRef("subject_id"))
    rows = apps.get_model("governance", model).objects.filter(
        Exists(conflicts) | recusals.of_closed(key, *closing)
    )
    return cast("QuerySet[Any, Any]", rows.order_by().values("pk"))


@prepared
def conflicted_exceptions(key: int) -> QuerySet[Any, Any]:
    """Exceptions about a record in which the person declared a conflict."""
    return _conflicted_in(key, "ExceptionRecord")


@prepared
def conflicted_escalations(key: int) -> QuerySet[Any, Any]:
    """Alarms about a record in which the person declared a conflict."""
    return _conflicted_in(key, "Escalation")


@prepared
def closed_exceptions(key: int) -> QuerySet[Any, Any]:
    """Exceptions about a record, or about a part of a case, that a conflict closes."""
    return _conflicted_in(key, "ExceptionRecord", *OF_CASES)


@prepared
def closed_escalations(key: int) -> QuerySet[Any, Any]:
    """Alarms about such a record."""
    return _conflicted_in(key, "Escalation", *OF_CASES)


@prepared
def _called_in(key: int) -> QuerySet[Any, Any]:
    """Alarms the person was called in to."""
    rows = apps.get_model("governance", "EscalationParty").objects.filter(user_id=key)
    return cast("QuerySet[Any, Any]", rows.order_by().values("escalation_id"))


@prepared
def _raised_again(key: int) -> QuerySet[Any, Any]:
    """Alarms that were open when the person raised the same."""
    rows = apps.get_model("governance", "EscalationStep").objects.filter(by_id=key)
    rows = rows.filter(step=Step.OCCURRED.value)
    return cast("QuerySet[Any, Any]", rows.order_by().values("escalation_id"))


def exceptions_visible_to(user: Any) -> Q:
    """Exceptions of one's programme (see `EXCEPTION_READERS`), one's own, none about a conflict."""
    mine = Q(owner_id=_key(user)) | Q(requested_by_id=_key(user))
    readers = Q(program_id__in=realm_ids_where(user, *EXCEPTION_READERS))
    conflict = Q(pk__in=closed_exceptions(_key(user)) if may_be_recused(user) else [])
    return (readers | mine) & ~conflict


def escalations_visible_to(user: Any) -> Q:
    """Escalations of one's programme (see `ESCALATION_READERS`), those one raised, alone or after
    another, or is told of, and those one was called in to.

    The sponsor sees those nobody acknowledged in time, of which the sponsor is told.
    """
    mine = Q(raised_by_id=_key(user)) | Q(fellow_id=_key(user))
    if may_have(user, OCCURRENCES):
        mine |= Q(pk__in=_raised_again(_key(user)))
    readers = Q(program_id__in=realm_ids_where(user, *ESCALATION_READERS))
    if may_have(user, CALLED_IN):
        readers |= Q(pk__in=_called_in(_key(user)))
    late = Q(acknowledge_by__lte=now()) & (
        Q(acknowledged_at=None) | Q(acknowledged_at__gte=F("acknowledge_by"))
    )
    readers |= Q(program_id__in=realm_ids_where(user, *LATE_ESCALATION_READERS)) & late
    conflict = Q(pk__in=closed_escalations(_key(user)) if may_be_recused(user) else [])
    return (readers & ~conflict) | mine


def acknowledgements_visible_to(user: Any) -> Q:
    """One's own; everybody's for those who keep a programme's rules (see `RULE_KEEPERS`)."""
    kept = Q(rule__program_id__in=realm_ids_where(user, *RULE_KEEPERS))
    return Q(user_id=_key(user)) | Q(rule__owner_id=_key(user)) | kept


@prepared
def conflicted_amendments(key: int) -> QuerySet[Any, Any]:
    """Offers of a later rule for what a conflict of the person's closes."""
    return _conflicted_in(key, "RuleAmendment", *OF_CASES)


def amendments_visible_to(user: Any) -> Q:
    """Offers made to one, and those of boards whose room one may enter; none about a conflict."""
    room = Q(program_id__in=realm_ids_where(user, *ROOM))
    conflict = Q(pk__in=conflicted_amendments(_key(user)) if may_be_recused(user) else [])
    return Q(party_id=_key(user)) | (room & ~conflict)


RULE_KEEPERS = (*ROOM, roles.SPONSOR, roles.ADMINISTRATOR)
NAMERS = (roles.SPONSOR, roles.ADMINISTRATOR)
"""The roles that name who reviews a decision: neither decides, refers nor records."""
EXCEPTION_READERS = (*ROOM, roles.STEWARD, roles.ONCALL, roles.SPONSOR)
ESCALATION_READERS = (
    roles.ONCALL,
    roles.CHAIR,
    roles.BOARD_MEMBER,
    roles.MANAGER,
    roles.STEWARD,
    roles.AUDITOR,
)
LATE_ESCALATION_READERS = (roles.SPONSOR,)
