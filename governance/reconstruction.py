"""Everything the board had before it when it decided: put together from what was written then.

Nothing here is asked of how things stand today: the dossier is the one sealed, with its hash worked
out anew; conditions and the rules of the case are read from the history as it was at that instant.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Q

from fellowship.accounts.models import Conflict, RecusalOverride
from fellowship.history.models import Event
from fellowship.kernel import blobs
from fellowship.kernel.canonical import digest
from fellowship.kernel.saying import say
from governance import dossiers
from governance.models import (
    Ballot,
    Condition,
    Decision,
    Dossier,
    DossierOpening,
    MatterSubject,
    RulePin,
    RuleVersion,
    Vote,
)

_FILE = re.compile(r"SHA-256 ([0-9a-f]{64})\b")
ATTACHMENTS_MOST = 50
"""Files looked at again on one page; more are named alone."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that was sealed or recorded, and whether it still agrees with its hash.

    None where that cannot be said here.
    """

    what: str
    sha256: str
    agrees: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """A person opened a version of the dossier for the first time."""

    who: str
    number: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Cast:
    """One seat of the ballot: its holder, its standing as counted, and the vote cast for it."""

    seat: str
    holder: str
    standing: str
    cast_by: str = ""
    position: str = ""
    rationale: str = ""
    cast_at: dt.datetime | None = None
    read_for: dt.timedelta | None = None
    number: int | None = None
    counted: bool = True

    @property
    def deputy(self) -> bool:
        """Whether somebody else voted for the seat's holder."""
        return bool(self.cast_by) and self.cast_by != self.holder


@dataclass(frozen=True, slots=True)
class Imposed:
    """A condition as it was set."""

    ref: str
    text: str
    owner: str
    verifier: str
    due_at: dt.datetime
    consequence: str


@dataclass(frozen=True, slots=True)
class Recusal:
    """A conflict declared before the decision, and whether it was set aside by then."""

    who: str
    kind: str
    declared_at: dt.datetime
    set_aside: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """The decision and all that lay before the board when it was recorded."""

    decision: Decision
    ballot: Ballot
    dossier: Dossier
    body: dict[str, Any]
    sections: list[dossiers.Section]
    earlier: list[Dossier]
    checks: list[Check]
    openings: list[Opening]
    seats: list[Cast]
    recusals: list[Recusal]
    conditions: list[Imposed]
    held_to: list[RuleVersion]
    event: Event | None

    @property
    def sound(self) -> bool:
        """Whether everything that can be checked agrees."""
        return all(check.agrees is not False for check in self.checks)


def of(decision: Decision, user: Any) -> Moment:
    """The moment of a decision, for a person who may read its dossier."""
    matter, at = decision.matter, decision.decided_at
    ballot = Ballot.objects.select_related("rule_version").get(matter=matter)
    versions = list(matter.dossiers.filter(sealed_at__lte=at).order_by("number"))
    sealed = versions[-1]
    body = dossiers.read_by(user, matter)(sealed.body)
    return Moment(
        decision=decision,
        ballot=ballot,
        dossier=sealed,
        body=body,
        sections=dossiers.sections(body),
        earlier=versions[:-1],
        checks=[*_checks(decision, ballot, sealed), *_files(sealed)],
        openings=_openings(decision),
        seats=_seats(decision, ballot, user),
        recusals=_recusals(decision),
        conditions=_conditions(decision),
        held_to=_held_to(decision),
        event=_event(decision),
    )


def _checks(decision: Decision, ballot: Ballot, sealed: Dossier) -> list[Check]:
    """Each hash the decision rests on, worked out anew."""
    rule = ballot.rule_version
    whole = digest(sealed.body)
    return [
        Check(
            say("The dossier is the one decided upon"),
            decision.dossier_hash,
            sealed.sha256 == decision.dossier_hash,
        ),
        Check(say("The dossier is as it was sealed"), sealed.sha256, whole == sealed.sha256),
        Check(
            say("{rule} is as it was adopted", rule=rule),
            rule.text_hash,
            rule.content_hash() == rule.text_hash,
        ),
    ]


def _files(sealed: Dossier) -> list[Check]:
    """The files the dossier names by hash: those kept here are read and hashed again."""
    found = []
    for name, sha256 in list(dict.fromkeys(_named(sealed.body)))[:ATTACHMENTS_MOST]:
        if not blobs.kept(sha256):
            found.append(
                Check(name, sha256, None, say("Named by its hash; the file is not kept here."))
            )
            continue
        try:
            blobs.read(sha256)
        except blobs.Damaged:
            found.append(Check(name, sha256, False, say("The file is damaged.")))
        else:
            found.append(Check(name, sha256, True, say("The file is kept, and is the one named.")))
    return found


