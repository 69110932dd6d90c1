"""What keeps others out of an account: passwords, attempts, sessions that end, being told."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import time
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import get_default_password_validators
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.models import User
from fellowship.accounts.services import reset_factors
from fellowship.accounts.signin import known, passwords, store
from fellowship.history.models import Event
from fellowship.notices.models import Notice
from tests.fellowship.accounts.test_factors import (
    PASSWORD,
    code,
    signed_in,
    with_app,
    with_password,
)
from tests.scenarios.world import World

pytestmark = pytest.mark.usefixtures("signs_in_for_real")
LOGIN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> None:
    cache.clear()


def tried(client: Client, login: str, password: str = "wrong") -> Any:
    """One attempt to sign in."""
    return client.post(LOGIN, {"login": login, "password": password})


def titles(user: User) -> list[str]:
    """What a person was told of their account, in order."""
    told = Notice.objects.filter(recipient=user, kind="accounts.security").order_by("pk")
    return list(told.values_list("title", flat=True))


@pytest.mark.parametrize(
    ("password", "taken"),
    [
        ("short", False),
        ("elevensigns", False),
        ("password12345", False),
        ("qwertyuiop123", False),
        ("passwordpassword", False),
        ("123456789012345", False),
        ("fellowship2026!", False),
        ("adalovelace1815", False),
        ("iloveyou123456", False),
        ("correct horse battery", True),
        ("alle meine entchen 7", True),
        ("ÄÖÜ ключ 鍵 longer", True),
        (" leading and trailing ", True),
        ("plum" * 3 + "x9-Quartz lamp on the moor" * 20, True),
    ],
)
def test_a_password_is_judged_by_how_well_others_would_guess_it(password: str, taken: bool) -> None:
    who = User(email="ada.lovelace@example.org", username="adalovelace", name="Ada Lovelace")
    problems = []
    for validator in get_default_password_validators():
        try:
            validator.validate(password, who)
        except ValidationError as error:
            problems.append(error.code)
    assert (problems == []) is taken, problems


def test_a_breached_password_is_found_in_a_file_of_any_length(
    tmp_path: Path, settings: Any
) -> None:
    def sha(text: str) -> str:
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest().upper()

    stolen = [f"stolen pass phrase {number}" for number in range(300)]
    lines = sorted(sha(one) for one in stolen)
    path = tmp_path / "pwned.txt"
    path.write_text("".join(f"{line}:{n}\n" for n, line in enumerate(lines)))
    assert [one for one in stolen if not passwords.breached(one, path)] == []
    assert not any(passwords.breached(f"mine {number}", path) for number in range(300))
    settings.BREACHED_PASSWORDS_FILE = str(path)
    with pytest.raises(ValidationError, match="stolen elsewhere"):
        passwords.NotBreached().validate("stolen pass phrase 7")
    passwords.NotBreached().validate("not in there at all")


def test_sign_up_and_change_ask_for_a_good_password(world: World) -> None:
    client = signed_in(world.fresh("applicant"))
    sent = {"oldpassword": PASSWORD, "password1": "password12345", "password2": "password12345"}
    page = client.post("/accounts/password/change/", sent).content.decode()
    assert "too easy to guess" in page
    assert "wrong" not in page
    sent |= {
        "oldpassword": "not mine",
        "password1": "plum tin over sea",
        "password2": "plum tin over sea",
    }
    assert "current password" in client.post("/accounts/password/change/", sent).content.decode()
    fields = Client().get("/accounts/signup/").content.decode()
    assert fields.count('type="password"') == 2
    assert 'autocomplete="new-password"' in fields
    assert "onpaste" not in fields


def test_failing_too_often_is_told_with_when_to_come_back(world: World) -> None:
    fellow = with_password(world.fresh("applicant"))
    client = Client()
    assert [tried(client, fellow.email).status_code for _ in range(5)] == [200] * 5
    page = tried(client, fellow.email)
    assert (page.status_code, page["Retry-After"]) == (429, "300")
    assert "Try again in 5 minutes" in page.content.decode()
    assert tried(client, fellow.email, PASSWORD).status_code == 429, "nor the right one"


def test_nobody_is_kept_out_by_others_who_fail_in_their_name(world: World) -> None:
    fellow = with_password(world.fresh("applicant"))
    own = signed_in(fellow)
    own.post("/accounts/logout/")
    attacker = Client(REMOTE_ADDR="203.0.113.9")
    for _ in range(6):
        last = tried(attacker, fellow.email)
    assert last.status_code == 429
    assert tried(Client(), fellow.email, PASSWORD).status_code == 429
    assert tried(own, fellow.email, PASSWORD).status_code == 302
    assert own.session["_auth_user_id"] == str(fellow.pk)


def test_a_browser_known_for_one_person_is_none_for_another(world: World) -> None:
    fellow, other = (with_password(world.fresh(n)) for n in ("applicant", "other_applicant"))
    own = signed_in(other)
    own.post("/accounts/logout/")
    own.cookies[known.name()] = own.cookies[known.name()].value + "x"
    for _ in range(5):
        tried(own, other.email)
    assert tried(own, other.email).status_code == 429, "a mark that was changed counts for nothing"
    assert fellow.pk != other.pk


def test_a_link_by_mail_opens_what_others_closed(world: World) -> None:
    fellow = with_password(world.fresh("applicant"))
    EmailAddress.objects.get_or_create(user=fellow, email=fellow.email, verified=True, primary=True)
    for _ in range(6):
        tried(Client(REMOTE_ADDR="203.0.113.9"), fellow.email)
    client = Client(REMOTE_ADDR="198.51.100.7")
    assert tried(client, fellow.email, PASSWORD).status_code == 429
    client.post("/accounts/password/reset/", {"email": fellow.email})
    (link,) = re.findall(r"http://\S+(/accounts/password/reset/key/\S+)", mail.outbox[-1].body)
    form = client.get(link)["Location"]
    new = "a kettle beside the tram"
    client.post(form, {"password1": new, "password2": new})
    assert tried(client, fellow.email, new).status_code == 302
    assert titles(fellow) == ["Your password was changed"]
    assert client.get(link).status_code == 200, "the link opens nothing any more"
    assert b"password1" not in client.get(link).content


def test_answers_do_not_tell_who_has_an_account(world: World, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    fellow = with_password(world.fresh("applicant"))

    def plain(page: Any, who: str) -> str:
        text = page.content.decode().replace(who, "WHO")
        return re.sub(r'(value="[^"]{20,}"|nonce="[^"]*")', "", text)

    there, nobody = fellow.email, "nobody@example.org"
    assert plain(tried(Client(), there), there) == plain(tried(Client(), nobody), nobody)
    answers = []
    for email in (there, nobody):
        reset = Client().post("/accounts/password/reset/", {"email": email})
        form = {
            "email": email,
            "name": "New",
            "password1": "a kettle beside the tram",
            "password2": "a kettle beside the tram",
        }
        joined = Client().post("/accounts/signup/", form)
        answers.append([(a.status_code, a.headers.get("Location")) for a in (reset, joined)])
    assert answers[0] == answers[1]


def test_a_name_that_nobody_has_takes_a_hash_as_well(
    world: World, monkeypatch: Any, settings: Any
) -> None:
    hashed = []
    real = User.set_password

    def counted(self: User, raw: str | None) -> None:
        hashed.append(raw)
        real(self, raw)

    monkeypatch.setattr(User, "set_password", counted)
    tried(Client(), "nobody@example.org", "some words")
    assert hashed == ["some words"]
    checked = []
    check = User.check_password

    def count(self: User, raw: str) -> bool:
        checked.append(raw)
        return check(self, raw)

    fellow = with_password(world.fresh("applicant"))
    hashed[1:] = []
    monkeypatch.setattr(User, "check_password", count)
    for login in (fellow.email, fellow.username):
        tried(Client(), login)
    assert (checked, hashed) == (["wrong", "wrong"], ["some words"]), "who is there, one as well"
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    there = fellow.email
    new = "a kettle beside the tram"
    sent = {"email": there, "name": "New", "password1": new, "password2": new}
    Client().post("/accounts/signup/", sent)
    assert hashed == ["some words", there], "signing up again takes as long as signing up"


def test_a_session_ends_when_nothing_comes(world: World, settings: Any) -> None:
    client = signed_in(world.fresh("applicant"))
    row = Session.objects.get(pk=client.session.session_key)
    idle = dt.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    assert abs(row.expire_date - store._now() - idle) < dt.timedelta(seconds=60)
    soon = store._now() + dt.timedelta(minutes=1)
    Session.objects.filter(pk=row.pk).update(expire_date=soon)
    assert client.get("/accounts/profile/").status_code == 200
    row.refresh_from_db()
    assert row.expire_date - store._now() > idle - dt.timedelta(minutes=1), "it was pushed on"
    with CaptureQueriesContext(connection) as asked:
        client.get("/accounts/profile/")
    writes = [q["sql"] for q in asked if "UPDATE" in q["sql"] and "session" in q["sql"]]
    assert writes == [], "but not at every page"
    Session.objects.filter(pk=row.pk).update(expire_date=store._now())
    assert client.get("/accounts/profile/").status_code == 302
    assert not UserSession.objects.get(session_key=row.pk).exists()


def test_a_session_ends_after_its_longest_time(world: World, settings: Any) -> None:
    client = signed_in(world.fresh("applicant"))
    key = client.session.session_key
    session = client.session
    session[store.BEGAN] = time.time() - settings.SESSION_HOURS * 3600 - 1
    session.save()
    assert client.get("/accounts/profile/").status_code == 302
    assert not Session.objects.filter(pk=key).exists()


def test_signing_in_and_confirming_change_the_key(world: World) -> None:
    fellow = with_password(world.fresh("applicant"))
    client = Client()
    client.get("/calls/")
    session = client.session
    session["x"] = 1
    session.save()
    client.cookies["sessionid"] = before = session.session_key
    tried(client, fellow.email, PASSWORD)
    first = client.session.session_key
    assert first != before
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    second = client.session.session_key
    assert second != first
    assert not Session.objects.filter(pk__in=[before, first]).exists()
    assert list(UserSession.objects.values_list("session_key", flat=True)) == [second]
    page = client.post("/accounts/logout/")
    assert page["Clear-Site-Data"] == '"storage"'
    assert not Session.objects.filter(pk=second).exists()


def test_another_password_ends_the_other_sessions(world: World) -> None:
    fellow = world.fresh("applicant")
    here, there = signed_in(fellow), signed_in(fellow)
    new = "a kettle beside the tram"
    sent = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post("/accounts/password/change/", sent).status_code == 302
    assert here.get("/accounts/profile/").status_code == 200
    assert there.get("/accounts/profile/").status_code == 302


def test_ending_sessions_and_changing_addresses_wait_for_a_confirmation(
    world: World, monkeypatch: Any
) -> None:
    from fellowship.accounts.signin import records

    client = signed_in(world.fresh("applicant"))
    monkeypatch.setattr(records, "last", lambda request: None)
    assert client.post("/accounts/sessions/end-others/").status_code == 302
    assert "/reauthenticate/" in client.post("/accounts/sessions/end-others/")["Location"]
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] = 0
    session.save()
    sent = {"action_add": "", "email": "other@example.org"}
    assert "/reauthenticate/" in client.post("/accounts/email/", sent)["Location"]
    assert not EmailAddress.objects.filter(email="other@example.org").exists()


def test_people_are_told_what_happens_to_their_account(world: World) -> None:
    fellow = world.fresh("applicant")
    client = signed_in(fellow)
    assert titles(fellow) == [], "the first browser is no surprise"
    again = Client(headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})
    again.post(LOGIN, {"login": fellow.email, "password": PASSWORD})
    again.post("/accounts/logout/")
    again.post(LOGIN, {"login": fellow.email, "password": PASSWORD})
    new = "a kettle beside the tram"
    client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )
    assert titles(fellow) == [
        "You signed in with another browser: Firefox on Windows",
        "Your password was changed",
    ]
    told = Notice.objects.filter(recipient=fellow).order_by("pk")
    assert {(one.urgent, one.url) for one in told} == {(True, "/accounts/sessions/")}
    assert client.get("/accounts/sessions/").status_code == 200


def test_factors_that_come_and_go_are_told(world: World) -> None:
    from allauth.mfa.signals import authenticator_added, authenticator_removed

    chair = world.fresh("chair")
    with_app(chair)
    factor = Authenticator.objects.get(user=chair)
    for signal in (authenticator_added, authenticator_removed):
        signal.send(sender=Authenticator, request=None, user=chair, authenticator=factor)
    reset_factors(user=chair, by=world.fresh("admin"), reason="Seen in person")
    assert titles(chair) == [
        "Your account now has an authenticator app",
        "Your account no longer has an authenticator app",
        "An administrator took your second factors away",
    ]


def test_the_operator_signs_somebody_or_everybody_out(world: World, capsys: Any) -> None:
    fellow, other = world.fresh("applicant"), world.fresh("other_applicant")
    clients = [signed_in(fellow), signed_in(other)]
    call_command("end_sessions", "--person", fellow.email, "--reason", "Lost laptop")
    assert [c.get("/accounts/profile/").status_code for c in clients] == [302, 200]
    call_command("end_sessions", "--everyone", "--reason", "Incident 7")
    assert clients[1].get("/accounts/profile/").status_code == 302
    events = Event.objects.filter(verb="accounts.end_sessions").order_by("pk")
    assert [(e.subject_id, e.reason) for e in events] == [
        (fellow.pk, "Lost laptop"),
        (other.pk, "Incident 7"),
    ]
    with pytest.raises(CommandError):
        call_command("end_sessions", "--person", "nobody@example.org", "--reason", "x")


def test_attempts_are_logged_without_names(world: World, caplog: Any) -> None:
    fellow = with_password(world.fresh("applicant"))
    caplog.set_level("INFO", "fellowship.security")
    client = Client()
    tried(client, fellow.email, "wrong\nforged line")
    tried(client, fellow.email, PASSWORD)
    client.post("/accounts/logout/")
    said = [
        record.getMessage() for record in caplog.records if record.name == "fellowship.security"
    ]
    assert re.fullmatch(r"sign-in failed: name [0-9a-f]{16}", said[0])
    assert said[1:] == [
        f"signed in: person {fellow.pk} by password",
        f"signed out: person {fellow.pk}",
    ]
    assert not any(fellow.email in line or PASSWORD in line for line in said)


def test_a_cookie_is_for_this_host_alone_and_never_for_scripts(world: World) -> None:
    client = signed_in(world.fresh("applicant"))
    client.post("/theme/", {"scheme": "dark"})
    client.get("/accounts/profile/")
    found = {name: morsel for name, morsel in client.cookies.items() if morsel.value}
    assert {"sessionid", "csrftoken", "known"} <= set(found)
    for name, morsel in found.items():
        assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["domain"]) == (
            True,
            "Lax",
            "/",
            "",
        ), name
        assert len(name) + len(morsel.value) < 4096
    assert client.cookies["sessionid"]["max-age"] == ""


def test_a_code_works_once_and_as_long_as_it_is_shown(world: World, settings: Any) -> None:
    chair = world.fresh("chair")
    secret = with_app(chair)
    codes = RecoveryCodes.activate(chair).get_unused_codes()
    assert all(re.fullmatch(r"[0-9]{8}", one) for one in codes)

    def shown(said: str) -> bool:
        client = Client()
        client.post(LOGIN, {"login": with_password(chair).email, "password": PASSWORD})
        client.post("/accounts/2fa/authenticate/", {"code": said})
        return "_auth_user_id" in client.session

    now_shown = code(secret)
    assert [shown(now_shown), shown(now_shown)] == [True, False]
    assert [shown(codes[0]), shown(codes[0]), shown(codes[1])] == [True, False, True]
    del settings.MFA_TOTP_TOLERANCE  # the tests' own
    before = str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 - 1)))
    assert not shown(before)
