"""One's own details and tokens, the roles page, and what sign-up asks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from fellowship.accounts import roles
from fellowship.accounts.adapter import AccountAdapter
from fellowship.accounts.forms import SignupForm
from fellowship.accounts.models import ApiToken, RoleAssignment, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.casing import sentence_case
from tests.scenarios.world import World, make_world


def client_of(world: World, name: str) -> Client:
    """A browser signed in as this person."""
    client = Client()
    client.force_login(world.fresh(name))
    return client


DETAILS = {
    "name": "Ada Nwosu",
    "affiliation": "",
    "orcid": "https://orcid.org/0000-0002-1825-0097",
    "time_zone": "Africa/Lagos",
}


def test_details_are_changed_and_normalised(world: World) -> None:
    client = client_of(world, "applicant")
    assert client.post("/accounts/profile/", DETAILS).status_code == 302
    user = world.fresh("applicant")
    assert (user.name, user.orcid, user.time_zone) == (
        "Ada Nwosu",
        "0000-0002-1825-0097",
        "Africa/Lagos",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 201),
        ("name", "a\x00b"),
        ("orcid", "0000-0002-1825-0098"),
        ("orcid", "x"),
        ("time_zone", "Mars/Olympus"),
        ("affiliation", "x" * 201),
    ],
)
def test_wrong_details_are_named_at_their_field(world: World, field: str, value: str) -> None:
    response = client_of(world, "applicant").post("/accounts/profile/", {**DETAILS, field: value})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert world.fresh("applicant").name == "Applicant"


def test_a_tokens_secret_is_shown_once_and_works_until_revoked(world: World) -> None:
    client = client_of(world, "manager")
    sent = {"name": "Notebook", "scopes": ["read"], "days": "30"}
    page = client.post("/accounts/tokens/", sent).content.decode()
    secret = page.split('<p class="mono">')[1].split("</p>")[0]
    assert secret.startswith("fel_")
    assert secret not in client.get("/accounts/tokens/").content.decode()
    bearer: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    assert Client().get("/api/v1/proposals/", **bearer).status_code == 200
    token = ApiToken.objects.get()
    assert (
        client_of(world, "applicant").post(f"/accounts/tokens/{token.pk}/revoke/").status_code
        == 404
    )
    assert client.post(f"/accounts/tokens/{token.pk}/revoke/").status_code == 302
    assert Client().get("/api/v1/proposals/", **bearer).status_code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("scopes", ["everything"]), ("scopes", []), ("days", "0"), ("days", "x")],
)
def test_wrong_tokens_are_not_made(world: World, field: str, value: Any) -> None:
    sent = {"name": "A", "scopes": ["read"], "days": "30", field: value}
    assert client_of(world, "manager").post("/accounts/tokens/", sent).status_code == 422
    assert ApiToken.objects.count() == 0


def grant(world: World, **changes: str) -> dict[str, str]:
    """A role for somebody, as the form sends it."""
    return {
        "realm": world.program.slug,
        "person": "stranger@example.org",
        "role": roles.MENTOR,
        "seat": "",
        "ends_at": "",
        "reason": "She joins the programme.",
        **changes,
    }


def test_an_administrator_grants_and_ends_roles_with_reasons(world: World) -> None:
    client = client_of(world, "admin")
    assert client.post("/accounts/roles/grant/", grant(world)).status_code == 302
    assert has_role(world.fresh("stranger"), world.program.pk, roles.MENTOR)
    held = RoleAssignment.objects.get(user=world.stranger)
    assert held.history.get().history_change_reason == "She joins the programme."
    url = f"/accounts/roles/{held.pk}/end/"
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "She left."}).status_code == 302
    assert not has_role(world.fresh("stranger"), world.program.pk, roles.MENTOR)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"person": "nobody@example.org"}, "person"),
        ({"role": "king"}, "role"),
        ({"realm": "elsewhere"}, "realm"),
        ({"reason": ""}, "reason"),
        ({"ends_at": "2001-01-01"}, "ends_at"),
        ({"role": roles.BOARD_MEMBER}, "seat"),
        ({"role": roles.BOARD_MEMBER, "seat": "legal"}, "seat"),
        ({"seat": "legal"}, "seat"),
        ({"person": "admin"}, "__all__"),
    ],
)
def test_wrong_grants_are_named_at_their_field(
    world: World, changes: dict[str, str], field: str
) -> None:
    before = RoleAssignment.objects.count()
    response = client_of(world, "admin").post("/accounts/roles/grant/", grant(world, **changes))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert RoleAssignment.objects.count() == before


def test_the_roles_page_is_for_administrators_of_that_realm(world: World) -> None:
    other = make_world("b")
    theirs = RoleAssignment.objects.filter(realm=other.program.realm).first()
    assert theirs is not None
    for name in ("manager", "chair", "applicant", "auditor"):
        assert client_of(world, name).get("/accounts/roles/").status_code == 404
    admin = client_of(world, "admin")
    assert b"@example.org" in admin.get("/accounts/roles/").content
    assert b"managerb@example.org" not in admin.get("/accounts/roles/").content
    assert admin.post(f"/accounts/roles/{theirs.pk}/end/", {"reason": "x"}).status_code == 404
    sent = grant(world, realm=other.program.slug)
    assert admin.post("/accounts/roles/grant/", sent).status_code == 422


def test_sign_up_asks_for_the_name_and_checks_the_orcid() -> None:
    assert list(SignupForm({"name": ""}).errors) == ["name"]
    form = SignupForm({"name": "Ada", "orcid": "0000-0002-1825-0098"})
    assert form.errors["orcid"] == [
        "The last character of this ORCID iD does not match the others."
    ]
    assert SignupForm({"name": "Ada"}).is_valid()


def test_signing_up_makes_a_person_without_a_role(db: None) -> None:
    sent = {
        "email": "new@example.org",
        "name": "Nia New",
        "affiliation": "Elsewhere",
        "orcid": "0000-0002-1825-0097",
        "time_zone": "Europe/Berlin",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
    }
    response = Client().post("/accounts/signup/", sent)
    assert response.status_code == 302, response.content
    user = User.objects.get(email="new@example.org")
    assert (user.name, user.orcid, user.time_zone) == (
        "Nia New",
        "0000-0002-1825-0097",
        "Europe/Berlin",
    )
    assert not user.role_assignments.exists()


@pytest.mark.parametrize(
    ("address", "heading", "labels"),
    [
        (
            "/accounts/password/change/",
            "Change password",
            ["Current password", "New password", "New password (again)"],
        ),
        ("/accounts/email/", "Email addresses", ["Email"]),
        ("/accounts/2fa/", "Two-factor authentication", []),
    ],
)
def test_the_pages_of_the_sign_in_package_are_in_sentence_case(
    world: World, address: str, heading: str, labels: list[str]
) -> None:
    page = client_of(world, "applicant").get(address).content.decode()
    (title,) = re.findall(r"<title>(.*?)</title>", page, re.DOTALL)
    assert " ".join(title.split()) == f"{heading} · Fellowship"
    assert re.findall(r"<h1[^>]*>\s*(.*?)\s*</h1>", page, re.DOTALL) == [heading]
    said = re.findall(r'<label for="id_[^"]*"[^>]*>\s*([^<]*?)\s*<', page)
    assert [label for label in labels if label not in said] == []
    shown = page[page.index("<main") : page.index("</main")]
    words = re.findall(r"<(?:h1|h2|label|button)\b[^>]*>\s*([^<]+)", shown)
    assert words
    assert [text for text in words if text.strip() != sentence_case(text)] == []


@pytest.mark.parametrize("address", ["/accounts/password/change/", "/accounts/signup/"])
def test_what_a_password_must_be_is_said_beforehand_as_it_is_asked(
    world: World, address: str
) -> None:
    client = client_of(world, "applicant") if "change" in address else Client()
    page = client.get(address).content.decode()
    (length,) = (
        rule["OPTIONS"]["min_length"]
        for rule in settings.AUTH_PASSWORD_VALIDATORS
        if "min_length" in rule.get("OPTIONS", {})
    )
    assert f"<li>Your password must contain at least {length} characters.</li>" in page
    assert "&lt;" not in page


def test_the_entrance_calls_its_fields_in_german(db: None) -> None:
    page = Client().get("/accounts/signup/", headers={"Accept-Language": "de"}).content.decode()
    said = re.findall(r'<label for="id_[^"]*"[^>]*>\s*([^<]*?)\s*<', page)
    assert said[:2] == ["E-Mail-Adresse", "Vollständiger Name"]


def test_a_password_is_reset_by_mail(world: World) -> None:
    client = Client()
    page = client.get("/accounts/password/reset/").content.decode()
    assert "E-mail address" in page
    wrong = client.post("/accounts/password/reset/", {"email": "nobody"}).content.decode()
    assert '<a href="#id_email">E-mail address: Enter a valid email address.</a>' in wrong
    assert 'value="nobody"' in wrong
    sent = client.post("/accounts/password/reset/", {"email": world.applicant.email})
    assert sent.status_code == 302
    assert [message.to for message in mail.outbox] == [[world.applicant.email]]


def test_mail_about_an_account_has_a_subject_in_sentence_case(world: World) -> None:
    assert AccountAdapter().format_email_subject("Password Reset Email") == "Password reset email"
    assert sentence_case("ORCID iD and QR code") == "ORCID iD and QR code"
