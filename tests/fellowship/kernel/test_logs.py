"""The log in production: what it tells, and that nothing personal is in it."""

from __future__ import annotations

import json
import logging
import smtplib
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from fellowship.kernel import logs, taskwatch
from fellowship.kernel.refusals import Refused
from fellowship.programs.services import close_call, publish_call
from tests.scenarios.world import World, make_person

CANARY = "Zoë Canary-Feather"
ADDRESS = "zoe.canary@feather.example"
LOGGERS = (
    *("", "django", "django.request", "django.security.DisallowedHost", "django.db.backends"),
    *("django.server", "gunicorn.error", "gunicorn.access", "celery.task", "celery.worker"),
    *("allauth", "weasyprint", "urllib3", "fellowship.requests", "governance.rules", "oversight"),
)


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What production would write, of every logger."""
    target = StringIO()
    handler = logging.StreamHandler(target)
    handler.setFormatter(logs.JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield target
    root.removeHandler(handler)
    root.setLevel(level)


def lines(written: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def check_nothing_personal(written: StringIO) -> None:
    text = written.getvalue()
    assert text
    for word in (CANARY, "Canary", "Feather", ADDRESS, "feather.example"):
        assert word not in text
        assert json.dumps(word)[1:-1] not in text


@pytest.mark.parametrize("name", LOGGERS)
def test_no_logger_writes_a_text_of_a_person(written: StringIO, name: str) -> None:
    log = logging.getLogger(name)
    log.warning("kept %s of %d for %s", CANARY, 7, {"to": ADDRESS})
    log.warning("by mapping %(who)s", {"who": CANARY})
    log.error("to %s", ADDRESS)
    log.error(f"put together: <{ADDRESS}>")
    log.warning("more", extra={"actor_name": CANARY, "who": CANARY})
    try:
        try:
            raise smtplib.SMTPRecipientsRefused({ADDRESS: (550, CANARY.encode())})
        except smtplib.SMTPException as error:
            raise ValueError(f"no mail for {CANARY}") from error
    except ValueError:
        log.exception("failed for %s", CANARY)
    check_nothing_personal(written)
    last = lines(written)[-1]
    assert last["error"]["kind"] == "builtins.ValueError"
    assert last["error"]["because"]["kind"] == "smtplib.SMTPRecipientsRefused"
    assert "test_logs.py" in last["error"]["where"][-1]


@pytest.mark.django_db
def test_an_error_of_the_database_tells_its_code_and_no_value(written: StringIO) -> None:
    user = make_person("somebody")
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("UPDATE accounts_user SET email = %s WHERE id = %s", [ADDRESS, user.pk])
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            other = make_person("another")
            cursor.execute("UPDATE accounts_user SET email = %s WHERE id = %s", [ADDRESS, other.pk])
    except IntegrityError:
        logging.getLogger("django.request").exception("Internal Server Error: %s", f"/{CANARY}/")
    check_nothing_personal(written)
    told = lines(written)[-1]["error"]["because"]
    if connection.vendor == "postgresql":
        assert (told["sqlstate"], told["table"]) == ("23505", "accounts_user")
    else:
        assert told["sqlstate"] == "SQLITE_CONSTRAINT_UNIQUE"


@pytest.mark.django_db
def test_a_request_is_one_line_with_route_case_and_the_actor_by_number(
    world: World, written: StringIO
) -> None:
    browser = Client()
    browser.force_login(world.fresh("manager"))
    answer = browser.get(
        f"/proposals/PRO-2026-404/?q={CANARY}", headers={"X-Request-ID": "from-the-proxy-1"}
    )
    assert answer["X-Request-ID"] == "from-the-proxy-1"
    told = [line for line in lines(written) if line["logger"] == "fellowship.requests"][-1]
    assert (told["request"], told["status"], told["method"]) == ("from-the-proxy-1", 404, "GET")
    assert (told["case"], told["actor"]) == ("PRO-2026-404", world.manager.pk)
    assert told["route"].startswith("proposals:")
    assert told["ms"] > 0
    assert told["queries"] > 0
    check_nothing_personal(written)
    assert "request" not in logs.about()
    other = Client().get("/healthz", headers={"X-Request-ID": "bad id <script>"})
    assert len(other["X-Request-ID"]) == 32


@pytest.mark.django_db
@pytest.mark.parametrize("api", [False, True], ids=["page", "api"])
def test_a_refusal_is_told_with_its_verb_and_code(
    world: World, written: StringIO, api: bool
) -> None:
    browser = Client()
    browser.force_login(world.fresh("manager"))
    close_call(call=world.call, by=world.manager, reason="The track is withdrawn.")
    with pytest.raises(Refused):
        publish_call(call=world.call, by=world.manager)
    assert not logs.about(), "nothing is under way"
    where = "/api/v1/calls/{}/publish/" if api else "/calls/{}/publish/"
    browser.post(where.format(world.call.ref), {"reason": CANARY})
    told = [line for line in lines(written) if line["logger"] == "fellowship.requests"][-1]
    assert (told["verb"], told["refusal"]) == ("programs.publish_call", "wrong_state")
    check_nothing_personal(written)
    browser.get("/")
    assert "refusal" not in lines(written)[-1], "of one request alone"


@pytest.mark.django_db
def test_a_fault_in_a_page_is_told_with_its_request(
    written: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError(f"cannot show {CANARY}")

    monkeypatch.setattr("fellowship.web.landing.open_calls", broken)
    answer = Client(raise_request_exception=False).get("/", headers={"X-Request-ID": "a-fault-12"})
    assert answer.status_code == 500
    fault = next(line for line in lines(written) if "error" in line)
    assert (fault["request"], fault["error"]["kind"]) == ("a-fault-12", "builtins.RuntimeError")
    check_nothing_personal(written)


@pytest.mark.django_db
def test_a_task_tells_itself_and_the_request_that_sent_it(written: StringIO) -> None:
    headers: dict[str, Any] = {}
    with logs.during(request="the-request-9"):
        taskwatch._sent(headers=headers)

    class Asked:
        headers: dict[str, Any] = {}

    class Task:
        name = "access.sync_targets"
        request = Asked()

    Task.request.headers = headers
    heard: list[tuple[str, bool]] = []
    taskwatch._heard.append(lambda task, well, seconds: heard.append((task, well)))
    try:
        taskwatch._begins(task_id="t-1", task=Task)
        logging.getLogger("access.tasks").info("told %d", 3)
        taskwatch._ends(task_id="t-1", task=Task, state="FAILURE")
    finally:
        taskwatch._heard.pop()
    told = lines(written)[-1]
    assert told["message"] == "told 3"
    assert (told["task"], told["task_id"]) == ("access.sync_targets", "t-1")
    assert told["request"] == "the-request-9"
    assert heard == [("access.sync_targets", False)]
    assert not logs.about()


def test_readable_lines_keep_the_words() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "hello %s", (CANARY,), None)
    with logs.during(request="r-12345678"):
        line = logs.Readable().format(record)
    assert line.endswith(f"INFO x hello {CANARY} request=r-12345678")
