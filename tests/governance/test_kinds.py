"""One handler per kind, checked when the system starts."""

from __future__ import annotations

import pytest
from django.core.checks import Error, Warning

from governance import kinds
from governance.models import RuleVersion
from tests.governance.conftest import RenameKind
from tests.scenarios.world import World


class Twin(RenameKind):
    """A second handler of the same kind."""


def test_what_is_registered_passes() -> None:
    assert kinds.each_kind_has_one_handler() == []


def test_importing_twice_registers_once(rename: RenameKind) -> None:
    kinds.register(RenameKind())
    assert kinds.get(rename.key) is rename


def test_two_handlers_fail_the_check(rename: RenameKind) -> None:
    kinds.register(Twin())
    assert [message.id for message in kinds.each_kind_has_one_handler()] == ["governance.E001"]
    with pytest.raises(LookupError, match="has 2 handlers"):
        kinds.get(rename.key)


def test_a_kind_without_a_subject_or_a_name_fails_the_check(
    rename: RenameKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RenameKind, "subject_model", "programs.nothing")
    monkeypatch.setitem(kinds._kinds, "Nameless", [RenameKind()])
    assert sorted(message.id or "" for message in kinds.each_kind_has_one_handler()) == [
        "governance.E002",
        "governance.E003",
        "governance.E003",
    ]


def test_no_handler_is_an_error() -> None:
    with pytest.raises(LookupError, match="has 0 handlers"):
        kinds.get("no.such")


def test_rules_and_kinds_are_held_against_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = kinds.each_ruled_kind_exists
    assert check(databases=["default"]) == []
    assert check() == []
    monkeypatch.setitem(kinds._kinds, "tests.new", [RenameKind()])
    monkeypatch.delitem(kinds._kinds, "tests.rename")
    assert RuleVersion.objects.filter(kind="ballot_rules").count() == 1
    found = check(databases=["default"])
    assert [(type(m), m.id) for m in found] == [
        (Error, "governance.E004"),
        (Warning, "governance.W001"),
    ]
