"""What may go wrong around the site, as processes on PostgreSQL and Redis.

Clocks jump, workers are dead for a month, are killed at work and run side by side, the mail server
is down for a day, another system fails for a week: nothing is lost, nothing doubled, told once.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from access.models import Assignment
from fellowship.history.models import Event
from fellowship.kernel.time import frozen, now
from fellowship.notices.delivery import deliver
from fellowship.notices.models import Delivery, Mail, Notice
from fellowship.notices.services import add_endpoint
from governance.models import Escalation, ExceptionRecord, ExceptionReminder
from governance.services import paging
from tests.governance.test_exception_sweep import many
from tests.scenarios import access, targets
from tests.scenarios.governance import granted_exception, raised_escalation
from tests.scenarios.oncall import first_line, second_line
from tests.scenarios.world import World, make_world
from tests.support.mailserver import MailServer, serving
from tests.support.receiver import Receiver, receiving
from tests.support.workers import at_once, celery_worker, finish, held, kill, queue, timers, until

pytestmark = [pytest.mark.postgresql, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
HALFWAY = "governance_historicalexceptionreminder"
"""Written after the first rows of a sweep, before anybody is told: who waits here is halfway."""


@dataclass
class Site:
    """A programme with much that ends, and what its mails and messages reach."""

    world: World
    at: dt.datetime
    exceptions: list[ExceptionRecord]
    alarm: Escalation
    mail: MailServer
    pager: Receiver
    warehouse: Receiver


@pytest.fixture
def site(request: pytest.FixtureRequest, settings: Any) -> Iterator[Site]:
    """Forty-one exceptions and a grant that end within weeks, and an alarm that pages."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    at = (now() - 75 * DAY).replace(hour=3, minute=0, second=0, microsecond=0)
    with serving() as mail, receiving() as pager, receiving() as warehouse:
        with frozen(at - HOUR):
            world = make_world()
            first_line(world)
            second_line(world)
            grant = access.granted(world, ends_on=(at + 20 * DAY).date())
            targets.sent_to(world, grant, warehouse.url)
            model = granted_exception(world, expires_at=at + 14 * DAY)
            add_endpoint(
                realm=world.program.realm,
                name="Pager",
                url=pager.url,
                kinds=[paging.MESSAGE],
                by=world.steward,
            )
        with frozen(at):
            alarm = raised_escalation(world)
            exceptions = [model, *many(world, 40, model)]
        connections.close_all()
        yield Site(world, at, exceptions, alarm, mail, pager, warehouse)


def check_all_ended_once(site: Site) -> None:
    """Each exception and the grant ended once, and whoever had to know was told once of each."""
    ends = Counter(ExceptionReminder.objects.filter(days=0).values_list("exception", flat=True))
    assert ends == Counter(exception.pk for exception in site.exceptions)
    assert happened("governance.exception_expired") == len(site.exceptions)
    digests = Notice.objects.filter(kind="governance.exception_ends", title__contains="ended")
    each_once(digests.values_list("recipient", flat=True))
    told = set(digests.values_list("recipient", flat=True))
    assert told >= {exception.owner_id for exception in site.exceptions} | {site.world.chair.pk}
    assert Assignment.objects.get().desired == []
    assert happened("access.sync_target") == 2, "that it began, and that it ended"


def check_paged_in_order(site: Site) -> None:
    """One page of the alarm a person and round, each by one notice and one message."""
    pages = list(site.alarm.pages.order_by("number"))
    assert [page.user for page in pages[:2]] == [site.world.oncall, site.world.chair]
    each_once((page.round, page.user_id) for page in pages)
    told = Notice.objects.about(site.alarm).filter(kind="governance.page").order_by("pk")
    assert [notice.recipient_id for notice in told] == [page.user_id for page in pages]
    sent = Delivery.objects.about(site.alarm).filter(kind=paging.MESSAGE)
    assert sent.count() == len(pages)


def check_mailed_once(site: Site) -> None:
    """Every notice left in one mail, and the server took every mail once."""
    assert not Notice.objects.filter(mail=None).exists()
    assert set(Mail.objects.values_list("state", flat=True)) == {"sent"}
    taken = Counter(mail["Message-ID"] for mail in site.mail.taken)
    assert taken == Counter(Mail.objects.values_list("message_id", flat=True))


def happened(verb: str) -> int:
    """How many events of the verb there are."""
    return Event.objects.filter(verb=verb).count()


