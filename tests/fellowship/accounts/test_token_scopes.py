"""What a token may do is bounded by its scopes, whoever its person is."""

from __future__ import annotations

import datetime as dt
import hashlib
import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from fellowship.accounts.models import ApiToken
from fellowship.accounts.scopes import source_of
from fellowship.accounts.services import create_token, revoke_token
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from fellowship.web.tasks import TOKEN_SOON, warn_of_tokens
from tests.scenarios import findings as scenario
from tests.scenarios.world import SETUP, make_world

pytestmark = pytest.mark.django_db


def test_a_token_without_write_reads_and_is_refused_every_verb() -> None:
    world = make_world()
    finding = scenario.reported(world)
    url = reverse("api:findings-detail", args=[finding.ref])

    def call(scopes: list[str], method: str, path: str) -> int:
        _, secret = create_token(user=world.product_owner, scopes=scopes, by=SETUP)
        headers = {"Authorization": f"Bearer {secret}"}
        client = Client(headers=headers)
        return int(getattr(client, method)(path, content_type="application/json").status_code)

    assert call(["read"], "get", url) == 200
    assert call(["events:write"], "get", url) == 403
    assert call(["read"], "post", f"{url}take/") == 403
    assert call(["write"], "post", f"{url}take/") == 200


def test_an_unknown_or_revoked_token_is_401() -> None:
    world = make_world()
    token, secret = create_token(user=world.manager, scopes=["read"], by=SETUP)
    url = reverse("api:findings-list")
    assert Client(headers={"Authorization": f"Bearer {secret}"}).get(url).status_code == 200
    revoke_token(token=token, by=world.manager)
    assert Client(headers={"Authorization": f"Bearer {secret}"}).get(url).status_code == 401
    assert Client(headers={"Authorization": "Bearer nonsense"}).get(url).status_code == 401


def test_a_token_for_something_the_api_does_not_know_is_not_made() -> None:
    world = make_world()
    known = "read, write, decide, access:decide, access:enforce, changes:report, scim, events:write"
    said = f"There is no scope “reed”. There are {known}, events:SOURCE."
    with pytest.raises(Refused) as refused:
        create_token(user=world.manager, scopes=["read", "reed"], by=SETUP)
    assert (refused.value.refusal.code, str(refused.value)) == ("unknown_scope", said)
    with pytest.raises(Refused, match="Say what it may do: read, write"):
        create_token(user=world.manager, scopes=[], by=SETUP)
    with pytest.raises(Refused, match="A token is made by its own person"):
        create_token(user=world.manager, scopes=["read"], by=world.admin)
    with pytest.raises(CommandError, match=said):
        call_command("create_token", user=world.manager.email, scope=["reed"])
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("scope", "source"),
    [
        ("events:jupyter", "jupyter"),
        ("events:lab/gateway-2.eu", "lab/gateway-2.eu"),
        ("events:write", ""),
        ("events:", ""),
        ("events:-x", ""),
        ("events:a b", ""),
        ("events:a\n", ""),
        ("events:" + "a" * 81, ""),
        ("read", ""),
    ],
)
def test_a_scope_may_name_one_source(scope: str, source: str) -> None:
    assert source_of(scope) == source


def test_the_page_makes_a_token_for_one_source() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.steward)
    url = reverse("accounts:tokens")
    sent = {"name": "Gateway", "source": "gateway", "days": 30}
    assert b"fel_" in client.post(url, sent).content
    assert ApiToken.objects.get().scopes == ["events:gateway"]
    wrong = client.post(url, {**sent, "source": "a b"})
    assert b"letters, digits" in wrong.content
    assert b"Say what it may do" in client.post(url, {"name": "x", "days": 30}).content
    assert ApiToken.objects.count() == 1


def test_its_person_is_told_before_a_token_in_use_expires() -> None:
    world = make_world()
    used, secret = create_token(user=world.manager, scopes=["read"], by=SETUP, name="gate")
    create_token(user=world.manager, scopes=["read"], by=SETUP, name="idle")
    late = used.expires_at - TOKEN_SOON
    with frozen(late - dt.timedelta(hours=1)):
        Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/notices/")
        assert warn_of_tokens(now()) == 0
    assert warn_of_tokens(late) == 1
    assert warn_of_tokens(late + dt.timedelta(days=1)) == 0
    told = Notice.objects.get(kind="accounts.token")
    assert (told.recipient, told.url) == (world.manager, reverse("accounts:tokens"))
    assert told.title.startswith("Your API token gate expires on ")


def test_a_token_is_found_by_scanners_and_only_its_hash_is_kept() -> None:
    world = make_world()
    token, secret = create_token(user=world.manager, scopes=["read"], by=SETUP)
    assert re.fullmatch("fel_[A-Za-z0-9_-]{43}", secret)
    assert hashlib.sha256(secret.encode()).hexdigest() == token.token_hash
    kept = [str(value) for value in ApiToken.objects.values().get().values()]
    assert not any(secret[8:] in value for value in kept)


def test_the_page_says_what_a_token_may_do_in_words() -> None:
    """A scope's meaning, never its key."""
    world = make_world()
    client = Client()
    client.force_login(world.steward)
    sent = {"name": "Laptop", "scopes": ["read"], "source": "gateway", "days": 30}
    html = client.post(reverse("accounts:tokens"), sent).content.decode()
    allowed = re.search(r'<td[^>]*data-label="Allowed"[^>]*>(.*?)</td>', html, re.DOTALL)
    assert allowed is not None
    assert allowed[1].split("<br>") == ["Report access events of gateway", "Read what I may read"]
