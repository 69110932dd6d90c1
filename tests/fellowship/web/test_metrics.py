"""What Prometheus is told, and who may read it."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
import yaml
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client

from fellowship.clocks.models import Clock, TaskRun
from fellowship.history.seal import seal
from fellowship.kernel import gauges, health
from fellowship.kernel.time import frozen, now
from fellowship.notices import services as notices
from fellowship.notices.models import Delivery
from fellowship.notices.states import DeliveryState
from fellowship.programs.services import close_call
from fellowship.web import metrics
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
DEPLOY = django_settings.BASE_DIR / "deploy"
HOUR = dt.timedelta(hours=1)


def told(client: Client, **headers: str) -> str:
    answer = client.get("/metrics", headers=headers or {"Authorization": "Bearer m-token"})
    assert answer.status_code == 200
    return answer.content.decode()


def value(text: str, series: str) -> float:
    """The value of one series, named with its labels as it stands."""
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    assert found, series
    return float(found.group(1))


@pytest.fixture(autouse=True)
def _as_a_new_process_counts() -> None:
    """Without the thousands of series that other tests' requests left: each is written out."""
    for counted in (metrics.REQUESTS, metrics.SECONDS, metrics.QUERIES):
        counted.clear()


@pytest.fixture
def token(settings: Any) -> None:
    settings.METRICS_TOKEN = "m-token"


def test_it_is_there_for_the_token_or_the_network_alone(client: Client, settings: Any) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "m-token"
    for wrong in ("", "Bearer ", "Bearer m-toke", "m-tokenx"):
        assert client.get("/metrics", headers={"Authorization": wrong}).status_code == 404
    assert "fellowship_requests_total" in told(client)
    settings.METRICS_TOKEN, settings.METRICS_NETWORKS = "", ["127.0.0.0/8"]
    assert client.get("/metrics").status_code == 200
    proxied = client.get("/metrics", headers={"X-Forwarded-For": "198.51.100.7"})
    assert proxied.status_code == 404, "the address is the proxy's"
    assert client.get("/metrics", REMOTE_ADDR="198.51.100.7").status_code == 404


@pytest.mark.usefixtures("token")
def test_requests_by_route_with_their_queries(client: Client) -> None:
    series = 'fellowship_requests_total{method="GET",route="web:robots",status="200"}'
    client.get("/robots.txt")
    first = told(client)
    before = value(first, series)
    client.get("/robots.txt")
    text = told(client)
    assert value(text, series) == before + 1
    timed = 'fellowship_request_seconds_count{route="web:robots"}'
    assert value(text, timed) == value(first, timed) + 1
    asked = 'fellowship_request_queries_sum{route="web:robots"}'
    assert value(text, asked) == value(first, asked), "no query for who is not signed in"
    asking = "fellowship_requests_in_progress"
    assert value(text, asking) == value(first, asking) >= 1, "the one that asks, none left behind"
    client.get("/no/such/page/at-all/")
    assert 'route="none",status="404"' in told(client)


@pytest.mark.usefixtures("token")
def test_what_a_rule_refuses_by_verb_and_code(client: Client, world: World) -> None:
    series = 'fellowship_refusals_total{code="wrong_state",verb="programs.publish_call"}'
    manager = Client()
    manager.force_login(world.fresh("manager"))
    close_call(call=world.call, by=world.manager, reason="The track is withdrawn.")
    manager.post(f"/calls/{world.call.ref}/publish/")
    before = value(told(client), series)
    manager.post(f"/calls/{world.call.ref}/publish/")
    assert value(told(client), series) == before + 1


