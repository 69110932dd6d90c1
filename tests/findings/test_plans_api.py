"""Controls planned and amended, results, embargoes, filters and the matrix, by API."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fellowship.kernel.time import now
from findings import services
from tests.scenarios import findings
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World
from tests.support.api_calls import Api, tried

pytestmark = pytest.mark.django_db


def test_a_control_is_planned_amended_and_counted_from_a_file(world: World) -> None:
    case = signed_fellowship(world)
    finding = findings.accepted(world, findings.reported(world, case, evidence=[]))
    today = now().date()
    plan = {
        "denominator": "one attack",
        "threshold": "0.05",
        "minimum_n": 30,
        "baseline_from": str(today),
        "baseline_until": str(today + dt.timedelta(days=9)),
        "selection": "planned",
        "setting": "bench",
    }
    said = {
        "finding": finding.ref,
        "title": "End sessions",
        "family": "compensating",
        "control_type": "session_limit",
        "metric": "attack_success",
        **plan,
    }
    who = {"by": world.product_owner, "refused": world.auditor}
    assert Api(world.auditor).post("controls/", said).status_code == 403
    assert Api(world.stranger).post("controls/", said).json()["errors"][0]["pointer"] == "/finding"
    made = Api(world.product_owner).post("controls/", said)
    assert made.status_code == 201, made.content
    one, out = f"controls/{made.json()['ref']}/", {"hidden": world.stranger}
    cost = {"metric": "false_positive", **plan}
    added = tried(f"{one}add-metric/", cost, **who, **out)
    assert [m["role"] for m in added["metrics"]] == ["primary", "cost"]
    other = {**plan, "number": 1, "minimum_n": 50, "reason": "More is needed."}
    amended = tried(f"{one}amend/", other, **who, **out)
    assert amended["metrics"][0]["minimum_n"] == 50
    absent = Api(world.product_owner).post(f"{one}amend/", {**other, "number": 9})
    assert absent.status_code == 404

    file = SimpleUploadedFile("counts.csv", b"nothing,of,it\\n1,2,3\\n", "text/csv")
    form = {"number": 1, "format": "agentdojo", "file": file}
    answer = Api(world.product_owner).post(f"{one}series/", form, multipart=True)
    assert answer.status_code in (200, 409), answer.content
    wrong = Api(world.product_owner).post(f"{one}series/", {"number": 1}, multipart=True)
    assert {e["pointer"] for e in wrong.json()["errors"]} == {"/file", "/format"}


def test_a_result_an_embargo_and_an_exception(world: World) -> None:
    case = signed_fellowship(world)
    said = {
        "fellowship": case.ref,
        "name": "Trials",
        "kind": "table",
        "sha256": "a" * 64,
        "sources": [],
    }
    made = tried(
        "artifacts/", said, code=201, by=case.fellow, refused=world.sponsor,
        hidden=world.stranger, hidden_code=400,
    )  # fmt: skip
    assert (made["fellowship"], made["sha256"]) == (case.ref, "a" * 64)
    assert Api(world.stranger).get("artifacts/")["results"] == []

    finding = findings.accepted(world, findings.reported(world, case, evidence=[]))
    one, out = f"findings/{finding.ref}/", {"hidden": world.stranger}
    until = (now() + dt.timedelta(days=20)).isoformat()
    kept = {"until": until, "reason": "Until the fix is out."}
    tried(f"{one}embargo/", kept, by=world.product_owner, refused=world.sponsor, **out)
    asked = {
        "owner": world.product_owner.username,
        "rationale": "?",
        "risk": "?",
        "compensating_measure": "?",
        "measure_test": "?",
        "expires_on": str((now() + dt.timedelta(days=30)).date()),
    }
    tried(f"{one}ask-exception/", asked, by=world.product_owner, refused=world.sponsor, **out)


def test_a_filter_is_changed_and_the_matrix(world: World) -> None:
    saved = services.save_filter(name="Mine", query="queue=mine", by=world.product_owner)
    one = f"finding-filters/{saved.pk}/change/"
    said = {"name": "Ours", "program": world.program.slug, "is_default": True}
    done = tried(one, said, by=world.product_owner, hidden=world.manager)
    assert (done["name"], done["program"]) == ("Ours", world.program.slug)
    shared = Api(world.manager).post(one, said)
    assert shared.status_code == 403, "it is another's"

    cell = {
        "program": world.program.slug,
        "finding_class": "jailbreak",
        "family": "detective",
        "control_type": "session_limit",
        "suggested": True,
        "reason": "It worked twice.",
    }
    who = {"by": world.manager, "refused": world.product_owner}
    out = {"hidden": world.stranger, "hidden_code": 400}
    assert tried("translation-matrix/change/", cell, **who, **out)["version"] >= 1
