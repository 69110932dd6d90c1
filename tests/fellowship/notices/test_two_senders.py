"""Two workers sending at once send each message once."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from typing import Any

import pytest
from django.db import connections

from fellowship.accounts import roles
from fellowship.accounts.models import Realm, User
from fellowship.accounts.services import grant_role
from fellowship.kernel import journal
from fellowship.kernel.time import frozen, now
from fellowship.notices import services
from fellowship.notices.models import Delivery
from fellowship.notices.webhooks.sending import send_waiting
from tests.fellowship.notices.conftest import SETUP, make_person
from tests.support.receiver import receiving
from tests.support.workers import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_senders_at_once_send_each_message_once(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with journal.acting("tests.found", by=SETUP):
        realm = Realm.objects.create(slug="alpha", name="Alpha")
        journal.record(subject=realm)
    person = make_person("keeper")
    grant_role(user=person, realm=realm, role=roles.STEWARD, by=SETUP)
    keeper = User.objects.get(pk=person.pk)
    barrier, errors = threading.Barrier(2), []

    def run() -> None:
        try:
            barrier.wait(PATIENCE)
            for _ in range(3):
                send_waiting()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    with receiving() as told:
        endpoint, _ = services.add_endpoint(
            realm=realm, name="Lake", url=told.url, kinds=[], by=keeper
        )
        made = [
            services.queue(endpoint=endpoint, kind="tests.told", data={"n": n}) for n in range(60)
        ]
        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        with frozen(now() + dt.timedelta(hours=2)):  # whoever lost its turn, or its connection
            send_waiting()
    assert errors == []
    sent = Counter(headers["webhook-id"] for headers, _ in told.seen)
    assert sent == Counter({delivery.message_id: 1 for delivery in made})
    assert Delivery.objects.filter(state="delivered").count() == 60
