"""Secrets under the instance's key: what a rotation finds, and that an earlier key can go."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import InvalidToken
from django.core.management import CommandError, call_command

from fellowship.accounts.models import Realm
from fellowship.kernel import journal, sealed
from fellowship.notices.models import Endpoint, EndpointSecret
from fellowship.notices.webhooks import signing
from tests.fellowship.notices.conftest import SETUP, make_person


def test_a_seal_opens_for_its_purpose_alone_and_only_unchanged() -> None:
    token = sealed.seal("whsec_1", purpose="webhook")
    assert sealed.unseal(token, purpose="webhook") == "whsec_1"
    assert sealed.seal("whsec_1", purpose="webhook") != token, "no two seals are alike"
    for wrong, purpose in ((token, "mfa"), (f"{token[:-2]}AA", "webhook"), ("x", "webhook")):
        with pytest.raises(InvalidToken):
            sealed.unseal(wrong, purpose=purpose)


def test_after_a_rotation_the_earlier_key_can_go(db: None, settings: Any, capsys: Any) -> None:
    ada = make_person("ada")
    TOTP.activate(ada, "ABCDEFGHIJKLMNOP")
    codes = RecoveryCodes.activate(ada).get_unused_codes()
    with journal.acting("tests.found", by=SETUP):
        realm = Realm.objects.create(slug="alpha", name="Alpha")
        journal.record(subject=realm)
        endpoint = Endpoint.objects.create(realm=realm, ref="HOOK-1", name="x", url="https://x.org")
        journal.record(subject=endpoint)
    secret = EndpointSecret.objects.create(endpoint=endpoint, sealed=signing.seal("whsec_1"))
    earlier, settings.SECRET_KEY = settings.SECRET_KEY, "the next one"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(CommandError, match="no known key, so nothing was changed"):
        call_command("reseal_secrets")
    settings.SECRET_KEY_FALLBACKS = [earlier]
    with pytest.raises(CommandError, match="still needed"):
        call_command("reseal_secrets", "--look")
    call_command("reseal_secrets")
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "mfa: 2 secrets, 2 sealed anew",
        "webhook: 1 secrets, 1 sealed anew",
    ]
    settings.SECRET_KEY_FALLBACKS = []
    call_command("reseal_secrets", "--look")
    app = Authenticator.objects.get(user=ada, type="totp")
    assert sealed.unseal(app.data["secret"], purpose="mfa") == "ABCDEFGHIJKLMNOP"
    kept = Authenticator.objects.get(user=ada, type="recovery_codes")
    assert RecoveryCodes(kept).get_unused_codes() == codes
    secret.refresh_from_db()
    assert sealed.unseal(secret.sealed, purpose="webhook") == "whsec_1"


def test_every_purpose_that_is_sealed_is_found_by_a_rotation() -> None:
    assert set(sealed._keepers) == {"mfa", "webhook"}
