"""Signing in at the company's own identity provider, on a real one on loopback."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from fellowship.accounts.models import User
from fellowship.history.models import Event
from tests.scenarios.world import World
from tests.support.oidc import Provider, provider

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("signs_in_for_real")]
NEW = {"sub": "m-1", "email": "iris@meridian.test", "email_verified": True, "name": "Iris Okoye"}
LOGIN = "/accounts/oidc/company/login/"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        """Redirects are followed by the test."""


def visit(url: str) -> str:
    """Where the provider sends the browser back to."""
    try:
        urllib.request.build_opener(_Stay).open(url)
    except urllib.error.HTTPError as answer:
        return str(answer.headers["Location"])
    raise AssertionError("the provider sent nobody back")


def sign_in(client: Client, path: str = LOGIN) -> Any:
    """The way of a browser to the provider and back; returns our last answer."""
    there = client.post(path)
    assert there.status_code == 302, there.content.decode()
    return client.get(visit(there["Location"]))


@pytest.fixture
def company(settings: Settings) -> Iterator[Provider]:
    """The provider, named in the settings, with a domain of its own."""
    with provider(**NEW) as found:
        settings.OIDC_ISSUER = found.url
        settings.OIDC_NAME = "Meridian"
        settings.OIDC_DOMAINS = ["meridian.test"]
        settings.SOCIALACCOUNT_PROVIDERS = found.settings()
        yield found


def test_somebody_new_has_an_account_after_signing_in_there(company: Provider) -> None:
    client = Client()
    assert "Sign in with Meridian" in client.get("/accounts/login/").content.decode()
    assert sign_in(client).status_code == 302
    user = User.objects.get(email="iris@meridian.test")
    assert (user.name, user.username, user.has_usable_password()) == ("Iris Okoye", "iris", False)
    assert SocialAccount.objects.get().extra_data == {}
    assert client.get("/accounts/profile/").status_code == 200
    assert list(Event.objects.filter(subject_id=user.pk).values_list("verb", flat=True)) == [
        "accounts.register"
    ]
    assert company.asked[0]["code_challenge_method"] == "S256"
    assert sign_in(Client()).status_code == 302
    assert User.objects.filter(email="iris@meridian.test").count() == 1


def test_who_had_an_account_here_keeps_it_and_only_the_company_opens_it(
    company: Provider, world: World
) -> None:
    chair = world.fresh("chair")
    chair.email = "chair@meridian.test"
    chair.set_password("a long pass phrase")
    chair.save()
    company.person = {**NEW, "sub": "m-2", "email": "Chair@meridian.test"}
    client = Client()
    assert sign_in(client).status_code == 302
    assert client.session["_auth_user_id"] == str(chair.pk)
    for name, words in (
        ("chair@meridian.test", "This address signs in with Meridian"),
        (chair.username, "password you specified are not correct"),  # a name tells no address
    ):
        sent = {"login": name, "password": "a long pass phrase"}
        page = Client().post("/accounts/login/", sent)
        assert page.status_code == 200
        assert words in page.content.decode()


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ({**NEW, "email_verified": False}, "did not say that your e-mail address is verified"),
        ({**NEW, "email": "iris@elsewhere.test"}, "outside the company"),
    ],
)
def test_an_address_that_is_not_verified_or_not_theirs_is_turned_away(
    company: Provider, person: dict[str, Any], words: str
) -> None:
    company.person = person
    answer = sign_in(Client())
    assert (answer.status_code, words in answer.content.decode()) == (403, True)
    assert not User.objects.exists()


def test_a_forged_state_or_a_code_used_twice_signs_nobody_in(company: Provider) -> None:
    client = Client()
    back = visit(client.post(LOGIN)["Location"])
    assert client.get(f"{back}x").status_code == 401
    assert "_auth_user_id" not in client.session
    assert Client().get(back).status_code == 401
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "forged",
    [
        {"signs_with": (rsa.generate_private_key(65537, 2048), "RS256")},
        {"signs_with": ("a secret that is long enough for its hash", "HS256")},
        {"signs_with": (None, "none")},
        {"issuer": "https://elsewhere.example"},
        {"details": {**NEW, "sub": "m-9"}},
        {"sends_id_token": False},
    ],
    ids=["another key", "a shared secret", "unsigned", "issuer", "two people", "no token"],
)
def test_a_token_that_is_not_wholly_the_providers_signs_nobody_in(
    company: Provider, forged: dict[str, Any]
) -> None:
    for name, value in forged.items():
        setattr(company, name, value)
    client = Client()
    answer = sign_in(client)
    assert (answer.status_code, "could not be confirmed" in answer.content.decode()) == (401, True)
    assert "_auth_user_id" not in client.session
    assert not User.objects.exists()


def test_a_provider_that_does_not_answer_is_told_as_that(company: Provider) -> None:
    client = Client()
    back = visit(client.post(LOGIN)["Location"])
    company.silent = True
    for answer in (Client().post(LOGIN), client.get(back)):
        assert answer.status_code == 503
        assert "The sign-in of Meridian does not answer" in answer.content.decode()
    company.silent = False
    assert sign_in(client).status_code == 302


def test_who_turns_round_there_is_told_that_nothing_was_changed(company: Provider) -> None:
    client = Client()
    back = visit(client.post(LOGIN)["Location"]).replace("code=", "error=access_denied&was=")
    answer = client.get(back)
    assert (answer.status_code, "Nothing was changed" in answer.content.decode()) == (401, True)


def test_somebody_who_left_does_not_come_in(company: Provider) -> None:
    sign_in(Client())
    user = User.objects.get()
    user.is_active = False
    user.save()
    client = Client()
    assert sign_in(client)["Location"] == "/accounts/inactive/"
    assert "_auth_user_id" not in client.session


def test_fellows_keep_their_password(company: Provider, world: World) -> None:
    fellow = world.fresh("applicant")
    fellow.set_password("a long pass phrase")
    fellow.save()
    sent = {"login": fellow.email, "password": "a long pass phrase"}
    assert Client().post("/accounts/login/", sent).status_code == 302


def test_confirming_there_asks_for_a_fresh_proof_and_for_the_same_person(
    company: Provider,
) -> None:
    client = Client()
    sign_in(client)
    session = client.session
    session["account_authentication_methods"][-1]["at"] = 0
    session.save()
    sent = {"name": "CI", "scopes": ["read"], "days": "30"}
    asked = client.post("/accounts/tokens/", sent)
    assert asked["Location"].startswith("/accounts/confirm/company/?next=")
    page = client.get(asked["Location"]).content.decode()
    way = "/accounts/oidc" + page.split('action="/accounts/oidc')[1].split('"')[0].replace(
        "&amp;", "&"
    )
    company.honours_prompt, company.signed_in_at = False, 0
    assert "earlier sign-in" in sign_in(client, way).content.decode()
    company.person = {**NEW, "sub": "m-9", "email": "other@meridian.test"}
    assert "another" in sign_in(client, way).content.decode()
    company.person, company.honours_prompt = NEW, True
    back = sign_in(client, way)
    assert company.asked[-1]["prompt"] == "login"
    done = client.get(back["Location"])
    assert done.status_code == 200
    assert User.objects.get().api_tokens.get().name == "CI"


def test_without_a_provider_nothing_is_offered(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert "Sign in with" not in Client().get("/accounts/login/").content.decode()
    assert Client().get(LOGIN).status_code == 404
    client = Client()
    client.force_login(world.fresh("manager"))
    assert client.get("/accounts/confirm/company/").status_code == 404
