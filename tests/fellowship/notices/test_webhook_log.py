"""The log of what other systems were sent: every attempt, replays, and an address that is gone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from standardwebhooks import Webhook

from fellowship.accounts.models import Realm, User
from fellowship.accounts.services import create_token
from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices import services
from fellowship.notices.models import Attempt, Delivery, Endpoint, Notice
from fellowship.notices.services.failing import ATTEMPTS_KEPT, FAILING_FOR
from fellowship.notices.webhooks import kinds
from fellowship.notices.webhooks.sending import send_waiting
from fellowship.web.tasks import forget_attempts
from tests.fellowship.notices.conftest import make_person
from tests.fellowship.notices.test_webhooks import (  # noqa: F401
    client_of,
    endpoint_at,
    inside,
    keeper,
    queued,
    receiver,
)
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db
JSON = "application/json"
HOUR = dt.timedelta(hours=1)


def api(user: User) -> Client:
    _, secret = create_token(user=user, scopes=["write"], by=user)
    return Client(headers={"authorization": f"Bearer {secret}", "if-match": "*"})


def post(client: Client, path: str, code: int = 200, **body: Any) -> Any:
    answer = client.post(f"/api/v1/webhook-{path}", body, content_type=JSON)
    assert answer.status_code == code, answer.content
    return answer.json() if answer.content else None


@pytest.fixture
def endpoint(realm: Realm, keeper: User, receiver: Receiver) -> Endpoint:  # noqa: F811
    return endpoint_at(realm, receiver.url, keeper)[0]


def test_every_attempt_is_in_the_log(
    keeper: User,  # noqa: F811
    receiver: Receiver,  # noqa: F811
    endpoint: Endpoint,
) -> None:
    receiver.status, receiver.text = 500, b"busy"
    delivery = queued(endpoint)
    send_waiting()
    receiver.status, receiver.text = 200, b""
    send_waiting(now() + HOUR)
    tries = list(delivery.tries.values_list("taken", "status", "answer", "url"))
    assert tries == [(True, 200, "", receiver.url), (False, 500, "busy", receiver.url)]
    page = client_of(keeper).get(f"/webhooks/deliveries/{delivery.pk}/").content.decode()
    assert "500 busy" in page
    assert "webhook-signature" in page
    log = client_of(keeper).get(endpoint.get_absolute_url(), {"kind": kinds.TEST})
    assert "Nothing was sent yet." in log.content.decode()
    assert forget_attempts(now() + ATTEMPTS_KEPT) == 1, "the later one is kept an hour more"


@pytest.mark.parametrize("persistent", [False, True])
def test_an_address_that_takes_nothing_for_days_is_told_of_once_and_switched_off(
    keeper: User,  # noqa: F811
    receiver: Receiver,  # noqa: F811
    endpoint: Endpoint,
    persistent: bool,
) -> None:
    receiver.status = 500
    queued(endpoint, persistent=persistent)
    begin = now()
    send_waiting(begin)
    send_waiting(begin + FAILING_FOR - HOUR)
    assert Endpoint.objects.get().enabled
    for _ in range(2):
        send_waiting(begin + FAILING_FOR + HOUR)
        queued(endpoint, persistent=persistent)
    assert Endpoint.objects.get().enabled == persistent, "what carries access goes on"
    told = Notice.objects.get(kind="notices.failing")
    assert (told.recipient, told.urgent) == (keeper, persistent)
    assert "has taken no message for 5 days" in told.title
    assert Event.objects.filter(verb="notices.note_failing").count() == 1
    if persistent:
        return
    later = begin + FAILING_FOR + 2 * HOUR
    with frozen(later):
        services.switch_endpoint(endpoint=endpoint, enabled=True, by=keeper)
    send_waiting(later + HOUR)
    assert Endpoint.objects.get().enabled, "the days count from when it was switched on"
    receiver.status = 200
    send_waiting(later + 3 * HOUR)
    assert services.failing_since(Endpoint.objects.get()) is None


def test_a_period_is_sent_again_under_the_same_ids(
    keeper: User,  # noqa: F811
    receiver: Receiver,  # noqa: F811
    endpoint: Endpoint,
) -> None:
    begin = now()
    sent = queued(endpoint)
    send_waiting()
    failed = queued(endpoint)
    Delivery.objects.filter(pk=failed.pk).update(state="failed")
    period = {"since": begin - HOUR, "until": begin + HOUR}
    asked: dict[str, Any] = {"endpoint": endpoint, "by": keeper, **period}
    assert services.replay(**asked, failed_only=True) == 1
    send_waiting()
    assert services.replay(**{**asked, "since": begin + HOUR, "until": begin + 2 * HOUR}) == 0
    assert services.replay(**asked) == 2
    assert services.replay(**asked) == 0, "they wait already"
    send_waiting()
    ids = [headers["webhook-id"] for headers, _ in receiver.seen]
    assert sorted(ids) == sorted([sent.message_id, failed.message_id] * 2)
    assert Event.objects.filter(verb="notices.replay").count() == 2
    with pytest.raises(Refused, match="ends before it begins"):
        services.replay(**{**asked, "until": begin - 2 * HOUR})
    client, page = client_of(keeper), f"{endpoint.get_absolute_url()}replay/"
    form = {"since": "2026-01-01T00:00", "until": "2099-12-31T00:00"}
    assert client.post(page, form).status_code == 302
    assert Delivery.objects.waiting().count() == 2


def test_the_api_does_all_of_it(
    realm: Realm,
    keeper: User,  # noqa: F811
    receiver: Receiver,  # noqa: F811
) -> None:
    client = api(keeper)
    asked = {"realm": realm.slug, "name": "Lake", "url": receiver.url, "kinds": []}
    made = post(client, "endpoints/", 201, **asked)
    secret, ref = made.pop("secret"), made["ref"]
    assert secret.startswith("whsec_")
    assert client.get(f"/api/v1/webhook-endpoints/{ref}/").json() == made
    assert post(client, "endpoints/", 400, **{**asked, "realm": "other"})
    assert post(client, "endpoints/", 409, **asked)["code"] == "name_taken"
    tested = post(client, f"endpoints/{ref}/test/")
    assert tested == made
    [queued_test] = client.get("/api/v1/webhook-deliveries/").json()["results"]
    send_waiting()
    headers, body = receiver.seen[0]
    assert Webhook(secret).verify(body, headers)
    log = f"/api/v1/webhook-deliveries/{queued_test['id']}/"
    shown = client.get(log).json()
    assert (shown["state"], shown["tries"][0]["status"]) == ("delivered", 200)
    assert shown["body"]["type"] == "webhooks.test"
    assert post(client, f"deliveries/{queued_test['id']}/again/")["state"] == "waiting"
    found = client.get("/api/v1/webhook-deliveries/", {"state": "waiting", "endpoint": ref}).json()
    assert [row["id"] for row in found["results"]] == [queued_test["id"]]
    assert post(client, f"endpoints/{ref}/rotate/")["secret"] != secret
    changed = {"name": "Lake two", "url": receiver.url, "kinds": []}
    assert post(client, f"endpoints/{ref}/change/", **changed)["name"] == "Lake two"
    assert post(client, f"endpoints/{ref}/switch/", enabled=False)["enabled"] is False
    period = {"since": "2026-01-01T00:00:00Z", "until": "2099-12-31T00:00:00Z"}
    assert post(client, f"endpoints/{ref}/replay/", 409, **period)["code"] == "disabled"
    assert "webhooks.test" in {
        k["kind"] for k in client.get("/api/v1/webhook-endpoints/kinds/").json()
    }


def test_others_see_nothing_of_it_by_api(realm: Realm, endpoint: Endpoint) -> None:
    stranger = api(make_person("stranger"))
    sent = queued(endpoint)
    for path in (f"endpoints/{endpoint.ref}/", f"deliveries/{sent.pk}/"):
        assert stranger.get(f"/api/v1/webhook-{path}").status_code == 404
    assert post(stranger, f"endpoints/{endpoint.ref}/test/", 404)
    asked = {"realm": realm.slug, "name": "x", "url": "https://x.example/", "kinds": []}
    assert post(stranger, "endpoints/", 400, **asked)["errors"][0]["pointer"] == "/realm"


@pytest.mark.parametrize("count", [1, 3, 12])
def test_queries_of_the_lists_do_not_grow(
    realm: Realm,
    keeper: User,  # noqa: F811
    receiver: Receiver,  # noqa: F811
    count: int,
) -> None:
    for number in range(count):
        queued(endpoint_at(realm, f"{receiver.url}/{number}", keeper)[0])
    client = api(keeper)
    for name, queries in (("endpoints", 3), ("deliveries", 3)):
        path = f"/api/v1/webhook-{name}/"
        client.get(path)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200
        assert len(asked) == queries, [q["sql"][:120] for q in asked]


def test_attempts_say_what_they_are() -> None:
    assert (
        str(Attempt(status=None, at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC)))
        == "no answer 2026-01-02 00:00:00"
    )
