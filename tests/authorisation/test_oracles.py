"""No answer tells who has an account: whom one may not name does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.test import Client
from django.urls import get_resolver
from rest_framework import serializers

from fellowship.accounts.forms import Naming, PersonField
from fellowship.accounts.models import User
from fellowship.programs.services import close_call
from fellowship.web.api import Person
from fellowship.web.api.viewsets import Input
from tests.scenarios.world import World, make_person

pytestmark = pytest.mark.django_db


def _sent(world: World, who: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    client = Client()
    client.force_login(world.fresh(who))
    answer = client.post(f"/api/v1/{path}", body, content_type="application/json")
    said = answer.json()
    said.pop("instance", None)
    said.pop("request_id", None)
    return answer.status_code, said


EXCEPTION = {
    "rationale": "It serves.",
    "risk": "Some.",
    "compensating_measure": "A second look.",
    "measure_test": "Each week.",
    "expires_at": "2099-01-01T00:00:00Z",
}


@pytest.mark.parametrize("who", ["stranger", "applicant", "steward"])
def test_an_address_nobody_has_and_that_of_somebody_elsewhere_are_answered_alike(
    world: World, who: str
) -> None:
    """Asked for data with an exception: its owner is looked up by e-mail."""
    outsider = make_person("outsider")
    asked = {
        "fellowship": "FEL-0000-000",
        "dataset": "none",
        "operations": [],
        "purpose": "x",
        "why_less_would_not_do": "x",
        "starts_on": "2099-01-01",
        "ends_on": "2099-01-02",
    }
    answers = [
        _sent(world, who, "access/requests/", asked | {"excepting": EXCEPTION | {"owner": owner}})
        for owner in (outsider.email, world.other_applicant.email, "nobody@example.org")
    ]
    assert answers[0][0] == 400
    assert "Nobody whom you may name" in str(answers[0])
    assert answers[0] == answers[1] == answers[2]


def test_a_short_name_nobody_has_and_that_of_somebody_elsewhere_are_answered_alike(
    world: World,
) -> None:
    outsider = make_person("outsider")
    asked = EXCEPTION | {"program": world.program.slug, "title": "One"}
    asked |= {"kind": "control_not_implemented"}
    names = (outsider.username, world.other_applicant.username, "no-such-person")
    answers = [_sent(world, "manager", "exceptions/", asked | {"owner": name}) for name in names]
    assert "Nobody whom you may name" in str(answers[0])
    assert answers[0] == answers[1] == answers[2]


def _kinds(of: type[Any]) -> Iterator[type[Any]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _kinds(kind)


def _single(field: Any) -> Any:
    """What judges one person in a field of many."""
    return getattr(field, "child", None) or getattr(field, "child_relation", None) or field


def _people_fields() -> dict[str, Any]:
    """Every field of a body that names a person."""
    assert get_resolver().url_patterns
    return {
        f"{kind.__module__}.{kind.__name__}.{name}": _single(field)
        for kind in _kinds(Input)
        for name, field in getattr(kind, "_declared_fields", {}).items()
        if isinstance(_single(field), Person | serializers.SlugRelatedField)
        and (isinstance(_single(field), Person) or _single(field).slug_field == "username")
    }


def test_whoever_is_named_in_a_body_is_sought_among_those_one_may_name(world: World) -> None:
    """All fields for people: somebody elsewhere is answered as nobody is, whoever asks."""
    elsewhere, fields = make_person("outsider"), _people_fields()
    assert len(fields) > 6
    for who in ("stranger", "applicant", "manager"):
        context = {"request": SimpleNamespace(user=world.fresh(who))}
        for name, field in fields.items():
            assert isinstance(field, Person), name
            made = field.__deepcopy__({})
            made.parent = SimpleNamespace(parent=None, _context=context)
            said = set()
            for one in (elsewhere.username, world.other_applicant.username, "no-such-person"):
                with pytest.raises((serializers.ValidationError, forms.ValidationError)) as error:
                    made.run_validation(one)
                said.add(str(error.value).replace(one, "…"))
            assert len(said) == 1, name


def test_every_form_that_names_people_says_who_asks() -> None:
    assert get_resolver().url_patterns
    naming = {
        kind
        for kind in _kinds(forms.BaseForm)
        if any(isinstance(f, PersonField) for f in getattr(kind, "base_fields", {}).values())
    }
    assert len(naming) > 5
    assert {kind for kind in naming if not issubclass(kind, Naming)} == set()


@pytest.mark.parametrize(
    ("who", "whom", "found"),
    [
        ("stranger", "manager", False),
        ("applicant", "manager", False),
        ("steward", "manager", True),
        ("steward", "stranger", False),
        ("chair", "applicant", False),
        ("admin", "stranger", True),
    ],
)
def test_a_form_finds_whom_one_may_name(world: World, who: str, whom: str, found: bool) -> None:
    """Only who gives roles to newcomers finds those without one."""
    field, person = PersonField(), world.people[whom]
    field.by = world.fresh(who)
    for name in (person.email.upper(), person.username):
        if found:
            assert field.clean(name) == person
        else:
            with pytest.raises(forms.ValidationError, match="Nobody whom you may name"):
                field.clean(name)


GRANT = {"realm": "meridian", "role": "mentor", "reason": "x", "starts_at": None}
NAMED = {"program": "meridian", "source": "gateway", "identity": "x"}


@pytest.mark.parametrize(
    ("path", "field", "body"),
    [
        ("role-assignments/", "person", GRANT),
        ("programmes/", "sponsor", {"name": "Two", "slug": "two", "purpose": "x", "zone": "UTC"}),
        ("access/names/", "person", NAMED),
    ],
)
@pytest.mark.parametrize("who", ["stranger", "auditor"])
def test_the_body_of_a_page_s_form_tells_no_more(
    world: World, who: str, path: str, field: str, body: dict[str, Any]
) -> None:
    outsider: User = make_person("outsider")
    answers = [
        _sent(world, who, path, {k: v for k, v in body.items() if v} | {field: name})
        for name in (outsider.email, outsider.username, "nobody@example.org")
    ]
    assert answers[0][0] == 400
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("verb", ["publish", "close", "reopen", "extend"])
def test_what_is_done_already_is_no_answer_to_a_stranger(world: World, verb: str) -> None:
    """The policy is asked before it is seen that nothing is left to do."""
    call = world.call
    if verb == "close":
        close_call(call=call, by=world.manager, reason="x")
    body = {"reason": "x", "closes_at": call.closes_at.isoformat()}
    body = body if verb != "publish" else {}
    body = {"reason": "x"} if verb == "close" else body
    status, said = _sent(world, "stranger", f"calls/{call.ref}/{verb}/", body)
    assert status == 403, said
