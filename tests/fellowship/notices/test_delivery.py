"""From outbox to mail: urgent at once, digests by period, retried, never doubled, never lost."""

from __future__ import annotations

import datetime as dt
from email.header import decode_header, make_header
from typing import Any

import pytest
from django.core import mail as outgoing
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.models import User
from fellowship.notices import delivery, figures, services
from fellowship.notices.delivery import ATTEMPTS, LEASE
from fellowship.notices.models import Mail, Notice
from fellowship.notices.tasks import deliver as task
from tests.fellowship.notices.conftest import MONDAY, deactivate, make_person

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
PERIOD = 15 * MINUTE


class Unwilling(EmailBackend):
    """A server that takes nothing for those named in `refused`."""

    refused: set[str] = set()

    def send_messages(self, messages: Any) -> int:
        """Take the messages, or fail as SMTP does."""
        if self.refused & set(messages[0].to):
            raise OSError("connection refused")
        return super().send_messages(messages)


@pytest.fixture
def unwilling(settings: Any) -> set[str]:
    """The addresses the server refuses."""
    settings.EMAIL_BACKEND = f"{__name__}.Unwilling"
    Unwilling.refused = set()
    return Unwilling.refused


def tell(*people: User, title: str = "A decision is recorded", **values: Any) -> None:
    services.notify(kind="tests.told", to=people, title=title, **values)


def test_an_urgent_notice_is_mailed_at_once_by_itself(
    monday: dt.datetime, ada: User, settings: Any
) -> None:
    settings.BASE_URL = "https://fellowship.example"
    tell(ada, title="Access suspended", body="By the on-call.", url="/access/1/", urgent=True)
    tell(ada, title="Escalation raised", urgent=True)
    tell(ada, title="Something else")
    report = services.deliver()
    assert (report.composed, report.sent, str(report)) == (2, 2, "2 composed, 2 sent")
    first, second = outgoing.outbox
    assert (first.subject, second.subject) == ("Access suspended", "Escalation raised")
    assert (first.to, first.cc, first.bcc) == (["ada@example.org"], [], [])
    assert first.body == (
        "Access suspended\nBy the on-call.\nhttps://fellowship.example/access/1/\n\n"
        "-- \nYou get this mail because you take part in a fellowship programme."
        " Your inbox: https://fellowship.example/inbox/\n"
    )
    assert first.message().get_content_type() == "text/plain"
    assert first.message()["Auto-Submitted"] == "auto-generated"
    assert first.message()["Date"] == "Mon, 02 Nov 2026 09:00:00 +0000"
    assert services.deliver().sent == 0


def test_the_rest_comes_as_one_digest_per_person_and_period(
    monday: dt.datetime, ada: User, ben: User
) -> None:
    tell(ada, ben, title="First")
    assert services.deliver(at=MONDAY + PERIOD - MINUTE).composed == 0
    tell(ada, title="Second")
    services.deliver(at=MONDAY + PERIOD)
    assert sorted((m.to[0], m.subject) for m in outgoing.outbox) == [
        ("ada@example.org", "First, and 1 more"),
        ("ben@example.org", "First"),
    ]
    body = next(m.body for m in outgoing.outbox if m.to == ["ada@example.org"])
    assert body.startswith("First\n\nSecond\n\n-- \n")
    assert services.deliver(at=MONDAY + 10 * PERIOD).composed == 0
    assert Notice.objects.filter(mail=None).count() == 0


def test_the_period_is_a_setting(monday: dt.datetime, ada: User, settings: Any) -> None:
    settings.NOTICES_DIGEST_MINUTES = 60
    tell(ada)
    assert services.deliver(at=MONDAY + 59 * MINUTE).sent == 0
    assert services.deliver(at=MONDAY + 60 * MINUTE).sent == 1


def test_a_mail_that_fails_is_tried_later_and_later_with_the_same_id(
    monday: dt.datetime, ada: User, ben: User, unwilling: set[str]
) -> None:
    unwilling.add("ada@example.org")
    tell(ada, ben, urgent=True)
    report = services.deliver(at=MONDAY)
    assert (report.sent, report.failed) == (1, 1)
    mail = Mail.objects.get(recipient=ada)
    assert (mail.state, mail.attempts, mail.error) == ("waiting", 1, "OSError: connection refused")
    waits = []
    for _ in range(12):
        at = mail.next_attempt_at
        assert services.deliver(at=at - MINUTE / 60).failed == 0
        assert services.deliver(at=at).failed == 1
        mail.refresh_from_db()
        waits.append(int((mail.next_attempt_at - at) / MINUTE))
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360, 360]
    unwilling.clear()
    assert services.deliver(at=mail.next_attempt_at).sent == 1
    mail.refresh_from_db()
    assert (mail.state, mail.error) == ("sent", "")
    assert outgoing.outbox[-1].extra_headers["Message-ID"] == mail.message_id
    assert len(outgoing.outbox) == 2


def test_a_mail_is_given_up_in_the_end_and_stays_in_the_inbox(
    monday: dt.datetime, ada: User, unwilling: set[str]
) -> None:
    unwilling.add("ada@example.org")
    tell(ada, urgent=True)
    for _ in range(ATTEMPTS + 3):
        mail = Mail.objects.first()
        services.deliver(at=mail.next_attempt_at if mail else MONDAY)
    mail = Mail.objects.get()
    assert (mail.state, mail.attempts) == ("given_up", ATTEMPTS)
    assert Notice.objects.visible_to(ada).unread().count() == 1