def _named(body: Any) -> Iterator[tuple[str, str]]:
    """What rows of the dossier name by “SHA-256 …”, with the first cell of the row."""
    for section in body.get("sections", ()) if isinstance(body, dict) else ():
        for row in section.get("rows") or ():
            cells = (
                [f"{key} {value}" if key == "SHA-256" else str(value) for key, value in row.items()]
                if isinstance(row, dict)
                else [str(cell) for cell in row]
            )
            hashes = _FILE.findall(" ".join(cells))
            if hashes:
                yield cells[0][:120], hashes[0]


def _openings(decision: Decision) -> list[Opening]:
    rows = DossierOpening.objects.filter(
        matter=decision.matter, opened_at__lte=decision.decided_at
    ).select_related("user")
    return [
        Opening(str(row.user), row.number, row.opened_at)
        for row in rows.order_by("opened_at", "id")
    ]


def _seats(decision: Decision, ballot: Ballot, user: Any) -> list[Cast]:
    """The roll as it was counted; votes as far as the person may read them."""
    votes = Vote.objects.visible_to(user).filter(ballot_seat__ballot=ballot)
    cast = {vote.ballot_seat_id: vote for vote in votes.select_related("cast_by")}
    stale = set(decision.tally.get("stale", ()))
    found = []
    for seat in ballot.seats.select_related("user").order_by("id"):
        name, vote = str(seat.user or ""), cast.get(seat.pk)
        standing = str(seat.get_standing_display())
        if vote is None:
            found.append(Cast(seat.get_seat_display(), name, standing))
            continue
        found.append(
            Cast(
                seat.get_seat_display(),
                name,
                standing,
                cast_by=str(vote.cast_by),
                position=str(vote.get_position_display()),
                rationale=vote.rationale,
                cast_at=vote.cast_at,
                read_for=vote.cast_at - vote.opened_dossier_at,
                number=vote.dossier_number,
                counted=seat.seat not in stale and seat.standing == "eligible",
            )
        )
    return found


def _recusals(decision: Decision) -> list[Recusal]:
    """Conflicts declared about the matter before it was decided, none set aside by then hidden."""
    at = decision.decided_at
    about = Q(pk__in=[])
    pairs = MatterSubject.objects.filter(matter=decision.matter)
    for label, pk in pairs.values_list("subject_type", "subject_id"):
        about |= Q(subject_type=label, subject_id=pk)
    declared = Conflict.objects.filter(about, declared_at__lte=at).exclude(kind=Conflict.Kind.NONE)
    overrides = {
        one.conflict_id: one
        for one in RecusalOverride.objects.filter(
            Q(revoked_at=None) | Q(revoked_at__gt=at), conflict__in=declared, decided_at__lte=at
        ).select_related("requested_by", "decided_by")
        if one.state != "declined"
    }
    found = []
    for conflict in declared.select_related("user").order_by("declared_at", "pk"):
        one = overrides.get(conflict.pk)
        aside = (
            say(
                "{requested_by} asked and {decided_by} agreed: {reason}",
                requested_by=one.requested_by,
                decided_by=one.decided_by,
                reason=one.reason,
            )
            if one
            else ""
        )
        kind = str(conflict.get_kind_display())
        found.append(Recusal(str(conflict.user), kind, conflict.declared_at, aside))
    return found


def _conditions(decision: Decision) -> list[Imposed]:
    """As they were set: the first row each left in the history, whatever became of it."""
    model: Any = Condition.history.model
    rows = model.objects.filter(decision_id=decision.pk).select_related("owner", "verifier")
    firsts: dict[int, Any] = {}
    for row in rows.order_by("history_id"):
        firsts.setdefault(row.id, row)
    return [
        Imposed(
            f"{decision.matter.ref}/{row.number}",
            row.text,
            str(row.owner),
            str(row.verifier),
            row.due_at,
            row.consequence,
        )
        for row in sorted(firsts.values(), key=lambda row: row.number)
    ]


def _held_to(decision: Decision) -> list[RuleVersion]:
    """The versions the case was held to at that instant."""
    matter = decision.matter
    model: Any = RulePin.history.model
    rows = model.objects.filter(
        subject_type=matter.subject_type,
        subject_id=matter.subject_id,
        history_date__lte=decision.decided_at,
    )
    latest = rows.values("id").annotate(last=Max("history_id")).values("last")
    keys = model.objects.filter(history_id__in=latest).values("rule_version_id")
    versions: Iterable[RuleVersion] = RuleVersion.objects.filter(pk__in=keys).only(
        "kind", "version", "status", "text_hash"
    )
    return sorted(versions, key=str)


def _event(decision: Decision) -> Event | None:
    """The event that recorded it, with its place in the sealed log."""
    rows = Event.objects.about(decision.matter).filter(verb="governance.record_decision")
    return rows.select_related("seal").first()
