"""The API of a work's text: the same verbs, rules and refusals as the pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fellowship.kernel.time import now
from publications.models import Publication
from scoping.models import Fellowship
from tests.publications.test_pages import as_, fellowship  # noqa: F401 - a fixture
from tests.publications.test_precheck import KEY
from tests.scenarios import publications as scenario
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db


def test_a_work_goes_from_beginning_to_plan_by_api(world: World, fellowship: Fellowship) -> None:  # noqa: F811
    client = as_(fellowship.fellow)

    def post(path: str, said: Any, **how: Any) -> Any:
        how = how or {"content_type": "application/json"}
        return client.post(f"/api/v1/publications/{path}", said, headers={"If-Match": "*"}, **how)

    begun = {"fellowship": fellowship.ref, "title": "Ties", "kind": "talk", "work_class": "methods"}
    assert post("", begun).json()["code"] == "no_event"
    made = post("", {**begun, "event": "Seminar", "event_on": "2026-12-09"})
    assert made.status_code == 201
    ref = made.json()["ref"]
    assert post("", {**begun, "datasets": ["NO-1"]}).status_code == 400
    text = f'{scenario.TEXT} KEY = "{KEY}".'
    file = SimpleUploadedFile("talk.md", text.encode())
    added = post(f"{ref}/versions/", {"file": file}, format="multipart")
    assert (added.status_code, added.json()["reading"]) == (201, "read")
    assert post(f"{ref}/versions/", {"text": " "}).json()["code"] == "no_text"
    check = client.get(f"/api/v1/publications/{ref}/check/")
    assert KEY not in check.content.decode()
    (hit,) = check.json()["hits"]
    assert (hit["kind"], hit["words"][:4]) == ("secret", "sk••")
    answer = {"answer": "wanted", "reason": "A canary."}
    done = post(f"{ref}/check/{hit['id']}/", answer).json()
    assert done["hits"][0]["reason"] == "A canary."
    start = text.index(scenario.PASSAGE)
    step: dict[str, Any] = {
        "start": start,
        "end": start + len(scenario.PASSAGE),
        "ground": "sensitive_security_detail",
        "summary": "One sentence.",
        "on": (now() + dt.timedelta(days=20)).isoformat(),
    }
    planned = post(f"{ref}/disclosure/", step)
    assert (planned.status_code, planned.json()["public"]) == (201, False)
    assert post(f"{ref}/disclosure/", {**step, "start": 0, "end": 10**6}).json()["code"]
    early = post(f"{ref}/disclosure/{planned.json()['id']}/release-early/", {"reason": "Fixed."})
    assert early.json()["public"] is True
    assert post(f"{ref}/sources/", {}).status_code == 200
    work = Publication.objects.get(ref=ref)
    other = as_(world.other_applicant)
    assert other.get(f"/api/v1/publications/{work.ref}/check/").status_code == 404
    assert other.get(f"/api/v1/publications/{work.ref}/versions/").status_code == 404
