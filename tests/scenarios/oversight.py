"""One case from call to closing, made as people make it: through services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from access import services as access
from access.models import Dataset, DeletionCertificate, Grant
from fellowship.kernel.journal import System
from findings import services as findings
from findings.models import Control, Finding
from oversight import services as oversight
from publications import services as publications
from publications.models import Publication
from scoping import services as scoping
from scoping.models import Fellowship
from tests.scenarios import access as access_scenes
from tests.scenarios import findings as finding_scenes
from tests.scenarios import publications as publication_scenes
from tests.scenarios.scoping import signed_fellowship

if TYPE_CHECKING:
    from tests.scenarios.world import World


@dataclass
class Case:
    """A fellowship with one of everything."""

    fellowship: Fellowship
    dataset: Dataset
    grant: Grant
    finding: Finding
    control: Control
    publication: Publication


def whole_case(world: World) -> Case:
    """Granted, read, found, controlled, measured, submitted; nothing deleted or closed yet."""
    fellowship = signed_fellowship(world)
    grant = access_scenes.granted(world, fellowship)
    access.ingest(
        events=[access_scenes.event(grant, n) for n in (1, 2, 3)],
        source="gateway",
        program=world.program,
        by=world.steward,
    )
    artifact = finding_scenes.artifact(world, fellowship, sources=[grant.dataset])
    finding = finding_scenes.reported(world, fellowship, evidence=[artifact])
    control = finding_scenes.verified(
        world,
        finding_scenes.deployed(
            world, finding_scenes.planned(world, finding_scenes.accepted(world, finding))
        ),
    )
    publication = publication_scenes.submitted(world, fellowship)
    return Case(
        Fellowship.objects.get(pk=fellowship.pk),
        grant.dataset,
        grant,
        finding,
        control,
        publication,
    )


def settle(world: World, case: Case) -> Case:
    """Do all that a whole case still owes: nothing is left but to close it."""
    fellow = case.fellowship.fellow
    findings.close_finding(
        finding=case.finding, closure="control", by=world.product_owner, reason="Proven."
    )
    publications.release(
        publication=case.publication, kind="review", by=System("tests"), reason="The review ended."
    )
    for milestone in list(case.fellowship.milestones.open()):
        scoping.except_milestone(
            milestone=milestone, by=world.manager, reason="Not needed any more."
        )
    case.fellowship = scoping.end(fellowship=case.fellowship, by=fellow, reason="The work is done.")
    deleted(world, case.grant)
    access.waive_escrow(
        fellowship=case.fellowship, by=world.steward, reason="The paper says all of the method."
    )
    written(world, case.fellowship)
    oversight.list_handback(fellowship=case.fellowship, kind="nothing", by=world.steward)
    oversight.except_obligation(
        fellowship=case.fellowship,
        key="scoping.talent",
        by=world.sponsor,
        reason="The fellow goes back to the university.",
    )
    return case


def written(world: World, fellowship: Fellowship) -> None:
    """The summary and both reviews."""
    authors = {
        "summary": fellowship.fellow,
        "fellow_review": fellowship.fellow,
        "mentor_review": world.mentor,
    }
    for kind, author in authors.items():
        oversight.write_closing_text(
            fellowship=fellowship, kind=kind, text=f"All of the {kind} in words.", by=author
        )


def deleted(world: World, grant: Grant) -> DeletionCertificate:
    """Certified by the fellow, verified by the steward."""
    return access_scenes.deleted(world, grant)
