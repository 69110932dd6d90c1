"""What the board reads of fellowships: which verbs decide something, and who is held to rules."""

from __future__ import annotations

from django.db.models import Q

from fellowship.accounts.models import User
from governance import cases
from governance.decision_log import Act, register
from governance.states import RuleKind
from scoping.models import Fellowship
from scoping.states import FellowshipState

register(
    Act.DELEGATED,
    "scoping.approve_scope",
    "scoping.deny_scope",
    "scoping.accept_milestone",
    "scoping.return_milestone",
    "scoping.except_milestone",
    "scoping.decide_talent_step",
    "scoping.suspend",
    "scoping.lift",
    "scoping.end",
    "scoping.confirm_collaborator",
    rule=RuleKind.FELLOWSHIP_POLICY,
)
register(
    Act.AUTOMATED, "scoping.lapse_offer", "scoping.enter_stage", rule=RuleKind.FELLOWSHIP_POLICY
)


def _running() -> Q:
    return ~Q(state=FellowshipState.CLOSED)


def _fellow(case: Fellowship) -> User:
    return case.fellow


cases.register("scoping.fellowship", running=_running, party=_fellow)
