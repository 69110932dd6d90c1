"""A secret that its author has not answered for is read by nobody else; what waits is on home."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from fellowship.web import work as home
from governance import kinds
from publications import policy, services, withholding
from publications.models import Hit, Objection, Publication
from tests.scenarios import publications as scenario
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
CANARY = "AKIA" + "Z7QK3M5N2P4R6T8V"
TEXT = (
    "We asked whether refusals hold under pressure.\n\n" * 20
    + f"In the second study the key {CANARY} was taken and {scenario.PASSAGE}.\n\n"
    + "Nothing else was dropped.\n\n" * 20
)


def as_(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def with_secret(world: World) -> Objection:
    """A passage with an unanswered secret in it, contested and with a mediator."""
    work = scenario.submitted(world)
    services.add_version(publication=work, text=TEXT, by=work.fellowship.fellow)
    version = work.latest
    assert version is not None
    assert Hit.objects.filter(precheck__version=version, kind="secret", answer="").exists()
    start = TEXT.index("the key")
    return scenario.contested(world, work, start=start, end=TEXT.index(scenario.PASSAGE))


def test_no_page_shows_others_a_secret_that_was_not_answered(world: World) -> None:
    objection = with_secret(world)
    work = objection.publication
    pages = [
        (world.policy_reviewer, "detail", work.ref),
        (world.policy_reviewer, "object", work.ref),
        (world.policy_reviewer, "read", work.ref),
        (world.policy_reviewer, "compare", work.ref),
        (world.policy_reviewer, "disclosure", work.ref),
        (world.policy_reviewer, "check", work.ref),
        (world.reviewer, "advise", work.ref),
        (world.manager, "detail", work.ref),
        (world.reviewer_two, "propose", objection.ref),
    ]
    for who, name, ref in pages:
        answer = as_(who).get(reverse(f"publications:{name}", args=[ref]))
        assert answer.status_code == 200, name
        assert CANARY not in answer.content.decode(), (name, who)
    api = "/api/v1"
    works = f"{api}/publications/{work.ref}/"
    for path in (works, f"{api}/objections/{objection.ref}/", f"{api}/objections/"):
        answer = as_(world.policy_reviewer).get(path)
        assert answer.status_code == 200, path
        assert CANARY not in answer.content.decode(), path
        assert CANARY in as_(work.fellowship.fellow).get(path).content.decode(), path
    own = as_(work.fellowship.fellow).get(work.get_absolute_url()).content.decode()
    assert CANARY in own
    assert CANARY not in str(kinds.get("publications.dispute").dossier(objection))


def test_a_dotted_passage_is_marked_as_it_is_read(world: World) -> None:
    objection = with_secret(world)
    work = objection.publication
    services.withdraw_objection(objection=objection, by=world.policy_reviewer)
    read = withholding.excerpts([objection])[objection.pk].passage
    assert len(read) == len(objection.passage)
    url = reverse("publications:object", args=[work.ref])
    said = {
        "passage": read,
        "ground": "sensitive_security_detail",
        "harm": "A live key.",
        "ask": "redact",
        "public_summary": "A key is left out.",
    }
    looked = as_(world.policy_reviewer).post(url, {**said, "look": "1"}).content.decode()
    assert CANARY not in looked
    assert as_(world.policy_reviewer).post(url, said).status_code == 302
    marked = Objection.objects.latest("pk")
    assert marked.passage == objection.passage.strip()


def waiting(user: Any) -> set[str]:
    return {item.title.rpartition(" Refusal drift")[0] for item in home.of(user, now()).mine}


def test_home_lists_each_step_to_whom_it_waits_for(world: World) -> None:
    objection = scenario.objected(world)
    fellow = objection.publication.fellowship.fellow
    assert "Answer the objection to one passage of" in waiting(fellow)
    services.offer_wording(objection=objection, wording="Other words.", reason="", by=fellow)
    assert "Answer the wording offered for one passage of" in waiting(world.policy_reviewer)
    assert "Answer the objection to one passage of" not in waiting(fellow)
    services.contest_objection(objection=objection, by=fellow, reason="It is public.")
    name = "Name a mediator for one passage of"
    assert name in waiting(world.manager)
    assert name not in waiting(world.policy_reviewer)
    services.name_mediator(objection=objection, mediator=world.reviewer_two, by=world.manager)
    assert name not in waiting(world.manager)
    assert "Mediate: propose a way for one passage of" in waiting(world.reviewer_two)
    services.propose(
        objection=objection, proposal="keep", reasons="It is public.", by=world.reviewer_two
    )
    take = "Say whether you take the mediator’s proposal:"
    assert take in waiting(fellow)
    assert take in waiting(world.policy_reviewer)
    services.answer_proposal(objection=objection, takes=True, by=fellow)
    assert take not in waiting(fellow)
    scenario.asked(world, objection.publication)
    assert "Answer the reviewer’s question about" in waiting(fellow)


def test_nobody_reviews_a_work_they_are_named_in(world: World) -> None:
    work: Publication = scenario.drafted(world)
    case = work.fellowship
    scenario.agreed(world, case, world.reviewer)
    work = services.submit_publication(publication=work, by=case.fellow)
    with pytest.raises(Refused, match="named in the agreement"):
        services.assign_reviewer(
            publication=work, track="scientific", reviewer=world.reviewer, by=world.manager
        )
    assert policy.may_assign(work, "scientific", world.reviewer_two, world.manager) is None
