"""What people hold of rules, conditions, exceptions, independent reviews, on-call and alarms."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from fellowship.accounts import holdings, roles
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance.models import RuleVersion
from governance.review_states import ReviewState
from governance.states import EscalationState, ExceptionState, RuleStatus


def _rules(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those in force and those on their way; what an earlier version said of its owner stays."""
    current = RuleVersion.objects.current().values("pk")
    on_their_way = Q(status__in=(RuleStatus.DRAFT, RuleStatus.PROPOSED))
    return rows.filter(on_their_way | Q(effective_at__gt=now()) | Q(pk__in=current))


holdings.register(
    "governance.ruleversion", "owner", label=say("Rules owned"), role=roles.MANAGER, open=_rules
)
for field, label in (
    ("owner", say("Conditions to meet")),
    ("verifier", say("Conditions to verify")),
):
    holdings.register(
        "governance.condition", field, label=label, role=roles.MANAGER, open=Q(settled_at=None)
    )
holdings.register(
    "governance.exceptionrecord",
    "owner",
    label=say("Exceptions owned"),
    role=roles.MANAGER,
    open=lambda rows: rows.filter(ended_at=None, expires_at__gt=now()).exclude(
        state__in=(ExceptionState.REFUSED, ExceptionState.WITHDRAWN)
    ),
)
holdings.register(
    "governance.reviewseat",
    "reviewer",
    label=say("Independent reviews to carry out"),
    role=roles.MANAGER,
    realm="review__decision__program_id",
    open=Q(finding="", stood_down_at=None, review__state=ReviewState.UNDER_REVIEW),
    by_hand=True,
)
holdings.register(
    "governance.accessreviewitem",
    "owner",
    label=say("Roles and grants to attest"),
    role=roles.CHAIR,
    realm="review__program_id",
    open=Q(decided_at=None),
)
# A changed line is a new rota, which somebody sets; until then the next in turn is called.
holdings.register(
    "governance.rotamember",
    "user",
    label=say("Places in an on-call rota"),
    role=roles.ONCALL,
    realm="rota__program_id",
    open=Q(rota__ended_at=None),
    by_hand=True,
)
holdings.register(
    "governance.oncalloverride",
    "user",
    label=say("Times to stand in on call"),
    role=roles.ONCALL,
    open=lambda rows: rows.filter(cancelled_at=None, ends_at__gt=now()),
    by_hand=True,
)
holdings.register(
    "governance.escalation",
    "acknowledged_by",
    label=say("Alarms taken and not closed"),
    role=roles.ONCALL,
    open=~Q(state=EscalationState.CLOSED),
    by_hand=True,
)
holdings.register(
    "governance.reportduty",
    "noted_by",
    label=say("Reports due to an authority"),
    role=roles.ONCALL,
    realm="escalation__program_id",
    open=Q(sent_at=None, lifted_at=None),
    by_hand=True,
)
