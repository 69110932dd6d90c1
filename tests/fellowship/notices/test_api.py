"""Notices by API: the same notices, the same limits."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from fellowship.accounts.models import User
from fellowship.notices import services
from fellowship.notices.models import Notice

pytestmark = pytest.mark.django_db
URL = "/api/v1/notices/"


@pytest.fixture
def api(ada: User) -> APIClient:
    """Ada's API client."""
    client = APIClient()
    client.force_authenticate(ada)
    return client


@pytest.mark.parametrize("many", [1, 3, 60])
def test_the_list_has_ones_own_in_one_query(
    api: APIClient, ada: User, ben: User, many: int
) -> None:
    for i in range(many):
        services.notify(kind="tests.told", to=[ada, ben], title=f"Notice {i}", url="/inbox/")
    with CaptureQueriesContext(connection) as captured:
        answer = api.get(URL)
    assert len(captured) == 1
    rows = answer.json()["results"]
    assert len(rows) == min(many, 50)
    assert rows[0]["title"] == f"Notice {many - 1}"
    assert set(rows[0]) == {
        "id", "kind", "title", "body", "url", "urgent", "realm", "subject_type", "subject_id",
        "created_at", "read_at",
    }  # fmt: skip


def test_reading_one_and_all(api: APIClient, ada: User) -> None:
    for title in ("one", "two", "three"):
        services.notify(kind="tests.told", to=[ada], title=title)
    one = Notice.objects.get(title="one")
    assert api.post(f"{URL}{one.pk}/read/").json()["read_at"] is not None
    titles = [row["title"] for row in api.get(URL, {"unread": "true"}).json()["results"]]
    assert titles == ["three", "two"]
    assert api.post(f"{URL}read/").json() == {"read": 2}
    assert api.post(f"{URL}read/", {"nonsense": 1}).status_code == 400
    assert api.get(URL, {"unread": "true"}).json()["results"] == []


def test_anothers_notice_is_404_and_nobody_writes_one(api: APIClient, ben: User) -> None:
    services.notify(kind="tests.told", to=[ben], title="Ben's")
    notice = Notice.objects.get()
    assert api.get(f"{URL}{notice.pk}/").status_code == 404
    assert api.post(f"{URL}{notice.pk}/read/").status_code == 404
    assert api.get(f"{URL}x/").status_code == 404
    assert api.post(URL, {"title": "forged"}).status_code == 405
    assert APIClient().get(URL).status_code in (401, 403)
