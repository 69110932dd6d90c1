"""How cases end, who reports, target systems and what was done, by API as on their pages."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from access.models import EscrowDeposit
from fellowship.kernel.time import now
from tests.scenarios import access
from tests.scenarios.world import World
from tests.support.api_calls import Api, tried

pytestmark = pytest.mark.django_db


def test_escrow_is_laid_down_opened_with_a_second_person_and_taken(world: World) -> None:
    grant = access.granted(world)
    case = grant.fellowship
    file = SimpleUploadedFile("method.md", b"# Method\n\nHow it was done.\n", "text/markdown")
    said = {
        "fellowship": case.ref,
        "title": "Method",
        "kind": "methods",
        "description": "How.",
        "opens_for": "A replication.",
        "holds_no_raw_data": True,
        "review_on": str((now() + dt.timedelta(days=200)).date()),
    }
    made = Api(case.fellow).post("access/escrow/", {**said, "file": file}, multipart=True)
    assert made.status_code == 201, made.content
    none = Api(world.stranger).post("access/escrow/", said, multipart=True).json()
    assert {e["pointer"] for e in none["errors"]} == {"/fellowship", "/file"}
    one, out = f"access/escrow/{made.json()['ref']}/", {"hidden": world.stranger}
    assert Api(case.fellow).post(f"{one}take/").status_code in (403, 409)
    tried(f"{one}ask/", {"ground": "To replicate."}, by=world.manager, **out)
    [asked] = Api(world.manager).get("access/escrow-openings/")["results"]
    opening = f"access/escrow-openings/{asked['id']}/"
    agree = {"reason": "It serves."}
    agreed = tried(f"{opening}agree/", agree, by=world.steward, refused=world.manager, **out)
    assert agreed["agreed"] is True
    assert Api(world.steward).post(f"{opening}decline/", agree).status_code == 409
    taken = Api(world.manager).post(f"{one}take/")
    assert b"".join(taken.streaming_content).startswith(b"# Method")
    assert EscrowDeposit.objects.count() == 1


def test_a_case_ends_otherwise_and_data_is_certified_gone(world: World) -> None:
    grant = access.granted(world)
    case, out = grant.fellowship, {"hidden": world.stranger}
    ending = f"access/endings/{case.ref}/"
    lines = Api(case.fellow).get(ending)["lines"]
    assert {line["key"] for line in lines} >= {"code"}
    said = {"thing": "code", "keeper": "company", "until": None, "reason": "It is reused."}
    who = {"by": world.manager, "refused": case.fellow, **out}
    tried(f"{ending}adjust/", said, **who)
    tried(f"{ending}waive-escrow/", {"reason": "Nothing to keep."}, **who)
    Api(world.stranger).get(ending, 404)

    gone = {
        "fellowship": case.ref,
        "dataset": grant.dataset.ref,
        "method": "crypto_erase",
        "tool": "shred",
        "scope": "All copies.",
        "performed_at": now().isoformat(),
    }
    made = Api(case.fellow).post("access/deletions/", gone, multipart=True)
    assert made.status_code in (201, 400, 409), made.content
    again = Api(world.stranger).post("access/deletions/", gone, multipart=True)
    assert again.status_code == 400


def test_names_of_a_source_and_its_batches(world: World) -> None:
    grant = access.granted(world)
    said = {
        "program": str(world.program.slug),
        "source": "gateway",
        "identity": "svc-7",
        "person": grant.person.email,
    }
    made = tried(
        "access/names/", said, code=201, by=world.steward, hidden=world.stranger, hidden_code=400
    )
    one = f"access/names/{made['id']}/forget/"
    forgotten = tried(one, by=world.steward, refused=world.oncall, hidden=world.stranger)
    assert forgotten["ended_at"]
    assert Api(world.stranger).get("access/batches/")["results"] == []
    assert Api(world.oncall).get(f"access/dataset-activity/{grant.dataset.ref}/")["unusual"] == []
    told = Api(grant.person).get(f"access/case-activity/{grant.fellowship.ref}/?days=30")
    assert told["used"] == []
    Api(world.stranger).get(f"access/case-activity/{grant.fellowship.ref}/", 404)
    look = {"key": "none", "finding": "Nothing."}
    path = f"access/case-activity/{grant.fellowship.ref}/look/"
    assert Api(world.oncall).post(path, look).status_code == 404


def test_a_target_is_set_up_changed_and_retired(world: World) -> None:
    grant = access.granted(world)
    said = {
        "program": world.program.slug,
        "name": "Vault",
        "kind": "webhook",
        "url": "https://vault.example/hook",
        "datasets": [grant.dataset.ref],
        "owner": world.steward.username,
        "alarm_after_minutes": 15,
    }
    assert Api(world.stranger).post("access/targets/", said).status_code == 400
    for account in ("nobody@example.org", world.stranger.email, ""):
        asked = Api(world.auditor).post("access/targets/", {**said, "account": account})
        assert asked.status_code == 403, "whether there is such an account is not told"
    made = Api(world.steward).post("access/targets/", said)
    assert made.status_code == 201, made.content
    assert made.json()["secret"].startswith("whsec_")
    one, out = f"access/targets/{made.json()['ref']}/", {"hidden": world.stranger}
    who = {"by": world.steward, "refused": world.auditor, **out}
    other = {
        "datasets": [grant.dataset.ref],
        "owner": world.steward.username,
        "alarm_after_minutes": 30,
    }
    assert tried(f"{one}change/", other, **who)["alarm_after_minutes"] == 30
    assert tried(f"{one}retire/", {"reason": "Replaced."}, **who)["retired_at"]


def test_an_agreement_is_read_and_the_versions_of_a_dataset(world: World) -> None:
    grant = access.granted(world)
    [agreement] = Api(grant.person).get("access/agreements/")["results"]
    assert agreement["accepted_at"]
    accept = {"text_hash": agreement["text_hash"]}
    path = f"access/agreements/{agreement['ref']}/accept/"
    tried(path, accept, by=grant.person, hidden=world.stranger)
    key = grant.dataset.pk
    versions = Api(world.steward).get(f"access/datasets/{key}/versions/")
    assert versions[-1]["title"] == "Version 1"
    Api(world.stranger).get(f"access/datasets/{key}/versions/", 404)
