"""Paired facts are constraints: of `decided_at` and `decided_by` both are set, or neither.

Found by introspection. The model's check constraints, taken together, are evaluated on the four
ways in which the two can be set, whatever the other columns they speak of may hold; and the
database is asked whether it has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.models import Q

from tests.test_ladder import RUNG

Model = type[models.Model]

# Facts always known in time whose person is empty when a rule or a service acted. The event that
# recorded them names that actor; there is no empty time to pair the person with.
BY_A_RULE_WHEN_EMPTY = {
    "governance.matter.referred_by",
    "governance.dossier.sealed_by",
    "proposals.assignment.assigned_by",
}


def facts() -> Iterator[tuple[Model, str, str]]:
    """Every model of ours with fields `x_at` and `x_by` of which either may be empty."""
    for model in apps.get_models():
        ours = apps.get_app_config(model._meta.app_label).name in RUNG
        if not ours or hasattr(model, "instance_type"):
            continue
        fields = {field.name: field for field in model._meta.concrete_fields}
        for name, at in fields.items():
            by = fields.get(f"{name.removesuffix('_at')}_by") if name.endswith("_at") else None
            if by is not None and (at.null or by.null):
                yield model, at.name, by.name


def checks(model: Model, *names: str) -> list[models.CheckConstraint]:
    """The check constraints that speak of any of these fields."""
    return [
        constraint
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint)
        and any(_field(child) in names for child in _leaves(constraint.condition))
    ]


def _leaves(condition: Q) -> Iterator[tuple[str, Any]]:
    for child in condition.children:
        if isinstance(child, Q):
            yield from _leaves(child)
        else:
            yield child


def _field(leaf: tuple[str, Any]) -> str:
    return leaf[0].split("__")[0].removesuffix("_id")


def _atom(leaf: tuple[str, Any]) -> tuple[str, bool]:
    """A comparison as a named fact and whether it affirms it: “x is empty”, or its own words."""
    name, value = leaf
    if value is None or value == "":
        return f"{_field(leaf)} is empty", True
    if name.endswith("__isnull"):
        return f"{_field(leaf)} is empty", bool(value)
    return repr(leaf), True


def _truth(condition: Any, known: Mapping[str, bool]) -> bool:
    if not isinstance(condition, Q):
        atom, affirms = _atom(condition)
        return known[atom] is affirms
    join = any if condition.connector == Q.OR else all
    return join(_truth(child, known) for child in condition.children) is not condition.negated


def ways(constraints: list[models.CheckConstraint], **fixed: bool) -> Iterator[bool]:
    """The truth of all constraints together, for every state of what is not fixed."""
    atoms = sorted({_atom(leaf)[0] for c in constraints for leaf in _leaves(c.condition)})
    given = {f"{name} is empty": empty for name, empty in fixed.items()}
    free = [atom for atom in atoms if atom not in given]
    for states in product((True, False), repeat=len(free)):
        known = {**given, **dict(zip(free, states, strict=True))}
        yield all(_truth(c.condition, known) for c in constraints)


def others(model: Model, constraints: list[models.CheckConstraint], *own: str) -> dict[str, bool]:
    """What else could name who did it, held empty: a decision of the board, a rule's label."""
    named = {_field(leaf) for c in constraints for leaf in _leaves(c.condition)} - set(own)
    return {
        name: True
        for name in named
        if model._meta.get_field(name).is_relation or name.endswith("_by_label")
    }


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "at", "by"), [*facts()] or [pytest.param(None, "", "")])
def test_both_are_set_or_neither(model: Model | None, at: str, by: str) -> None:
    if model is None:
        pytest.skip("no app with paired facts is installed")
    if f"{model._meta.label_lower}.{by}" in BY_A_RULE_WHEN_EMPTY:
        return
    constraints = checks(model, at, by)
    assert constraints, f"{model._meta.label}: nothing ties {at} to {by}"
    empty = others(model, constraints, at, by)
    assert any(ways(constraints, **{at: False, by: False})), "both together are refused"
    if model._meta.get_field(at).null:
        assert any(ways(constraints, **{at: True, by: True})), "neither is refused"
        assert not any(ways(constraints, **{at: True, by: False})), f"{by} may stand alone"
    assert not any(ways(constraints, **{at: False, by: True, **empty})), f"{at} may stand alone"
    with connection.cursor() as cursor:
        there = connection.introspection.get_constraints(cursor, model._meta.db_table)
    assert {constraint.name for constraint in constraints} <= set(there)


def test_exceptions_from_the_rule_exist_and_are_exceptions() -> None:
    assert {
        f"{model._meta.label_lower}.{by}"
        for model, at, by in facts()
        if not model._meta.get_field(at).null
    } >= BY_A_RULE_WHEN_EMPTY or not apps.is_installed("oversight")


class TestTheTestItself:
    """That it tells a constraint that holds from ones that do not."""

    both = Q(at=None, by=None) | Q(at__isnull=False, by__isnull=False)

    @staticmethod
    def refused(*conditions: Q) -> tuple[bool, bool]:
        made = [models.CheckConstraint(condition=q, name=str(i)) for i, q in enumerate(conditions)]
        return (
            not any(ways(made, at=False, by=True)),
            not any(ways(made, at=True, by=False)),
        )

    def test_both_or_neither(self) -> None:
        assert self.refused(self.both) == (True, True)
        assert self.refused(~~self.both) == (True, True)

    def test_one_sided(self) -> None:
        assert self.refused(Q(at=None) | Q(by__isnull=False)) == (True, False)

    def test_two_halves_make_a_whole(self) -> None:
        halves = Q(at=None) | Q(by__isnull=False), Q(by=None) | ~Q(at=None)
        assert self.refused(*halves) == (True, True)

    def test_a_state_that_lets_one_stand_alone(self) -> None:
        assert self.refused(self.both | Q(state="x")) == (False, False)
        assert self.refused(self.both & Q(state="x")) == (True, True)
