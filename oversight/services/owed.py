"""What a case owes at its end: texts written, things back, obligations excepted by a person."""

from __future__ import annotations

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from oversight import closing_policy as policy
from oversight.models import ClosingText, Handback, Waiver
from oversight.states import HeldKind
from scoping import closeout
from scoping.models import Fellowship


@journal.verb("oversight.write_closing_text")
def write_closing_text(*, fellowship: Fellowship, kind: str, text: str, by: User) -> ClosingText:
    """Write the findings summary or one's review; until the case closes it may be revised.

    The same text again is returned as it is.
    """
    case = _locked(fellowship)
    text = text.strip()
    row: ClosingText | None = ClosingText.objects.filter(fellowship=case, kind=kind).first()
    if row is not None and row.text == text:
        return unchanged(row, policy.may_write(case, kind, by))
    refuse(policy.may_write(case, kind, by))
    refuse(policy.text_said(kind, text))
    row = row or ClosingText(fellowship=case, kind=kind)
    row.text, row.author, row.written_at = text, by, now()
    row.save()
    journal.record(subject=row, change={"kind": kind, "sha256": digest(text)})
    return row


@journal.verb("oversight.list_handback")
def list_handback(*, fellowship: Fellowship, kind: str, by: User, what: str = "") -> Handback:
    """List a thing or an account the fellow was handed, or state that there was none.

    Listed already it is returned as it is. To list something takes the statement back.
    """
    case = _locked(fellowship)
    what = " ".join(what.split())
    if kind == HeldKind.NOTHING:
        what = str(HeldKind.NOTHING.label)
    there: Handback | None = Handback.objects.filter(fellowship=case, kind=kind, what=what).first()
    if there is not None:
        return unchanged(there, policy.may_list(case, by))
    refuse(policy.may_list(case, by))
    refuse(policy.held_said(case, kind, what))
    at = now()
    stated = kind == HeldKind.NOTHING
    row: Handback = Handback.objects.create(
        fellowship=case,
        kind=kind,
        what=what,
        listed_at=at,
        listed_by=by,
        settled_at=at if stated else None,
        settled_by=by if stated else None,
        how=say("As stated.") if stated else "",
    )
    journal.record(subject=row, change={"kind": kind, "what": what})
    return row


@journal.verb("oversight.settle_handback")
def settle_handback(*, handback: Handback, by: User, reason: str) -> Handback:
    """It is back, or its account is closed; `reason` says how. Settled already: unchanged."""
    case = _locked(handback.fellowship)
    row: Handback = Handback.objects.locked().get(pk=handback.pk)
    row.fellowship = case
    if row.settled_at is not None:
        return unchanged(row, policy.may_list(case, by))
    refuse(policy.may_list(case, by))
    refuse(policy.how_said(reason))
    row.settled_at, row.settled_by, row.how = now(), by, reason.strip()
    row.save()
    journal.record(subject=row, change={"kind": row.kind, "what": row.what})
    return row


@journal.verb("oversight.except_obligation")
def except_obligation(*, fellowship: Fellowship, key: str, by: User, reason: str) -> Waiver:
    """Let the case close without this obligation. Excepted already it is returned as it is."""
    case = _locked(fellowship)
    there: Waiver | None = Waiver.objects.filter(fellowship=case, key=key).first()
    found = {item.key: item for item in closeout.obligations(case)}.get(key)
    if there is not None:
        return unchanged(there, policy.may_except(case, found, by, reason))
    refuse(policy.may_except(case, found, by, reason))
    row: Waiver = Waiver.objects.create(
        fellowship=case,
        key=key,
        label=found.label if found else key,
        reason=reason.strip(),
        waived_by=by,
        waived_at=now(),
    )
    journal.record(subject=row, change={"key": key})
    return row


def _locked(fellowship: Fellowship) -> Fellowship:
    rows = Fellowship.objects.locked().select_related("program", "proposal")
    found: Fellowship = rows.get(pk=fellowship.pk)
    return found
