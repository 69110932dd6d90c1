"""What is sent after the session ended comes back on every page, without secrets and choices."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

ALARM = "/escalations/new/"
WROTE = {"summary": "A key lies in the log.", "kind": "data_leak", "_once": "k", "version": "1"}


def test_every_page_gives_back_what_was_written() -> None:
    answer = Client().post(ALARM, WROTE)
    said = answer.content.decode()
    assert answer.status_code == 401
    assert [label in said for label in ("Summary", "A key lies in the log.", "Kind")] == [True] * 3
    assert (">Once<" in said, ">Version<" in said) == (False, False)
    assert f"/accounts/login/?next={ALARM}" in said
    assert "The file you chose" not in said


def test_a_buttons_reason_leads_back_to_the_page_it_stood_on() -> None:
    sent = {"reason": "Not for this case.", "_page": "/exceptions/EXC-1/"}
    said = Client().post("/exceptions/EXC-1/end/", sent).content.decode()
    assert "Not for this case." in said
    assert "/accounts/login/?next=/exceptions/EXC-1/" in said
    elsewhere = {**sent, "_page": "https://elsewhere.example/"}
    other = Client().post("/exceptions/EXC-1/end/", elsewhere).content.decode()
    assert "/accounts/login/?next=/exceptions/EXC-1/end/" in other
    assert "elsewhere.example" not in other


def test_what_is_chosen_is_not_kept_and_no_secret_is_shown() -> None:
    chosen = Client().post(ALARM, {"kind": "data_leak", "new_password": "three secret words"})
    assert (chosen.status_code, chosen["Location"]) == (302, f"/accounts/login/?next={ALARM}")
    written = Client().post(ALARM, {**WROTE, "new_password": "three secret words"})
    assert "three secret words" not in written.content.decode()


def test_a_fragment_is_sent_to_sign_in() -> None:
    answer = Client(headers={"HX-Request": "true"}).post(ALARM, WROTE)
    assert answer.status_code == 302
