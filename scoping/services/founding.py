"""Found a fellowship on an accepted proposal."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.accounts.services import grant_role
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from governance.rules import pin, pinned
from governance.states import RuleKind
from proposals.models import Proposal
from scoping import generation, policy
from scoping.models import Fellowship
from scoping.services.common import managers, tell
from scoping.services.scopes import draft_scope

FOUNDING = journal.System("scoping")


@journal.verb("scoping.found_fellowship")
def found_fellowship(*, proposal: Proposal, by: Actor, reason: str = "") -> Fellowship:
    """Make the case of an accepted proposal: role, pinned rules and a first draft of its scope.

    Runs in the transaction of the board's decision. The case stays held to the rules the proposal
    was made under. A proposal that has its fellowship keeps it.
    """
    proposal = (
        Proposal.objects.locked().select_related("call__cohort", "program").get(pk=proposal.pk)
    )
    if existing := Fellowship.objects.filter(proposal=proposal).first():
        return existing
    refuse(policy.may_found(proposal))
    policy_held = pinned(proposal, RuleKind.FELLOWSHIP_POLICY).params
    starts_on, ends_on = generation.span(proposal, proposal.program.today(), policy_held)
    case = Fellowship.objects.create(
        proposal=proposal,
        program=proposal.program,
        cohort=proposal.call.cohort,
        fellow=proposal.applicant,
        ref=next_reference("FEL"),
        title=proposal.title,
        starts_on=starts_on,
        ends_on=ends_on,
        **generation.facts(proposal),
    )
    grant_role(
        user=proposal.applicant,
        realm=proposal.program.realm,
        role=roles.FELLOW,
        by=FOUNDING,
        reason=f"accepted as {case.ref}",
    )
    pin(subject=case, program=proposal.program, by=by, like=proposal)
    draft_scope(fellowship=case, by=FOUNDING, reason="generated from the accepted proposal")
    tell(
        case,
        "founded",
        [case.fellow],
        "your fellowship begins",
        body="A scope of work is being written from your proposal. You will be asked to sign it.",
    )
    tell(
        case,
        "scope_to_write",
        managers(case),
        "a scope of work to complete and offer",
    )
    journal.record(subject=case, change={"proposal": proposal.ref, "fellow": case.fellow_id})
    return case