@pytest.mark.usefixtures("token")
def test_what_waits_and_what_is_late(client: Client, world: World) -> None:
    seal()
    text = told(client)
    assert value(text, "fellowship_ledger_unsealed_events") == 0
    assert value(text, "fellowship_ledger_size") > 0
    assert value(text, "fellowship_ledger_checkpoint_age_seconds") < 60
    waiting = value(text, 'fellowship_outbox_waiting{kind="notice"}')
    notices.notify(kind="test.told", to=[world.manager], title="One more")
    endpoint, _ = notices.add_endpoint(
        realm=world.program.realm,
        name="Elsewhere",
        url="https://elsewhere.example/hook",
        kinds=["governance.page"],
        by=world.steward,
    )
    for state in (DeliveryState.WAITING, DeliveryState.FAILED):
        Delivery.objects.create(
            endpoint=endpoint, kind="governance.page", body="{}", state=state, attempts=2
        )
    due = Clock.objects.running().filter(ended_at=None).order_by("due_at").last()
    with frozen(now() + 400 * 24 * HOUR):
        text = told(client)
    assert value(text, 'fellowship_outbox_waiting{kind="notice"}') == waiting + 1
    assert value(text, 'fellowship_outbox_waiting{kind="webhook"}') == 1
    assert value(text, 'fellowship_outbox_oldest_seconds{kind="webhook"}') > 399 * 24 * 3600
    assert value(text, "fellowship_webhooks_failed") == 1
    assert value(text, "fellowship_webhooks_retrying") == 1
    assert value(text, "fellowship_mails_failed") == 0
    assert value(text, "fellowship_ledger_unsealed_events") > 0
    assert value(text, "fellowship_ledger_oldest_unsealed_seconds") > 399 * 24 * 3600
    for name in ("clocks_due", "clocks_overdue"):
        assert (value(text, f"fellowship_{name}") > 0) == (due is not None)
    assert value(text, "fellowship_sweep_failures") == 0


@pytest.mark.usefixtures("token")
def test_tasks_by_how_they_end_and_the_sweeps_lag(client: Client) -> None:
    assert "fellowship_sweep_lag_seconds " not in told(client), "it never ran"
    at = dt.datetime.now(dt.UTC)
    TaskRun.objects.create(
        name="clocks.sweep", ended_at=at, succeeded_at=at - HOUR, seconds=2.5, succeeded=7, failed=1
    )
    text = told(client)
    assert value(text, "fellowship_sweep_lag_seconds") == pytest.approx(3600, abs=60)
    assert value(text, 'fellowship_tasks_total{result="succeeded",task="clocks.sweep"}') == 7
    assert value(text, 'fellowship_tasks_total{result="failed",task="clocks.sweep"}') == 1
    assert value(text, 'fellowship_task_seconds{task="clocks.sweep"}') == 2.5
    assert value(text, 'fellowship_task_age_seconds{task="clocks.sweep"}') > 3500
    assert health.state()["timers"] is False
    TaskRun.objects.update(succeeded_at=at)
    assert health.state()["timers"] is True
    if connection.vendor == "postgresql":
        assert value(text, 'fellowship_database_connections{state="active"}') >= 1
        assert value(text, "fellowship_database_connections_limit") > 1


@pytest.mark.usefixtures("token")
def test_a_figure_that_cannot_be_read_takes_no_other_with_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> float:
        raise ValueError

    monkeypatch.setitem(
        gauges._known, "outbox_waiting", gauges.Gauge("fellowship_x", "", (), False, broken)
    )
    text = told(client)
    assert "fellowship_x" not in text
    assert "fellowship_webhooks_failed" in text


def test_rules_and_dashboard_ask_for_figures_there_are() -> None:
    counted = {"requests_total", "request_seconds_bucket", "request_queries_bucket"}
    counted |= {"requests_in_progress", "request_seconds_count", "request_queries_sum"}
    known = {f"fellowship_{name}" for name in counted} | {g.name for g in gauges.every()}
    rules = yaml.safe_load((DEPLOY / "prometheus-rules.yml").read_text())
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    board = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
    asked += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    for expression in asked:
        names = set(re.findall(r"fellowship_\w+", expression))
        assert names, expression
        assert names <= known, names - known
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        assert {"summary", "do"} <= set(rule["annotations"])
