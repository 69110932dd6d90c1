"""A period of messages replayed by several at once, and with a ledger that fails."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from fellowship.accounts import roles
from fellowship.accounts.models import Realm, User
from fellowship.accounts.services import grant_role
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.time import frozen, now
from fellowship.notices import services
from fellowship.notices.models import Attempt, Delivery, Endpoint
from fellowship.notices.webhooks.sending import send_waiting
from tests.fellowship.notices.conftest import SETUP, make_person
from tests.governance.test_board_race import at_once
from tests.support.receiver import Receiver, receiving

HOUR = dt.timedelta(hours=1)
MESSAGES = 12


def delivered(told: Receiver) -> tuple[Endpoint, User]:
    """An endpoint that has its messages."""
    with journal.acting("tests.found", by=SETUP):
        realm = Realm.objects.create(slug="alpha", name="Alpha")
        journal.record(subject=realm)
    grant_role(user=make_person("keeper"), realm=realm, role=roles.STEWARD, by=SETUP)
    keeper = User.objects.get(username="keeper")
    endpoint, _ = services.add_endpoint(realm=realm, name="L", url=told.url, kinds=[], by=keeper)
    for number in range(MESSAGES):
        services.queue(endpoint=endpoint, kind="tests.told", data={"n": number})
    send_waiting()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    return endpoint, keeper


def replaying(endpoint: Endpoint, by: User) -> Callable[[], Any]:
    since, until = now() - HOUR, now() + HOUR
    return lambda: services.replay(endpoint=endpoint, since=since, until=until, by=by)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_replays_at_once_queue_each_message_once(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with receiving() as told:
        endpoint, keeper = delivered(told)
        counts = at_once(*[replaying(endpoint, keeper)] * 3)
        assert sorted(counts) == [0, 0, MESSAGES]
        assert Event.objects.filter(verb="notices.replay").count() == 1
        send_waiting()
        again = at_once(replaying(endpoint, keeper), send_waiting)
        assert again[0] == MESSAGES
        with frozen(now() + 2 * HOUR):  # whoever lost its turn
            send_waiting()
        assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
        seen = Counter(headers["webhook-id"] for headers, _ in told.seen)
        assert set(seen.values()) == {3}, "sent, and replayed twice, never more"


@pytest.mark.django_db
def test_where_the_ledger_fails_nothing_is_sent_again(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("full")

    def rows() -> list[Any]:
        return [list(model.objects.values_list()) for model in (Delivery, Attempt, Event)]

    with receiving() as told:
        endpoint, keeper = delivered(told)
        before = rows()
        monkeypatch.setattr(journal, "_recorder", [fail])
        with pytest.raises(RuntimeError, match="full"):
            replaying(endpoint, keeper)()
        assert rows() == before
        send_waiting()
        assert len(told.seen) == MESSAGES
