"""Typed parameters: what fits is read back the same, what does not is refused by name."""

from __future__ import annotations

import ast
import copy
import dataclasses
import json
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.kernel.worktime import Window
from governance import founding
from governance.publication_terms import GROUNDS
from governance.rulekinds import KINDS, BadParameter, as_json, read_params
from governance.states import RuleKind


@pytest.mark.parametrize("kind", RuleKind.values)
def test_founding_parameters_survive_being_stored_as_json(kind: str) -> None:
    stored = json.loads(json.dumps(founding.parameters(kind)))
    assert as_json(read_params(kind, stored)) == stored


@pytest.mark.parametrize("kind", RuleKind.values)
def test_every_kind_has_a_founding_text(kind: str) -> None:
    assert len(founding.prose(kind)) > 200
    assert set(KINDS) == set(RuleKind.values)


@pytest.mark.parametrize("kind", RuleKind.values)
def test_each_missing_and_each_unknown_parameter_is_named(kind: str) -> None:
    for key in founding.parameters(kind):
        without = founding.parameters(kind)
        del without[key]
        with pytest.raises(BadParameter, match=f"{key}: is missing"):
            read_params(kind, without)
    with pytest.raises(BadParameter, match="extra: is not a known parameter"):
        read_params(kind, {**founding.parameters(kind), "extra": 1})


APPS = ("governance", "proposals", "scoping", "access", "findings", "publications", "oversight")
DECLARED = ("parameters.py", "founding", "whatif")
"""Where a parameter stands without binding anybody."""
PROMISES = {"CodeClauses.retaliation"}
"""What has one value alone and is read by people."""


def test_every_parameter_is_asked_for_somewhere() -> None:
    root = Path(__file__).resolve().parents[2]
    asked: set[str] = set()
    for top in ("fellowship", *APPS):
        for path in (root / top).rglob("*.py"):
            if "migrations" not in path.parts and not any(part in path.name for part in DECLARED):
                asked |= _names(ast.parse(path.read_text()))
    for path in (root / "templates").rglob("*.html"):
        asked |= set(re.findall(r"\.(\w+)", path.read_text()))
    held = {
        f"{cls.__name__}.{field.name}"
        for cls in _parameters(*KINDS.values())
        for field in dataclasses.fields(cls)
        if field.type not in ("str", "tuple[str, ...]") and field.name not in asked
    }
    assert held == PROMISES, "a rule that binds nobody is for show"


def _names(tree: ast.AST) -> set[str]:
    """Attributes that are read, not to check them, and texts that may name one for `getattr`."""
    checks = [n for n in ast.walk(tree) if getattr(n, "name", "") == "__post_init__"]
    nodes = set(ast.walk(tree)) - {inner for check in checks for inner in ast.walk(check)}
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    texts = (node.value for node in nodes if isinstance(node, ast.Constant))
    return read | {text for text in texts if isinstance(text, str)}


def _parameters(*classes: Any) -> Iterator[Any]:
    """The dataclasses of parameters, and those within them."""
    for cls in classes:
        yield cls
        for hint in typing.get_type_hints(cls).values():
            inner = [hint, *typing.get_args(hint)]
            yield from _parameters(*(one for one in inner if dataclasses.is_dataclass(one)))


def changed(kind: str, value: Any, *path: str | int) -> dict[str, Any]:
    parameters = copy.deepcopy(founding.parameters(kind))
    target: Any = parameters
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return parameters


