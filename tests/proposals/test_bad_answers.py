"""Answers of every shape: kept word for word or refused at their field, and never a fault."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from fellowship.accounts.models import User
from proposals import answers, sections, services
from proposals.models import Draft, Proposal
from tests.scenarios.proposals import drafted_proposal
from tests.scenarios.world import World

ODD = st.sampled_from(
    [
        "\x00",
        "a\x1bb",
        "\ud800",
        "\u202etxt.exe",
        "\u200fعنوان",
        "e\u0301",
        "\u2028",
        "\ufffe",
        "=HYPERLINK(1)",
        "{{ title }}",
        "<script>",
        "x" * 301,
        "long " * 40_001,
    ]
)
TEXT = st.one_of(st.text(max_size=30), ODD)
SCALAR = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXT)
COLUMN = st.sampled_from(["name", "affiliation", "orcid", "dataset", "why", "\ud800"])
ANY = st.one_of(
    SCALAR,
    st.lists(st.one_of(SCALAR, st.dictionaries(COLUMN, SCALAR, max_size=3)), max_size=3),
    st.dictionaries(COLUMN, SCALAR, max_size=2),
)
KEY = st.one_of(st.sampled_from(sorted(sections.FIELDS)), TEXT.map(lambda text: text[:20]))
RAW = st.dictionaries(KEY, ANY, max_size=4)
FEW = settings(max_examples=20, suppress_health_check=list(HealthCheck))


@settings(max_examples=100)
@given(RAW)
def test_what_is_kept_is_what_was_typed(raw: dict[str, Any]) -> None:
    """Nothing but white space around it, line ends and the form of its letters may differ."""
    for section in sections.SECTIONS:
        try:
            kept = answers.keep(section, raw)
        except ValidationError:
            continue
        for key, value in kept.items():
            typed = raw[key]
            if isinstance(typed, str):
                lines = typed.replace("\r\n", "\n").replace("\r", "\n")
                assert value == unicodedata.normalize("NFC", lines).strip()


@pytest.fixture
def draft(world: World) -> Proposal:
    return drafted_proposal(world)


def stored(draft: Proposal) -> dict[str, Any]:
    return services.draft_answers(draft)


def test_a_body_nested_without_end_is_bad_input(draft: Proposal) -> None:
    client = APIClient(headers={"If-Match": "*"})
    client.force_authenticate(draft.applicant)
    body = '{"answers":' + "[" * 100_000 + "]" * 100_000 + "}"
    url = f"/api/v1/proposals/{draft.ref}/answers/"
    assert client.post(url, body, content_type="application/json").status_code == 400


def test_by_the_api_all_is_saved_or_each_error_is_named(draft: Proposal) -> None:
    client = APIClient(raise_request_exception=False, headers={"If-Match": "*"})
    client.force_authenticate(draft.applicant)
    url = f"/api/v1/proposals/{draft.ref}/answers/"

    @FEW
    @given(RAW)
    def send(raw: dict[str, Any]) -> None:
        with transaction.atomic():
            before = stored(draft)
            body = json.dumps({"answers": raw})
            response = client.post(url, body, content_type="application/json")
            assert response.status_code in (200, 400)
            if response.status_code == 400:
                assert stored(draft) == before
                said = response.json()
                assert said.get("errors") or said["detail"]
            transaction.set_rollback(True)

    send()


def test_by_the_form_what_can_be_kept_is_kept(draft: Proposal) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(pk=draft.applicant_id))

    @FEW
    @given(st.sampled_from(sections.SECTIONS), TEXT, TEXT)
    def autosave(section: sections.Section, one: str, two: str) -> None:
        with transaction.atomic():
            version = Draft.objects.get(proposal=draft, section=section.key).version
            names = [f.key for f in section.fields if f.kind != "rows"][:2]
            typed = {
                name: text.encode("utf-8", "replace").decode()
                for name, text in zip(names, (one, two), strict=False)
            }
            url = f"/proposals/{draft.ref}/edit/{section.key}/"
            assert client.post(f"{url}save/", {**typed, "version": version}).status_code in (
                200,
                422,
            )
            response = client.post(url, {**typed, "version": version + 1})
            assert response.status_code in (200, 302, 409, 422)
            transaction.set_rollback(True)

    autosave()
