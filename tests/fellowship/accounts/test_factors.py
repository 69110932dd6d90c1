"""Second factors asked for by rule, confirming before an act, and open sessions."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client

from fellowship.accounts.models import ApiToken, User
from fellowship.accounts.services import create_token, grant_role, reset_factors
from fellowship.accounts.signin import asked, browsers
from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from fellowship.programs.services import found_program
from governance import founding
from governance.links import to
from governance.models import Matter, Vote
from tests.scenarios import governance as scenario
from tests.scenarios.world import SETUP, World, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("signs_in_for_real")]
PASSWORD = "a long pass phrase"


def code(secret: str) -> str:
    """What an authenticator app shows now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def with_password(user: User) -> User:
    """The same person, who can sign in by the form."""
    if not user.check_password(PASSWORD):
        user.set_password(PASSWORD)
        user.save()
    return user


def signed_in(user: User, secret: str = "") -> Client:
    """A browser signed in by the forms: password, then the code where there is a secret."""
    client = Client()
    client.post("/accounts/login/", {"login": with_password(user).email, "password": PASSWORD})
    if secret:
        client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    assert client.session["_auth_user_id"] == str(user.pk)
    return client


def with_app(user: User) -> str:
    """The secret of an authenticator app that the person has set up."""
    secret = str(generate_totp_secret())
    TOTP.activate(user, secret)
    return secret


@pytest.mark.parametrize("role", ["chair", "steward", "oncall", "admin", "board_security"])
def test_a_role_the_rule_names_waits_for_a_second_factor(world: World, role: str) -> None:
    client = signed_in(world.fresh(role))
    page = client.get("/inbox/?unread=1")
    assert (page.status_code, page["Location"]) == (
        302,
        "/accounts/second-factor/?next=%2Finbox%2F%3Funread%3D1",
    )
    shown = client.get(page["Location"]).content.decode()
    assert "Identity and access reviews v1" in shown
    assert "Use an authenticator app" in shown
    assert client.get("/accounts/tokens/").status_code == 302
    answer = client.get("/api/v1/matters/")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed_without_second_factor")


@pytest.mark.parametrize("role", ["applicant", "manager", "reviewer", "auditor"])
def test_others_come_in_with_a_password(world: World, role: str) -> None:
    assert signed_in(world.fresh(role)).get("/inbox/").status_code == 200


def test_the_rule_of_the_programme_says_whose_role_it_is(world: World) -> None:
    parameters = {**founding.parameters("identity"), "second_factor_roles": ["manager"]}
    scenario.adopted_rule(world, "identity", parameters)
    asked.forget()
    assert signed_in(world.fresh("manager")).get("/inbox/").status_code == 302
    assert signed_in(world.fresh("chair")).get("/inbox/").status_code == 200


def test_a_programme_without_the_rule_asks_as_usual(world: World) -> None:
    older = found_program(slug="older", name="Older", purpose="Before the rule.", by=SETUP)
    stranger, other = world.fresh("stranger"), world.fresh("other_applicant")
    grant_role(user=stranger, realm=older.realm, role="chair", by=SETUP)
    grant_role(user=other, realm=older.realm, role="manager", by=SETUP)
    assert signed_in(stranger).get("/inbox/").status_code == 302
    assert signed_in(other).get("/inbox/").status_code == 200


def test_the_demonstration_says_what_it_does_not_ask(world: World, settings: Any) -> None:
    settings.SECOND_FACTORS_ASKED = False
    client = signed_in(world.fresh("chair"))
    assert client.get("/inbox/").status_code == 200
    assert (
        "not asked for in this demonstration" in client.get("/accounts/sessions/").content.decode()
    )


def at_the_ballot(world: World) -> tuple[User, str, dict[str, str]]:
    """Somebody whose vote is asked for, where it goes, and a vote."""
    scenario.requested_exception(world)
    matter = Matter.objects.get()
    member = world.fresh("board_security")
    sent = {"position": "approve", "rationale": "The risk is named and bounded."}
    return member, to("matter_vote", matter.ref), sent


def aged(client: Client, minutes: int) -> None:
    """Let it be so long ago that the person showed who they are."""
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= minutes * 60
    session.save()


def test_a_vote_waits_for_a_confirmation_and_is_then_cast_as_it_was_sent(world: World) -> None:
    member, url, sent = at_the_ballot(world)
    secret = with_app(member)
    client = signed_in(member, secret)
    client.post(url.replace("vote/", "declare/"), {"kind": "none"})
    client.get(url.replace("vote/", ""))
    aged(client, 16)
    asked_again = client.post(url, sent)
    assert (
        asked_again["Location"] == f"/accounts/2fa/reauthenticate/?next={url.replace('/', '%2F')}"
    )
    assert not Vote.objects.exists()
    wrong = client.post(asked_again["Location"], {"code": "000000"})
    assert (wrong.status_code, Vote.objects.count()) == (200, 0)
    Authenticator.objects.filter(user=member).update(last_used_at=None)
    cache.clear()
    done = client.post(asked_again["Location"], {"code": code(secret)})
    assert done.status_code == 302
    assert Vote.objects.get().rationale == sent["rationale"]
    aged(client, 14)
    assert client.post(url, {**sent, "rationale": "Still so."}).status_code == 302
    assert Vote.objects.get().rationale == "Still so."


