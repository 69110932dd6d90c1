"""What was read becomes records, by the verbs a person uses."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from fellowship.accounts.models import Actor, User
from fellowship.accounts.services import register
from fellowship.kernel import journal
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import say
from fellowship.programs.models import Call
from proposals import policy, services
from proposals.importers import ParsedProposal
from proposals.importers.application import NOT_ASKED
from proposals.importers.evaluation import ParsedEvaluation
from proposals.models import ImportedEvaluation, Proposal
from proposals.models.evaluation import LINE
from proposals.states import ProposalState

IMPORTER = System("import_proposals")
CHOICES = {
    "fellowship_model": "models",
    "track": "tracks",
    "output_type": "output_types",
}
_PREFIX = "import-"
_DIGEST = 10


class Unmatched(ValueError):
    """No proposal, or more than one, is what an evaluation speaks of; the text says which."""


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
        proposal=proposal, by=applicant, reason=say("Imported from {source}", source=source)
    )


def imported(call: Call) -> dict[str, list[Proposal]]:
    """The proposals of the call that were imported, by their source's name as `find` compares."""
    rows = Proposal.objects.filter(call=call, applicant__username__startswith=_PREFIX)
    found: dict[str, list[Proposal]] = defaultdict(list)
    for proposal in rows.exclude(
        state__in=(ProposalState.DRAFT, ProposalState.WITHDRAWN)
    ).select_related("applicant"):
        name = proposal.applicant.username[len(_PREFIX) : -_DIGEST - 1]
        found[_letters(name)].append(proposal)
    return found


def find(name: str, among: Mapping[str, list[Proposal]]) -> Proposal:
    """The one proposal imported from the application of this name. Raises Unmatched.

    Names are compared by their letters and digits.
    """
    if not name:
        raise Unmatched(say("It names no application."))
    candidates = among.get(_letters(_slug(name.removesuffix(".md"))), [])
    if len(candidates) == 1:
        return candidates[0]
    how_many = say("More than one proposal") if candidates else say("No proposal")
    raise Unmatched(say("{how_many} was imported from “{name}”.", how_many=how_many, name=name))


@journal.verb("proposals.import_evaluation")
def import_evaluation(
    *, proposal: Proposal, parsed: ParsedEvaluation, source: str, source_hash: str, by: Actor
) -> ImportedEvaluation:
    """Bring an evaluation to its proposal as it stands. The same file again gives the one there."""
    proposal = Proposal.objects.locked().select_related("applicant").get(pk=proposal.pk)
    refuse(policy.may_import_evaluation(proposal, by))
    there = ImportedEvaluation.objects.filter(proposal=proposal, source_hash=source_hash).first()
    if there:
        return there
    evaluation = ImportedEvaluation.objects.create(
        proposal=proposal,
        verdict=parsed.verdict,
        said=_fits(parsed.said),
        unclear=_fits(parsed.unclear),
        milestone=_fits(parsed.milestone),
        evaluator=_fits(parsed.evaluator),
        deliverables=[asdict(row) for row in parsed.deliverables],
        comment=parsed.comment,
        warnings=list(parsed.warnings),
        source=_fits(source),
        source_hash=source_hash,
    )
    journal.record(
        subject=evaluation,
        realm_id=proposal.program_id,
        change={"verdict": evaluation.verdict, "source_hash": source_hash},
    )
    return evaluation


def _fits(text: str) -> str:
    """The beginning of a text that is longer than its place."""
    return text if len(text) <= LINE else f"{text[: LINE - 1]}…"


def _chosen(call: Call) -> dict[str, Any]:
    """Choices the source did not offer: the most open ones of the programme."""
    chosen: dict[str, Any] = {
        "needs_data": "no",
        "export_control": "unsure",
        "export_note": NOT_ASKED,
    }
    for key, offer in CHOICES.items():
        offered = list(getattr(call.program, offer).offered().values_list("key", flat=True))
        if offered:
            chosen[key] = "open_methods" if "open_methods" in offered else offered[0]
    return chosen


def _applicant(parsed: ParsedProposal, call: Call, source: str) -> User:
    """The account that stands for the source's proposer: nobody can sign in with it."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:_DIGEST]
    username = f"{_PREFIX}{_slug(source.removesuffix('.md')) or 'application'}-{digest}"
    there = User.objects.filter(username=username).first()
    return there or register(
        email=f"{username}@imported.invalid",
        username=username,
        name=parsed.proposer or parsed.title[:200],
        by=IMPORTER,
    )


def _slug(name: str) -> str:
    return slugify(name)[:40]


def _letters(slug: str) -> str:
    return re.sub(r"[^a-z0-9]", "", slug)