def each_once(values: Any) -> None:
    """There are some, and none twice."""
    counted = Counter(values)
    assert set(counted.values()) == {1}, counted


def test_workers_dead_for_months_then_killed_halfway_then_side_by_side(
    site: Site, settings: Any
) -> None:
    with queue() as put, ExitStack() as running:
        with held(HALFWAY) as waits:
            worker = running.enter_context(celery_worker(EMAIL_URL=site.mail.url))
            put("clocks.sweep")
            until(waits, worker)
            kill(worker)
        assert not ExceptionReminder.objects.exists(), "what it had begun is gone with it"
        assert not Notice.objects.filter(kind="governance.exception_ends").exists()
        connections.close_all()
        with held(HALFWAY) as waits:
            pair = [running.enter_context(celery_worker(EMAIL_URL=site.mail.url)) for _ in range(2)]
            for task in ("clocks.sweep", "clocks.sweep", "notices.deliver", "notices.send"):
                put(task)
            until(waits, *pair)
        until(lambda: happened("governance.exception_expired") > 0, *pair)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = site.mail.address
        call_command("run_timers", at=now().isoformat(), stdout=StringIO())
        finish(*pair)  # a clock beyond the lease of the mails in their hands would send those too
    deliver(now() + 2 * HOUR)  # what a worker told last, and digests of what was told just now
    check_all_ended_once(site)
    check_paged_in_order(site)
    check_mailed_once(site)
    each_once(headers["webhook-id"] for headers, _ in site.pager.seen)


def test_mail_down_for_a_day_and_other_systems_failing_for_a_week(site: Site) -> None:
    site.mail.down, site.pager.status, site.warehouse.status = True, 500, 500
    with timers(EMAIL_URL=site.mail.url) as (first,):
        first.run(*(site.at + n * HOUR for n in (0, 1, 2, 3, 6, 9, 12, 18, 24)))
        assert site.mail.refused > Mail.objects.count() > 0
        assert set(Mail.objects.values_list("state", flat=True)) == {"waiting"}
        site.mail.down, site.mail.stalls = False, True
        first.begin(site.at + 31 * HOUR)
        until(site.mail.stalled.is_set, first.process)
        kill(first.process)
    site.mail.stalls = False
    assert not site.mail.taken
    last = site.at + 7 * DAY + HOUR
    with timers(2, EMAIL_URL=site.mail.url) as both:
        at_once(both, site.at + 38 * HOUR, *(site.at + n * DAY for n in range(2, 8)), last)
        check_mailed_once(site)
        check_paged_in_order(site)
        assert set(Delivery.objects.values_list("state", flat=True)) == {"waiting"}
        refused = len(site.pager.seen), len(site.warehouse.seen)
        site.pager.status = site.warehouse.status = 200
        at_once(both, last + DAY, last + DAY + HOUR)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    for system, before in zip((site.pager, site.warehouse), refused, strict=True):
        each_once(headers["webhook-id"] for headers, _ in system.seen[before:])
    check_mailed_once(site)


def test_a_clock_that_jumps_a_month_ahead_and_back(site: Site) -> None:
    ahead = site.at + 40 * DAY
    with timers(EMAIL_URL=site.mail.url) as (worker,):
        worker.run(site.at + HOUR, ahead, ahead + HOUR)
        check_all_ended_once(site)
        first = everything()
        worker.run(site.at + 2 * HOUR, site.at + DAY, ahead, ahead + HOUR)
    second = everything()
    assert (second["notices"], second["mails"]) == (first["notices"], first["mails"])
    assert first["messages"] <= second["messages"]
    follows = {"access.sync_target": 2, "access.acknowledge_target": 2}
    assert Counter(v for v, *_ in (second["events"] - first["events"]).elements()) == follows, (
        "the warehouse opened while the clock said so, and closed again"
    )
    assert not first["events"] - second["events"]
    check_paged_in_order(site)
    check_mailed_once(site)
    call_command("verify_ledger", verbosity=0)


def everything() -> dict[str, Counter[Any]]:
    """What was recorded, told and sent, counted."""
    return {
        "events": Counter(Event.objects.values_list("verb", "subject_type", "subject_id")),
        "notices": Counter(Notice.objects.values_list("kind", "recipient", "title")),
        "mails": Counter(Mail.objects.values_list("message_id", "state")),
        "messages": Counter(Delivery.objects.values_list("key", "state")),
    }
