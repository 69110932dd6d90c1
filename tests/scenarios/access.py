"""Datasets, requests and grants, made as people make them: through services."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from access import services
from access.checks import Answer, questions_for
from access.models import AccessRequest, Agreement, Dataset, DeletionCertificate, Grant
from fellowship.accounts.services import declare_conflict
from fellowship.kernel.time import now
from scoping import services as scoping
from scoping.models import Collaborator, Fellowship
from tests.scenarios.governance import decide_on
from tests.scenarios.scoping import signed_fellowship

if TYPE_CHECKING:
    from tests.scenarios.world import World

FIELDS = [
    {"name": "turn", "description": "Place in the dialogue", "sensitive": False},
    {"name": "text", "description": "What was said", "sensitive": True},
    {"name": "refused", "description": "Whether the model refused", "sensitive": False},
]


SCORES = {"public": 1, "internal": 2, "restricted": 3, "highly_restricted": 5}


def answers_for(rule: Any, tier: str) -> dict[str, int]:
    """Answers to every question of a classification standard that lead to the tier."""
    found = {
        question.key: max(a.score for a in question.answers if a.score <= SCORES[tier])
        for question in rule.questions
    }
    if tier == "restricted":
        found[rule.questions[0].key] = 4
    return found


def classified(world: World, data: Dataset, tier: str, *, agreed: bool = True) -> Dataset:
    """The dataset with its class: the steward and the security on-call answered the same."""
    opened = services.open_classification(dataset=data, by=world.steward)
    answers = answers_for(opened.rule.params, tier)
    opened = services.send_answers(classification=opened, answers=answers, by=world.steward)
    if agreed:
        services.send_answers(classification=opened, answers=answers, by=world.oncall)
    return Dataset.objects.get(pk=data.pk)


def dataset(
    world: World, slug: str = "refusal-logs", tier: str = "restricted", **values: Any
) -> Dataset:
    """A restricted original with three fields, classified by two people, unless said otherwise.

    An existing one is reused; without a tier (`""`) it is not classified.
    """
    known = Dataset.objects.filter(program=world.program, slug=slug).first()
    if known:
        return known
    defaults: dict[str, Any] = {
        "program": world.program,
        "slug": slug,
        "name": slug.replace("-", " ").capitalize(),
        "description": "Refusals of the assistant, with the turns before them.",
        "fields": FIELDS,
        "steward": world.steward,
        "owner": world.product_owner,
        "by": world.steward,
    }
    made = services.register_dataset(**{**defaults, **values})
    return classified(world, made, tier) if tier else made


def requested(
    world: World, fellowship: Fellowship | None = None, data: Dataset | None = None, **asked: Any
) -> AccessRequest:
    """The fellow asks to look at, query and compute on two fields for sixty days."""
    data = data or dataset(world)
    fellowship = fellowship or signed_fellowship(world)
    today = fellowship.program.calendar().local(now()).date()
    defaults: dict[str, Any] = {
        "operations": ["view", "query", "run_code"],
        "fields": [f["name"] for f in data.fields if not f["sensitive"]],
        "purpose": "Measure refusal consistency between turn 5 and turn 20.",
        "why_less_would_not_do": "A sample loses the rare late refusals.",
        "starts_on": today,
        "ends_on": today + dt.timedelta(days=min(60, (fellowship.ends_on - today).days)),
        "by": fellowship.fellow,
    }
    return services.request_access(fellowship=fellowship, dataset=data, **{**defaults, **asked})


def checked(world: World, request: AccessRequest | None = None, **asked: Any) -> AccessRequest:
    """The steward found that nothing less serves."""
    request = request or requested(world, **asked)
    return services.check_request(
        request=request,
        answers=all_hold(request.dataset),
        by=world.steward,
        reason="The synthetic mirror loses turn order.",
    )


def all_hold(data: Dataset) -> dict[str, Answer]:
    """Every question of the steward's check, answered by yes."""
    return {question.key: Answer(True) for question in questions_for(data)}


def with_board(world: World, request: AccessRequest | None = None, **asked: Any) -> AccessRequest:
    """Referred by the manager; every seat declared no conflict."""
    request = checked(world, request, **asked)
    request = services.refer_request(request=request, by=world.manager)
    for member in (*world.board, world.chair):
        declare_conflict(
            user=member, subject=request, realm=world.program.pk, kind="none", by=member
        )
    return request


def decided(
    world: World,
    request: AccessRequest | None = None,
    outcome: str = "approve",
    conditions: Any = (),
    **asked: Any,
) -> AccessRequest:
    """Decided by whoever decides for its tier: the board, or the manager."""
    request = request or requested(world, **asked)
    if request.dataset.tier in ("public", "internal"):
        request = checked(world, request)
        services.approve_request(request=request, by=world.manager, reason="The least that serves.")
    else:
        request = with_board(world, request)
        decide_on(world, request, outcome, conditions=conditions)
    return AccessRequest.objects.get(pk=request.pk)


def decided_by_board(
    world: World, request: AccessRequest, outcome: str = "approve"
) -> AccessRequest:
    """A request already with the board, decided."""
    decide_on(world, request, outcome)
    return AccessRequest.objects.get(pk=request.pk)


def accept(agreement: Agreement) -> Agreement:
    """The named person accepts the text as it stands."""
    return services.accept_agreement(
        agreement=agreement, by=agreement.person, text_hash=agreement.text_hash
    )


def granted(
    world: World, fellowship: Fellowship | None = None, data: Dataset | None = None, **asked: Any
) -> Grant:
    """A live grant: asked for, checked, decided and its agreement accepted."""
    request = decided(world, requested(world, fellowship, data, **asked))
    accept(request.agreement)
    return Grant.objects.select_related("dataset", "person", "fellowship").get(request=request)


def event(grant: Grant, number: int = 1, **values: Any) -> dict[str, Any]:
    """One reported act within the grant, as a system sends it."""
    defaults = {
        "id": f"e-{number}",
        "at": now().isoformat(),
        "person": grant.person.email,
        "dataset": grant.dataset.slug,
        "kind": "query",
        "details": {"rows": 120, "pattern": "SELECT refused WHERE turn > ?"},
        "session": "run-1",
    }
    return {**defaults, **values}


def deleted_certificate(grant: Grant) -> DeletionCertificate:
    """The fellow certifies the deletion."""
    return services.confirm_deletion(
        fellowship=grant.fellowship,
        dataset=grant.dataset,
        method="secure_delete",
        tool="shred 9.1",
        scope="The environment's volume and its nightly backup.",
        by=grant.person,
    )


def deleted(world: World, grant: Grant, *, verified: bool = True) -> DeletionCertificate:
    """The fellow certifies the deletion; the steward verifies it."""
    certificate = deleted_certificate(grant)
    if verified:
        certificate = services.verify_deletion(
            certificate=certificate, by=world.steward, reason="The volume is gone."
        )
    return certificate


def collaborator(
    world: World, fellowship: Fellowship | None = None, *, trained: bool = True
) -> Collaborator:
    """A stranger the fellow named, confirmed by the manager and trained."""
    fellowship = fellowship or signed_fellowship(world)
    named = scoping.name_collaborator(
        fellowship=fellowship,
        name="Stranger",
        email=world.stranger.email,
        part="Annotates the refusals by hand.",
        by=fellowship.fellow,
    )
    found = scoping.confirm_collaborator(collaborator=named, by=world.manager)
    if trained:
        scoping.record_training(
            person=world.stranger,
            program=world.program,
            completed_at=now() - dt.timedelta(hours=2),
            evidence="Session of Monday",
            by=world.manager,
        )
    return found
