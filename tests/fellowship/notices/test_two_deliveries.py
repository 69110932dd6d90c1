"""Two workers delivering at once send each mail once."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from django.core import mail as outgoing
from django.db import connections

from fellowship.notices import services
from fellowship.notices.models import Mail, Notice
from tests.fellowship.notices.conftest import MONDAY, make_person
from tests.support.workers import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_deliveries_at_once_send_each_mail_once() -> None:
    people = [make_person(f"p{i}") for i in range(40)]
    for number in range(3):
        services.notify(kind="tests.told", to=people, title=f"News {number}")
    services.notify(kind="tests.told", to=people, title="Urgent", urgent=True)
    Notice.objects.update(created_at=MONDAY)
    barrier, errors = threading.Barrier(3), []

    def run() -> None:
        try:
            barrier.wait(PATIENCE)
            for _ in range(3):
                services.deliver()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert errors == []
    counted = Counter((m.to[0], m.subject) for m in outgoing.outbox)
    expected = {(p.email, s): 1 for p in people for s in ("Urgent", "News 0, and 2 more")}
    assert dict(counted) == expected
    assert Mail.objects.filter(state="sent").count() == 80
    assert not Notice.objects.filter(mail=None).exists()