def test_a_token_votes_only_with_the_scope_for_it(world: World) -> None:
    member, url, sent = at_the_ballot(world)
    api = f"/api/v1/matters/{url.removeprefix('/board/')}"

    def post(path: str, body: dict[str, str], *scopes: str) -> int:
        _, secret = create_token(user=member, scopes=scopes, by=SETUP)
        client = Client(headers={"Authorization": f"Bearer {secret}"})
        return int(client.post(path, body, content_type="application/json").status_code)

    assert post(api.replace("vote/", "declare/"), {"kind": "none"}, "write") == 200
    _, secret = create_token(user=member, scopes=["read"], by=SETUP)
    Client(headers={"Authorization": f"Bearer {secret}"}).get(api.replace("vote/", ""))
    assert post(api, sent, "write") == 403
    assert post(api, sent, "decide") == 403
    assert not Vote.objects.exists()
    assert post(api, sent, "write", "decide") == 200
    assert Vote.objects.count() == 1


def test_a_session_at_the_api_confirms_as_well(world: World) -> None:
    member, url, sent = at_the_ballot(world)
    client = signed_in(member, with_app(member))
    aged(client, 16)
    api = f"/api/v1/matters/{url.removeprefix('/board/')}"
    declared = api.replace("vote/", "declare/")
    client.post(declared, {"kind": "none"}, content_type="application/json")
    answer = client.post(api, sent, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed_unconfirmed")


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("auditor", "/audit/{slug}/export/"),
        ("auditor", "/access/trail/export/"),
        ("manager", "/triage/portfolio/{slug}/export/"),
        ("manager", "/accounts/tokens/"),
        ("manager", "/access/requests/AR-1/approve/"),
    ],
)
def test_exports_approvals_and_tokens_wait_for_a_confirmation(
    world: World, role: str, path: str
) -> None:
    client = signed_in(world.fresh(role))
    aged(client, 16)
    answer = client.post(path.format(slug=world.program.slug), {})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/reauthenticate/?next=")
    assert "What you sent is kept" in client.get(answer["Location"]).content.decode()
    assert not ApiToken.objects.exists()


def test_ones_sessions_are_listed_and_ended_by_oneself_alone(world: World) -> None:
    manager = world.fresh("manager")
    here, there = signed_in(manager), signed_in(manager)
    other = signed_in(world.fresh("reviewer"))
    page = here.get("/accounts/sessions/").content.decode()
    assert page.count("/end/") == 1
    session = UserSession.objects.get(session_key=there.session.session_key)
    assert other.post(f"/accounts/sessions/{session.pk}/end/").status_code == 404
    assert there.get("/inbox/").status_code == 200
    assert here.post(f"/accounts/sessions/{session.pk}/end/").status_code == 302
    assert there.get("/inbox/").status_code == 302
    assert here.post(f"/accounts/sessions/{session.pk}/end/").status_code == 404
    third = signed_in(manager)
    here.post("/accounts/sessions/end-others/")
    assert (third.get("/inbox/").status_code, here.get("/inbox/").status_code) == (302, 200)
    verbs = Event.objects.filter(subject_id=manager.pk).values_list("verb", flat=True)
    assert {"accounts.end_session", "accounts.end_other_sessions"} <= set(verbs)


def test_lost_factors_are_taken_away_by_another_administrator(world: World) -> None:
    chair, admin = world.fresh("chair"), world.fresh("admin")
    browser = signed_in(chair, with_app(chair))
    assert reset_factors(user=chair, by=admin, reason="Seen in person") == 1
    assert browser.get("/inbox/")["Location"].startswith("/accounts/login/")
    assert reset_factors(user=chair, by=admin, reason="Again") == 0
    for user, by in ((admin, admin), (chair, world.fresh("manager"))):
        with pytest.raises(Refused):
            reset_factors(user=user, by=by, reason="x")
    assert Event.objects.filter(verb="accounts.reset_factors").count() == 1


def test_browsers_are_named_as_people_know_them() -> None:
    agent = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140"
    assert browsers.name_of(agent) == "Edge on Windows"
    assert browsers.name_of("") == "Unknown browser"
    assert browsers.name_of("curl/8.1") == "curl/8.1"


def test_the_longest_confirmation_is_the_strictest_programmes(world: World) -> None:
    other = make_world("-other")
    assert asked.confirmed_for(other.chair) == dt.timedelta(minutes=15)