@pytest.mark.parametrize(
    ("kind", "value", "path", "message"),
    [
        ("publication_policy", "soon", ("windows", "methods"), "windows.methods: “soon” is not"),
        ("publication_policy", "hold", ("silence",), "silence: must be one of release"),
        ("publication_policy", {}, ("grounds", "taste"), "grounds.taste.meaning: is missing"),
        ("publication_policy", [], ("grounds", "personal_data", "counts"), "personal_data.counts:"),
        ("publication_policy", 2, ("extension", "at_most_times"), "extension.at_most_times: must"),
        (
            "publication_policy",
            "60 calendar days",
            ("extension", "vulnerability"),
            "extension.vulnerability: must not go beyond",
        ),
        (
            "publication_policy",
            "31 working days",
            ("windows", "methods"),
            "windows.methods: must not be longer than 30 working days",
        ),
        (
            "publication_policy",
            "sometimes",
            ("code_of_practice", "retaliation"),
            "code_of_practice.retaliation: must be one of never",
        ),
        ("data_handling", "maybe", ("tiers", "public", "export"), "tiers.public.export: must be"),
        ("governance_health", 101, ("most_hasty_percent",), "most_hasty_percent: must be a perc"),
        ("governance_health", 0, ("looks_back_days",), "looks_back_days: must be at least 1"),
        ("governance_health", 90_000, ("hasty_seconds",), "hasty_seconds: must be within a day"),
        ("governance_health", 4_000, ("unowned_days",), "unowned_days: must be within ten"),
        ("data_handling", ["king"], ("tiers", "public", "approvers"), "approvers: king is no role"),
        ("review_rubric", 34, ("criteria", 0, "weight"), "criteria: must have weights that add"),
        (
            "review_rubric",
            ["a"],
            ("criteria", 1, "anchors"),
            r"criteria\[1\].anchors: must be",
        ),
        ("severity_clocks", {}, ("severities", "high"), "severities.high.acknowledge: is missing"),
        ("exceptions", "30", ("terms", "other", "longest_days"), "longest_days: must be a whole"),
        ("exceptions", True, ("terms", "other", "longest_days"), "longest_days: must be a whole"),
        ("exceptions", -1, ("terms", "other", "longest_days"), "must not be negative"),
        ("exceptions", [1, 7], ("reminder_days",), "reminder_days: must fall"),
        ("stage_standards", "king", ("stages", "scope", "owner_role"), "owner_role: is no role"),
        ("publication_policy", "13 weeks", ("alarm_hold",), "alarm_hold: “13 weeks” is not"),
        ("publication_policy", "91 calendar days", ("alarm_hold",), "alarm_hold: must not go"),
        ("identity", "yes", ("company_sign_in_counts",), "counts: must be yes or no"),
        (
            "ballot_rules",
            "half",
            ("matters", "governance.rule", "threshold"),
            "matters.governance.rule.threshold: must read like",
        ),
        (
            "ballot_rules",
            ["throne"],
            ("matters", "governance.rule", "blocking"),
            "matters.governance.rule.blocking: throne is no seat",
        ),
        (
            "ballot_rules",
            "6",
            ("matters", "governance.rule", "quorum"),
            "matters.governance.rule.quorum: asks for more seats",
        ),
    ],
)
def test_a_misfit_is_refused_by_name(
    kind: str, value: Any, path: tuple[str | int, ...], message: str
) -> None:
    with pytest.raises(BadParameter, match=message):
        read_params(kind, changed(kind, value, *path))


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.sampled_from(RuleKind.values), junk)
def test_nonsense_is_refused_and_never_an_error(kind: str, value: Any) -> None:
    with pytest.raises(BadParameter):
        read_params(kind, value)


@given(st.sampled_from(RuleKind.values), st.data())
def test_a_parameter_replaced_by_nonsense_is_refused_by_name(kind: str, data: Any) -> None:
    parameters = founding.parameters(kind)
    key = data.draw(st.sampled_from(sorted(parameters)))
    odd = {"nonsense": data.draw(junk)}
    with pytest.raises(BadParameter) as caught:
        read_params(kind, {**parameters, key: odd})
    assert caught.value.path.startswith(key)


def test_what_the_programme_promises_in_numbers() -> None:
    policy = founding.publication_policy()
    assert policy.windows.methods == Window(30, "calendar_days")
    assert policy.windows.vulnerability == Window(45, "calendar_days")
    assert policy.windows.vulnerability_extended == Window(90, "calendar_days")
    assert policy.windows.restricted == Window(60, "calendar_days")
    assert policy.silence_escalates_for == ("vulnerability", "restricted")
    assert policy.extension.at_most_times == 1
    assert policy.code_of_practice.longest_hold == Window(30, "working_days")
    assert list(policy.grounds) == list(GROUNDS)


def test_the_closed_list_takes_no_fifth_ground_and_drops_none() -> None:
    grounds = founding.parameters("publication_policy")["grounds"]
    fifth = {**grounds, "taste": grounds["personal_data"]}
    three = {key: value for key, value in grounds.items() if key != "personal_data"}
    for odd, text in ((fifth, "grounds.taste: is no ground"), (three, "personal_data: is missing")):
        with pytest.raises(BadParameter, match=text):
            read_params("publication_policy", changed("publication_policy", odd, "grounds"))


@pytest.mark.parametrize("kind", RuleKind.values)
def test_parameters_are_read_in_their_written_order_whatever_the_database_made_of_it(
    kind: str,
) -> None:
    """jsonb sorts keys by their length; SQLite keeps the order in which they came."""

    def sorted_as_jsonb(value: Any) -> Any:
        if isinstance(value, dict):
            keys = sorted(value, key=lambda key: (len(key), key))
            return {key: sorted_as_jsonb(value[key]) for key in keys}
        return [sorted_as_jsonb(item) for item in value] if isinstance(value, list) else value

    written = founding.parameters(kind)
    kept = {**sorted_as_jsonb(written), "a": 1}
    assert json.dumps(founding.in_order(kind, kept)) == json.dumps({**written, "a": 1})
