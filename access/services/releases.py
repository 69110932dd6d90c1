"""Asking that outputs leave: prepare, check, send, take back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.core.files import File as Upload

from access import criteria, release_policy
from access.criteria import Limits
from access.models import Dataset, Output, ReleaseRequest, ReleaseSource
from access.outputs import comparing, kinds
from access.outputs.checks import Check, File, acceptable, run
from access.policy import reason_given
from access.release_standing import LATE
from access.release_states import RELEASE_MOVES, Criterion, ReleaseState
from fellowship.accounts.models import Actor, User
from fellowship.clocks import services as clocks
from fellowship.history.references import next_reference
from fellowship.kernel import blobs, filekinds, journal
from fellowship.kernel.refusals import Missing, first, refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance.policy.common import text_given
from governance.rules import pinned
from governance.states import RuleKind
from scoping.models import Fellowship

REVIEW_CLOCK: Final = "access.release_review"


@journal.verb("access.ask_release")
def ask_release(
    *,
    fellowship: Fellowship,
    title: str,
    purpose: str,
    destination: str,
    by: User,
    datasets: Sequence[Dataset] = (),
    reason: str = "",
) -> ReleaseRequest:
    """Begin a request to release outputs made from `datasets`; files are added to it.

    The same request begun twice is one. Raises Refused for datasets the case never had.
    """
    fellowship = Fellowship.objects.locked().get(pk=fellowship.pk)
    refuse(release_policy.may_ask(fellowship, by))
    if any(dataset.program_id != fellowship.program_id for dataset in datasets):
        raise Missing
    refuse(release_policy.made_from(fellowship, datasets))
    said = {"title": title.strip(), "purpose": purpose.strip(), "destination": destination.strip()}
    refuse(first(*(text_given(text, field, say("Say this.")) for field, text in said.items())))
    known = ReleaseRequest.objects.filter(
        fellowship=fellowship, requester=by, state=ReleaseState.DRAFT, **said
    ).first()
    if known:
        return known
    request = ReleaseRequest.objects.create(
        ref=next_reference("REL"),
        fellowship=fellowship,
        requester=by,
        handling=pinned(fellowship, RuleKind.DATA_HANDLING),
        **said,
    )
    for dataset in datasets:
        ReleaseSource.objects.create(request=request, dataset=dataset)
    change = {"datasets": joined(", ", (dataset.ref for dataset in datasets))}
    journal.record(subject=request, change=change)
    return request


def add_output(
    *,
    request: ReleaseRequest,
    file: Upload[bytes],
    kind: str,
    description: str,
    by: User,
    smallest_group: int | None = None,
    count_columns: Sequence[str] = (),
) -> Output:
    """Add a file, with what a machine finds in it. The same file sent again is the one there.

    Its content is stored, whole, before the record is written. Raises Refused with what to do
    instead: for a kind, size, number or content that the tier does not let leave.
    """
    name = filekinds.clean_name(file.name or "")
    limits = criteria.of_request(request)
    refuse(release_policy.may_change(request, by))
    refuse(release_policy.takes(request, kind, file.size, limits))
    media = kinds.judge(name, file, kind)
    declared = {
        **({} if smallest_group is None else {"smallest_group": smallest_group}),
        **({"count_columns": list(count_columns)} if count_columns else {}),
    }
    file.seek(0)
    looked_into = File.of(name, kind, file.read(), declared)
    acceptable(looked_into)
    found = run(looked_into, limits)
    file.seek(0)
    blob = blobs.put(file.chunks())
    values = {"name": name, "mime": media.mime, "size": blob.size, "sha256": blob.sha256}
    return _put(
        request=request,
        values={**values, "kind": kind, "description": description.strip(), "declared": declared},
        checks=found,
        limits=limits,
        by=by,
    )


@journal.verb("access.add_output")
def _put(
    *,
    request: ReleaseRequest,
    values: dict[str, Any],
    checks: list[Check],
    limits: Limits,
    by: User,
) -> Output:
    request = locked(request)
    refuse(release_policy.may_change(request, by))
    there = request.outputs.filter(removed_at=None)
    same = there.filter(name=values["name"], sha256=values["sha256"], kind=values["kind"]).first()
    if same:
        return same
    refuse(release_policy.differs(request, values["name"], values["sha256"]))
    refuse(release_policy.takes(request, values["kind"], values["size"], limits))
    output = Output(request=request, **values)
    output.checks = [check.stored() for check in (*checks, *_compared(output, limits))]
    output.save()
    change = {"request": request.ref, "kind": output.kind, "sha256": output.sha256}
    journal.record(subject=output, change=change)
    return output


def _compared(output: Output, limits: Limits) -> list[Check]:
    """The output beside what was released of the same fellowship: what its fellow may know of."""
    if Criterion.DIFFERENCING not in limits.asked():
        return []
    before = list(comparing.earlier(output.request, own=True)[: comparing.MOST])
    return [comparing.check(comparing.compare(output, before, limits.smallest_group), len(before))]


@journal.verb("access.remove_output")
def remove_output(*, output: Output, by: User, reason: str = "") -> Output:
    """Take a file out before it is sent. One taken out already stays as it is."""
    request = locked(output.request)
    output = Output.objects.locked().get(pk=output.pk)
    if output.removed_at is not None:
        return unchanged(output, release_policy.may_change(request, by))
    refuse(release_policy.may_change(request, by))
    output.removed_at = now()
    output.save()
    journal.record(subject=output, change={"request": request.ref, "removed": True})
    return output


@journal.verb("access.explain_output")
def explain_output(*, output: Output, explanation: str, by: User) -> Output:
    """Answer what a machine found in a file. The same answer sent twice is one."""
    request = locked(output.request)
    output = Output.objects.locked().get(pk=output.pk)
    refuse(release_policy.may_change(request, by))
    refuse(reason_given(explanation, say("Say what you think of what was found.")))
    if output.explanation == explanation.strip():
        return output
    output.explanation = explanation.strip()
    output.save()
    journal.record(subject=output, change={"request": request.ref, "explained": True})
    return output


@journal.verb("access.send_release")
def send_release(*, request: ReleaseRequest, by: User, reason: str = "") -> ReleaseRequest:
    """Send it to two reviewers; their clock starts. One already sent stays as it is."""
    request = locked(request)
    if request.state == ReleaseState.IN_REVIEW and by == request.requester:
        return request
    outputs = list(request.outputs.filter(removed_at=None).order_by("id"))
    refuse(release_policy.may_send(request, outputs, by))
    _compare_again(outputs, criteria.of_request(request))
    window = request.handling.params.release_review
    request.state = RELEASE_MOVES.target(request.state, "send")
    request.round += 1
    request.sent_at = now()
    request.first_sent_at = request.first_sent_at or request.sent_at
    clock = clocks.start(
        kind=REVIEW_CLOCK,
        subject=request,
        realm=request.program_id,
        window=window,
        by=by,
        holder="us",
        silence=LATE,
        rule=str(request.handling),
    )
    request.due_at = clock.due_at
    request.save()
    notify(
        kind="access.release_sent",
        to=release_policy.reviewers_of(request),
        subject_obj=request,
        title=say(
            "{ref}: outputs ask to leave {ref2}", ref=request.ref, ref2=request.fellowship.ref
        ),
        body=say("Two people review them, neither seeing what the other found."),
        url=request.get_absolute_url(),
    )
    change = {
        "state": request.state,
        "round": request.round,
        "outputs": joined(", ", (output.sha256 for output in outputs)),
    }
    journal.record(subject=request, change=change)
    return request


def _compare_again(outputs: Sequence[Output], limits: Limits) -> None:
    """Something may have been released since a file was added: what reviewers read is of today."""
    for output in outputs:
        others = [c for c in output.checks if c["criterion"] != Criterion.DIFFERENCING]
        fresh = [*others, *(check.stored() for check in _compared(output, limits))]
        if fresh != output.checks:
            output.checks = fresh
            output.save()


@journal.verb("access.withdraw_release")
def withdraw_release(*, request: ReleaseRequest, by: User, reason: str = "") -> ReleaseRequest:
    """Take a request back before it is decided. One withdrawn stays so."""
    request = locked(request)
    if request.state == ReleaseState.WITHDRAWN:
        return unchanged(request, release_policy.may_withdraw(request, by))
    refuse(release_policy.may_withdraw(request, by))
    request.state = RELEASE_MOVES.target(request.state, "withdraw")
    request.save()
    journal.record(subject=request, change={"state": request.state})
    stop_review(request, by, say("The request was withdrawn."))
    return request


def stop_review(request: ReleaseRequest, by: Actor, reason: str) -> None:
    """The reviewers' clock stops, also one that ran out."""
    clocks.stop_open(subject=request, kinds=[REVIEW_CLOCK], by=by, reason=reason)


def locked(request: ReleaseRequest) -> ReleaseRequest:
    """The request for writing, with the people of its case."""
    found: ReleaseRequest = (
        ReleaseRequest.objects.locked()
        .select_related("fellowship__program", "fellowship__fellow", "requester", "handling")
        .get(pk=request.pk)
    )
    return found