def test_a_worker_lost_while_sending_leaves_the_mail_to_another(
    monday: dt.datetime, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(ada, urgent=True)

    class Killed(BaseException):
        pass

    def sent_but_not_noted(*args: object, **values: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("fellowship.notices.delivery._note", sent_but_not_noted)
        with pytest.raises(Killed):
            services.deliver(at=MONDAY)
    assert services.deliver(at=MONDAY + LEASE - MINUTE).sent == 0, "still under lease"
    assert services.deliver(at=MONDAY + LEASE).sent == 1
    first, second = (m.extra_headers["Message-ID"] for m in outgoing.outbox)
    assert first == second, "recognised as the same mail"


def test_a_late_worker_does_not_overwrite_the_one_that_took_over(
    monday: dt.datetime, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(ada, urgent=True)
    services.deliver(at=MONDAY - MINUTE)  # composed and sent
    mail = Mail.objects.get()
    stale = Mail.objects.get()
    delivery._note(stale, state="given_up", sent_at=None)
    mail.refresh_from_db()
    assert (mail.state, mail.lease) == ("given_up", None), "the same lease may note"
    stale.lease = "00000000-0000-0000-0000-000000000001"
    delivery._note(stale, state="waiting")
    mail.refresh_from_db()
    assert mail.state == "given_up"


def test_a_slow_server_holds_up_no_worker_for_long(
    monday: dt.datetime, unwilling: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [make_person(f"p{number}") for number in range(25)]
    unwilling |= {person.email for person in people}
    tell(*people, urgent=True)
    monkeypatch.setattr(delivery, "SLOW_SECONDS", -10)
    assert services.deliver(at=MONDAY).failed == 2, "each as if it had taken ten seconds"
    tried = Mail.objects.exclude(error="").values_list("attempts", "lease")
    assert list(tried) == [(1, None), (1, None)]
    rest = Mail.objects.filter(error="").values_list("attempts", "lease", "next_attempt_at")
    assert list(rest) == [(0, None, MONDAY)] * 23
    monkeypatch.undo()
    unwilling.clear()
    assert services.deliver(at=MONDAY + MINUTE).sent == 25, "the next run goes on"


def test_health_says_whether_mail_leaves(
    monday: dt.datetime, ada: User, ben: User, unwilling: set[str]
) -> None:
    assert figures.mail_leaves()
    tell(ada, urgent=True)
    services.deliver(at=MONDAY)
    unwilling.add("ada@example.org")
    tell(ada, urgent=True)
    services.deliver(at=MONDAY + MINUTE)
    assert not figures.mail_leaves()
    tell(ben, urgent=True)
    services.deliver(at=MONDAY + 2 * MINUTE - MINUTE / 2)
    assert figures.mail_leaves(), "it took one since"
    services.deliver(at=MONDAY + 2 * MINUTE)
    assert not figures.mail_leaves(), "and refused again"
    Mail.objects.exclude(error="").update(error="SMTPRecipientsRefused: no such person")
    assert figures.mail_leaves(), "an address, not the server"


def test_people_no_longer_active_get_no_mail(monday: dt.datetime, ada: User, ben: User) -> None:
    tell(ada, ben, urgent=True)
    deactivate(ada)
    report = services.deliver(at=MONDAY)
    assert (report.sent, report.dropped) == (1, 1)
    assert [m.to for m in outgoing.outbox] == [["ben@example.org"]]
    assert Mail.objects.get(recipient=ada).state == "dropped"


def test_a_hostile_title_or_name_writes_no_header(monday: dt.datetime, ada: User) -> None:
    tell(ada, title="Hello\nBcc: victim@example.org", body=".\r\nX: y\rz", urgent=True)
    Notice.objects.update(title="Hi\r\nBcc: victim@example.org")  # as if written past the service
    assert services.deliver().sent == 1
    message = outgoing.outbox[0].message()
    assert message["Bcc"] is None
    assert message["Subject"] == "Hi Bcc: victim@example.org"
    assert outgoing.outbox[0].recipients() == ["ada@example.org"]
    assert ".\nX: y\nz" in outgoing.outbox[0].body


def test_unicode_survives_the_mail(monday: dt.datetime, ada: User) -> None:
    tell(ada, title="Zoë – 中文 – 🦉", body="Größe ≥ 5", urgent=True)
    services.deliver()
    parsed = outgoing.outbox[0].message()
    assert str(make_header(decode_header(parsed["Subject"]))) == "Zoë – 中文 – 🦉"
    assert "Größe ≥ 5" in parsed.get_payload(decode=True).decode()


def test_a_clock_set_back_sends_nothing_twice(monday: dt.datetime, ada: User) -> None:
    tell(ada)
    tell(ada, urgent=True)
    for minutes in (0, 20, -60, 5, 20, 40):
        services.deliver(at=MONDAY + minutes * MINUTE)
    assert len(outgoing.outbox) == 2


def test_the_task_delivers(monday: dt.datetime, ada: User) -> None:
    tell(ada, urgent=True)
    assert task() == "1 composed, 1 sent"


def test_queries_grow_with_batches_not_with_notices(monday: dt.datetime) -> None:
    taken = {}
    for many in (1, 3, 15):
        people = [make_person(f"p{many}x{i}") for i in range(many)]
        for _ in range(3):
            tell(*people)
        services.deliver(at=MONDAY)  # nothing yet: also makes the lock's row
        with CaptureQueriesContext(connection) as captured:
            assert services.deliver(at=MONDAY + PERIOD).sent == many
        # One note of the outcome for each mail: it is written as soon as the server has taken it.
        taken[many] = len(captured) - many
    assert taken[1] == taken[3] == taken[15]
