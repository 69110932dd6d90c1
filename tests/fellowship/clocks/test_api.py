"""Clocks by API: those one holds or oversees, in the order they are due."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from fellowship.accounts.models import Realm, User
from fellowship.accounts.services import grant_role
from fellowship.clocks import services
from fellowship.kernel.time import frozen
from fellowship.kernel.worktime import Window
from tests.fellowship.clocks.conftest import MONDAY, SETUP, make_realm, start

pytestmark = pytest.mark.django_db
URL = "/api/v1/clocks/"
DAY = dt.timedelta(days=1)


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.get(pk=user.pk))
    return client


def test_one_sees_what_one_holds_or_oversees(
    monday: dt.datetime, realm: Realm, fellow: User, manager: User
) -> None:
    grant_role(user=manager, realm=realm, role="manager", by=SETUP)
    mine = start(realm, holder_user=fellow, silence="The paper is released.")
    sooner = start(realm, kind="tests.sooner", window=Window(1, "calendar_days"), holder="us")
    other = start(make_realm("beta"))
    ended = start(realm, kind="tests.ended")
    services.stop(clock=ended, by=SETUP)
    rows = api(manager).get(URL).json()["results"]
    assert [row["id"] for row in rows] == [sooner.pk, mine.pk]
    (row,) = api(fellow).get(URL).json()["results"]
    assert row == {
        "id": mine.pk,
        "kind": "tests.review",
        "name": "Review",
        "realm": realm.pk,
        "subject_type": "accounts.realm",
        "subject_id": realm.pk,
        "holder": "you",
        "holder_user": fellow.pk,
        "starts_at": "2026-11-02T09:00:00Z",
        "due_at": "2026-11-12T09:00:00Z",
        "window": "10 calendar days",
        "silence": "The paper is released.",
        "rule": "",
        "state": "running",
        "breached": False,
        "paused_at": None,
    }
    assert api(fellow).get(f"{URL}{other.pk}/").status_code == 404
    assert api(fellow).post(URL, {}).status_code == 405
    assert APIClient().get(URL).status_code in (401, 403)


def test_filters_name_what_is_over_before_any_sweep(
    monday: dt.datetime, realm: Realm, fellow: User
) -> None:
    short = start(realm, kind="tests.short", window=Window(1, "hours"), holder_user=fellow)
    long = start(realm, holder="us", holder_user=fellow)

    def ids(**query: str) -> list[int]:
        return [row["id"] for row in api(fellow).get(URL, query).json()["results"]]

    with frozen(MONDAY + DAY):
        assert ids(breached="true") == [short.pk]
        assert ids(breached="false") == [long.pk]
        assert api(fellow).get(f"{URL}{short.pk}/").json()["breached"] is True
    assert ids(holder="us") == [long.pk]
    assert ids(due_before="2026-11-03T00:00:00Z") == [short.pk]
    assert ids(kind="tests.review", subject_id=str(realm.pk)) == [long.pk]
    assert api(fellow).get(URL, {"holder": "board"}).status_code == 400
    assert api(fellow).get(URL, {"due_before": "soon"}).status_code == 400


def test_the_list_takes_the_same_queries_at_any_length(realm: Realm, manager: User) -> None:
    grant_role(user=manager, realm=realm, role="manager", by=SETUP)
    taken = {}
    for many in (1, 3, 60):
        for i in range(many):
            start(realm, kind=f"tests.k{i}")
        client = api(manager)
        with CaptureQueriesContext(connection) as captured:
            rows = client.get(URL).json()["results"]
        assert len(rows) == min(many, 50)
        taken[many] = len(captured)
    assert taken[1] == taken[3] == taken[60] == 2
