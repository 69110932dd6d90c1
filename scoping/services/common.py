"""What the verbs share: the locked case, who is told, the clock that waits for signatures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.urls import NoReverseMatch, reverse

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders, recused_ids
from fellowship.clocks.services import start, stop_open
from fellowship.kernel.saying import joined, say
from fellowship.notices.services import notify
from governance.rules import pinned
from governance.states import RuleKind
from scoping.models import Fellowship, ScopeOfWork

SIGNATURE: Final = "scoping.signature"
COUNTERSIGNATURE: Final = "scoping.countersignature"
VERDICT: Final = "scoping.verdict"


def locked(fellowship: Fellowship) -> Fellowship:
    """The case read anew, its row locked until the verb ends."""
    return (
        Fellowship.objects.locked()
        .select_related("program__realm", "proposal", "fellow", "mentor")
        .get(pk=fellowship.pk)
    )


def locked_scope(scope: ScopeOfWork) -> ScopeOfWork:
    """The version and its case, both locked: the case first, so that verbs never wait in a ring."""
    case = locked(Fellowship(pk=scope.fellowship_id))
    found = ScopeOfWork.objects.locked().select_related("amends").get(pk=scope.pk)
    found.fellowship = case
    return found


def signers(case: Fellowship) -> Iterable[User]:
    """Who may sign for the company and has no conflict."""
    away = recused_ids(case) | recused_ids(case.proposal)
    return [
        user
        for user in holders(case.program_id, roles.CHAIR, roles.SPONSOR)
        if user.pk not in away and user.pk != case.mentor_id
    ]


def managers(case: Fellowship) -> Iterable[User]:
    """The programme's managers without a conflict."""
    away = recused_ids(case) | recused_ids(case.proposal)
    return [user for user in holders(case.program_id, roles.MANAGER) if user.pk not in away]


def tell(  # one call site a line: every notice of this application goes through here
    case: Fellowship,
    kind: str,
    to: Iterable[User | None],
    title: str,
    *,
    body: str = "",
    page: str = "case",
    urgent: bool = False,
) -> None:
    """Write notices about the case for everyone in `to`."""
    notify(
        kind=f"scoping.{kind}",
        to=to,
        title=joined(": ", (case.ref, title)),
        body=body,
        url=_address(page, case),
        subject_obj=case,
        realm=case.program_id,
        urgent=urgent,
    )


def wait_for_fellow(case: Fellowship, by: Actor) -> None:
    """Start the window in which the fellow signs; silence lets the offer lapse."""
    rule = pinned(case, RuleKind.FELLOWSHIP_POLICY)
    start(
        kind=SIGNATURE,
        subject=case,
        realm=case.program_id,
        window=rule.params.signature,
        by=by,
        holder="you",
        holder_user=case.fellow,
        silence=say("The offer lapses, and a new version has to be offered."),
        rule=str(rule),
    )


def wait_for_company(case: Fellowship, by: Actor) -> None:
    """Start the window in which the company signs; silence escalates, it never costs the fellow."""
    rule = pinned(case, RuleKind.FELLOWSHIP_POLICY)
    start(
        kind=COUNTERSIGNATURE,
        subject=case,
        realm=case.program_id,
        window=rule.params.countersignature,
        by=by,
        holder="us",
        silence=say("The sponsor and the chair are told; the offer stays open."),
        rule=str(rule),
    )


def stop_clocks(subject: Fellowship, by: Actor, *kinds: str, reason: str = "") -> None:
    """Stop the clocks of these kinds on the record."""
    stop_open(subject=subject, kinds=kinds, by=by, reason=reason)


def _address(page: str, case: Fellowship) -> str:
    try:
        return reverse(f"scoping:{page}", args=[case.ref])
    except NoReverseMatch:
        return ""
