"""An application that was read becomes a submitted proposal, by the verbs a person uses."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from fellowship.accounts.models import User
from fellowship.accounts.services import register
from fellowship.kernel.journal import System
from fellowship.programs.models import Call
from proposals import services
from proposals.importers import ParsedProposal
from proposals.models import Proposal
from proposals.states import ProposalState

IMPORTER = System("import_proposals")
CHOICES = {
    "fellowship_model": "models",
    "track": "tracks",
    "output_type": "output_types",
}


@transaction.atomic
def import_application(parsed: ParsedProposal, *, call: Call, source: str) -> Proposal:
    """Submit what was read. The same source imported again gives the proposal it has."""
    applicant = _applicant(parsed, call, source)
    there = Proposal.objects.filter(call=call, applicant=applicant).exclude(
        state=ProposalState.WITHDRAWN
    )
    if done := there.exclude(state=ProposalState.DRAFT).first():
        return done
    proposal = services.start_proposal(call=call, by=applicant)
    services.save_answers(proposal=proposal, raw={**parsed.answers, **_chosen(call)}, by=applicant)
    return services.submit_proposal(
        proposal=proposal, by=applicant, reason=f"Imported from {source}"
    )


def _chosen(call: Call) -> dict[str, Any]:
    """Choices the source did not offer: the most open ones of the programme."""
    chosen: dict[str, Any] = {"needs_data": "no", "export_control": "unsure"}
    for key, offer in CHOICES.items():
        offered = list(getattr(call.program, offer).values_list("key", flat=True))
        if offered:
            chosen[key] = "open_methods" if "open_methods" in offered else offered[0]
    return chosen


def _applicant(parsed: ParsedProposal, call: Call, source: str) -> User:
    """The account that stands for the source's proposer: nobody can sign in with it."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:10]
    name = slugify(source.removesuffix(".md"))[:40] or "application"
    username = f"import-{name}-{digest}"
    there = User.objects.filter(username=username).first()
    return there or register(
        email=f"{username}@imported.invalid",
        username=username,
        name=parsed.proposer or parsed.title[:200],
        by=IMPORTER,
    )
