"""Write a call, publish it, and move its end: later, earlier with a reason, or open again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fellowship.accounts.models import Actor
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.programs import policy
from fellowship.programs.models import Call, Cohort, Program
from fellowship.programs.moments import Moment, moved, published
from fellowship.programs.states import CALL_MOVES, CallState


@journal.verb("programs.draft_call")
def draft_call(
    *,
    program: Program,
    by: Actor,
    title: str,
    summary: str,
    topics: str,
    constraints: str,
    eligibility: str,
    publication_rules: str,
    opens_at: dt.datetime,
    closes_at: dt.datetime,
    cohort: Cohort | None = None,
    background: str = "",
    places: int = 4,
    blind: bool = False,
) -> Call:
    """Write a call; it is public once published."""
    refuse(policy.may_manage(program, by))
    call = Call.objects.create(
        program=program,
        cohort=cohort,
        ref=next_reference("CALL"),
        title=title,
        summary=summary,
        topics=topics,
        constraints=constraints,
        eligibility=eligibility,
        publication_rules=publication_rules,
        background=background,
        opens_at=opens_at,
        closes_at=closes_at,
        places=places,
        blind=blind,
    )
    journal.record(subject=call, change={"title": title, "closes_at": closes_at})
    return call


@journal.verb("programs.edit_call")
def edit_call(*, call: Call, by: Actor, **changes: Any) -> Call:
    """Change a call not published yet. Where nothing differs it is returned unchanged."""
    call = Call.objects.locked().select_related("program").get(pk=call.pk)
    refuse(policy.may_edit(call, by))
    changed = [name for name, value in changes.items() if getattr(call, name) != value]
    if not changed:
        return call
    for name in changed:
        setattr(call, name, changes[name])
    call.save()
    journal.record(subject=call, change={"fields": sorted(changed)})
    return call


@journal.verb("programs.publish_call")
def publish_call(*, call: Call, by: Actor, reason: str = "") -> Call:
    """Publish a call. Refused while the launch checklist has a gap no exception covers."""
    call = _locked(call)
    refuse(policy.may_manage(call.program, by))
    if call.state == CallState.PUBLISHED:
        return call
    refuse(policy.may_publish(call, by))
    _enter(call, "publish")
    published(call)
    return call


@journal.verb("programs.close_call")
def close_call(*, call: Call, by: Actor, reason: str) -> Call:
    """Close a call before its time. Everyone with a draft is told, with the reason."""
    call = _locked(call)
    refuse(policy.may_manage(call.program, by))
    if call.state == CallState.CLOSED:
        return call
    refuse(policy.may_close(call, by))
    _enter(call, "close")
    moved(call, Moment.CLOSED, reason)
    return call


@journal.verb("programs.reopen_call")
def reopen_call(*, call: Call, closes_at: dt.datetime, by: Actor, reason: str) -> Call:
    """Open a closed call again until `closes_at`, which is no earlier than what was said before."""
    call = _locked(call)
    refuse(policy.may_manage(call.program, by))
    if call.state == CallState.PUBLISHED and call.closes_at == closes_at:
        return call
    refuse(policy.may_reopen(call, by, closes_at))
    before, call.closes_at = call.closes_at, closes_at
    call.state = CALL_MOVES.target(call.state, "reopen")
    call.save()
    change = {"state": call.state, "closes_at": journal.moved(before, closes_at)}
    journal.record(subject=call, change=change)
    moved(call, Moment.REOPENED, reason)
    return call


@journal.verb("programs.extend_call")
def extend_call(*, call: Call, closes_at: dt.datetime, by: Actor, reason: str) -> Call:
    """Move the closing time of a published call later, never earlier. Drafters are told."""
    call = _locked(call)
    refuse(policy.may_manage(call.program, by))
    if call.closes_at == closes_at:
        return call
    refuse(policy.may_extend(call, by, closes_at))
    before, call.closes_at = call.closes_at, closes_at
    call.save()
    journal.record(subject=call, change={"closes_at": journal.moved(before, closes_at)})
    moved(call, Moment.EXTENDED, reason)
    return call


def _locked(call: Call) -> Call:
    return Call.objects.locked().select_related("program").get(pk=call.pk)


def _enter(call: Call, verb: str) -> Call:
    call.state = CALL_MOVES.target(call.state, verb)
    call.save()
    journal.record(subject=call, change={"state": call.state})
    return call
