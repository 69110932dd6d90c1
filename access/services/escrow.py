"""Research escrow: deposit, open with a second person, do without; and terms of the ending."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.files import File as Upload

from access import criteria, ending_policy
from access.ending import CHANGEABLE
from access.models import EndingTerm, EscrowDeposit, EscrowOpening, EscrowWaiver, Grant
from access.outputs import kinds
from access.outputs.checks import Check, File, run
from access.policy import reason_given
from access.release_states import DepositKind, OutputKind
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.clocks import services as clocks
from fellowship.history.references import next_reference
from fellowship.kernel import blobs, filekinds, journal
from fellowship.kernel.refusals import Refusal, first, refuse, unchanged
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import Window
from fellowship.notices.services import notify
from governance.policy.common import text_given
from governance.rules import pinned
from governance.states import RuleKind
from scoping.models import Fellowship

REVIEW_CLOCK: Final = "access.escrow_review"
LONGEST: Final = 3_660
"""Days until a deposit is looked at again, at most."""


def deposit(
    *,
    fellowship: Fellowship,
    title: str,
    kind: str,
    description: str,
    file: Upload[bytes],
    opens_for: str,
    review_on: dt.date,
    holds_no_raw_data: bool,
    by: User,
) -> EscrowDeposit:
    """Deposit methods, notes or code. The same file sent again is the deposit there.

    Its content is stored, whole, before the record is written. Raises Refused for what is not
    declared free of raw data, or in which a machine finds small groups, records or identifiers.
    """
    refuse(ending_policy.may_deposit(fellowship, by))
    if kind not in DepositKind.values:
        refuse(Refusal("unknown_kind", say("Choose from the list."), field="kind"))
    today = fellowship.program.today()
    if not today < review_on <= today + dt.timedelta(days=LONGEST):
        reason = say("Name a day to come, within ten years.")
        refuse(Refusal("review_on", reason, rule=ending_policy.RULE, field="review_on"))
    name = filekinds.clean_name(file.name or "")
    output = OutputKind.CODE if kind == DepositKind.CODE else OutputKind.TEXT
    media = kinds.judge(name, file, output)
    file.seek(0)
    found = _look(fellowship, File.of(name, output, file.read(), {}))
    refuse(ending_policy.holds_no_data(holds_no_raw_data, found))
    file.seek(0)
    blob = blobs.put(file.chunks())
    return _keep(
        fellowship=fellowship,
        values={
            "title": title.strip(),
            "kind": kind,
            "description": description.strip(),
            "name": name,
            "mime": media.mime,
            "size": blob.size,
            "sha256": blob.sha256,
            "checks": [check.stored() for check in found],
            "holds_no_raw_data": True,
            "opens_for": opens_for.strip(),
            "review_on": review_on,
        },
        by=by,
    )


def _look(fellowship: Fellowship, file: File) -> list[Check]:
    """By the limits of the strictest tier the case ever had."""
    granted = Grant.objects.filter(fellowship=fellowship, agreement__accepted_at__isnull=False)
    tiers = set(granted.values_list("dataset__tier", flat=True)) or {"public"}
    rule = pinned(fellowship, RuleKind.DATA_HANDLING)
    return run(file, criteria.of_tiers(rule, tiers))


@journal.verb("access.deposit")
def _keep(*, fellowship: Fellowship, values: dict[str, Any], by: User) -> EscrowDeposit:
    fellowship = Fellowship.objects.locked().get(pk=fellowship.pk)
    known: EscrowDeposit | None = EscrowDeposit.objects.filter(
        fellowship=fellowship, sha256=values["sha256"]
    ).first()
    if known:
        return unchanged(known, ending_policy.may_deposit(fellowship, by))
    refuse(ending_policy.may_deposit(fellowship, by))
    names = ("title", "description", "opens_for")
    refuse(first(*(text_given(values[name], name, say("Say this.")) for name in names)))
    made = EscrowDeposit.objects.create(
        ref=next_reference("ESW"), fellowship=fellowship, depositor=by, **values
    )
    zone = ZoneInfo(fellowship.program.zone)
    due = dt.datetime.combine(made.review_on, dt.time.min, tzinfo=zone).astimezone(dt.UTC)
    clocks.start(
        kind=REVIEW_CLOCK,
        subject=made,
        realm=fellowship.program_id,
        window=Window(LONGEST, "calendar_days"),
        due_at=due,
        by=by,
        holder="us",
        silence=say("It stays in escrow; the data stewards are told that its review is due."),
    )
    journal.record(
        subject=made,
        change={"kind": made.kind, "sha256": made.sha256, "review_on": made.review_on},
    )
    return made


@journal.verb("access.ask_to_open_escrow")
def ask_to_open(*, deposit: EscrowDeposit, ground: str, by: User) -> EscrowOpening:
    """Ask to open a deposit on a ground. Asked already and undecided, it is the same one."""
    deposit = EscrowDeposit.objects.locked().select_related("fellowship").get(pk=deposit.pk)
    refuse(ending_policy.may_ask_to_open(deposit, by))
    known: EscrowOpening | None = deposit.openings.filter(requested_by=by, decided_at=None).first()
    if known:
        return known
    refuse(text_given(ground, "ground", say("Say on what ground it should be opened.")))
    made = EscrowOpening.objects.create(
        deposit=deposit,
        fellowship=deposit.fellowship,
        requested_by=by,
        requested_at=now(),
        ground=ground.strip(),
    )
    notify(
        kind="access.escrow_asked",
        to=holders(deposit.program_id, *ending_policy.KEEPERS).exclude(pk=by.pk),
        subject_obj=deposit,
        title=say("{ref}: {by} asks to open it", ref=deposit.ref, by=by),
        body=made.ground,
        url=deposit.get_absolute_url(),
    )
    journal.record(subject=made, change={"deposit": deposit.ref})
    return made


@journal.verb("access.decide_escrow_opening")
def decide_opening(*, opening: EscrowOpening, agreed: bool, by: User, reason: str) -> EscrowOpening:
    """A second person agrees that a deposit is opened, or does not. The same decision is one."""
    opening = EscrowOpening.objects.locked().select_related("deposit").get(pk=opening.pk)
    if opening.decided_by == by and opening.agreed == agreed:
        return opening
    refuse(ending_policy.may_decide_opening(opening, by))
    refuse(reason_given(reason, say("Say why.")))
    opening.decided_at, opening.decided_by, opening.agreed = now(), by, agreed
    opening.decided_because = reason.strip()
    opening.save()
    ref = opening.deposit.ref
    notify(
        kind="access.escrow_decided",
        to=[opening.requested_by],
        subject_obj=opening.deposit,
        title=say("{ref} may be taken for 14 days", ref=ref)
        if agreed
        else say("{ref} stays closed", ref=ref),
        body=opening.decided_because,
        url=opening.deposit.get_absolute_url(),
    )
    journal.record(subject=opening, change={"deposit": opening.deposit.ref, "agreed": agreed})
    return opening


@journal.verb("access.take_escrow")
def take_escrow(*, deposit: EscrowDeposit, by: User) -> EscrowDeposit:
    """A deposit whose opening was agreed to is taken: who took which bytes goes on record."""
    refuse(ending_policy.may_take(deposit, by))
    journal.record(subject=deposit, change={"sha256": deposit.sha256})
    return deposit


@journal.verb("access.waive_escrow")
def waive_escrow(*, fellowship: Fellowship, by: User, reason: str) -> EscrowWaiver:
    """The case closes without a deposit, for a reason. Waived already it stays so."""
    fellowship = Fellowship.objects.locked().get(pk=fellowship.pk)
    known: EscrowWaiver | None = EscrowWaiver.objects.filter(fellowship=fellowship).first()
    if known and known.waived_by == by:
        return known
    refuse(ending_policy.may_waive(fellowship, by))
    refuse(reason_given(reason, say("Say why nothing needs to be preserved.")))
    made = EscrowWaiver.objects.create(
        fellowship=fellowship, reason=reason.strip(), waived_by=by, waived_at=now()
    )
    journal.record(subject=made, change={"fellowship": fellowship.ref})
    return made


@journal.verb("access.adjust_ending")
def adjust_ending(
    *,
    fellowship: Fellowship,
    thing: str,
    keeper: str,
    by: User,
    reason: str,
    until: dt.date | None = None,
) -> EndingTerm:
    """Decide that something is kept otherwise than was agreed. The same decision twice is one."""
    fellowship = Fellowship.objects.locked().get(pk=fellowship.pk)
    refuse(ending_policy.may_adjust(fellowship, by))
    refuse(ending_policy.fits(fellowship, thing, CHANGEABLE, keeper, until))
    refuse(reason_given(reason, say("Say why it ends otherwise than was agreed.")))
    last: EndingTerm | None = EndingTerm.objects.filter(fellowship=fellowship, thing=thing).first()
    if last and (last.keeper, last.until, last.reason) == (keeper, until, reason.strip()):
        return last
    made = EndingTerm.objects.create(
        fellowship=fellowship,
        thing=thing,
        keeper=keeper,
        until=until,
        reason=reason.strip(),
        decided_by=by,
        decided_at=now(),
    )
    people = {fellowship.fellow, fellowship.mentor} - {None, by}
    notify(
        kind="access.ending_changed",
        to=people,
        subject_obj=fellowship,
        title=say(
            "{ref}: {CHANGEABLE} end otherwise than agreed",
            ref=fellowship.ref,
            CHANGEABLE=CHANGEABLE[thing].lower(),
        ),
        body=joined(". ", (made.get_keeper_display(), made.reason)),
        url=route_to("access:ending", fellowship.ref),
    )
    journal.record(subject=made, change={"thing": thing, "keeper": keeper, "until": until})
    return made
