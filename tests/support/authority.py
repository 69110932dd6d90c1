"""Each policy asked as somebody without any part, of each record in each state it may be in."""

from __future__ import annotations

import copy
import datetime as dt
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, Final, get_type_hints

from django.apps import apps
from django.conf import settings
from django.db import models

from fellowship.accounts.models import User
from fellowship.kernel.moves import TABLES
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.time import now

Policy = Callable[..., Refusal | None]
GIVEN: Final[dict[str, Callable[[], Any]]] = {
    "<class 'str'>": lambda: "x",
    "<class 'datetime.datetime'>": now,
    "<class 'datetime.date'>": lambda: now().date(),
}
"""What stands for an argument beside record and person, by its annotation."""
NAMED: Final = {"track": "policy"}
"""What stands for a text that is one of a few, by its name."""


def policies() -> dict[str, Policy]:
    """Every function that says why `by` may not do something with a record, by its name."""
    found: dict[str, Policy] = {}
    for app in ("fellowship", *(a for a in settings.INSTALLED_APPS if "." not in a)):
        package = importlib.import_module(app.removesuffix(".apps"))
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "policy" not in module.name.rpartition(".")[0] + module.name.rpartition(".")[2]:
                continue
            for name, function in vars(importlib.import_module(module.name)).items():
                own = getattr(function, "__module__", "") == module.name
                if own and name.startswith("may_") and _actor(function):
                    found[f"{module.name}.{name}"] = function
    return found


def _actor(function: Policy) -> str:
    names = inspect.signature(function).parameters if inspect.isfunction(function) else {}
    return next((name for name in ("by", "user") if name in names), "")


def answers(policy: Policy, person: User) -> Iterator[Refusal | None]:
    """What the policy says to the person; nothing where it takes what is not known here."""
    about, given = "", {_actor(policy): person}
    hints = _hints(policy)
    for name, one in inspect.signature(policy).parameters.items():
        kind = hints.get(name)
        if name in given or one.default is not inspect.Parameter.empty or name == "verb":
            continue
        if isinstance(kind, type) and issubclass(kind, models.Model) and kind is not models.Model:
            if not about:
                about = name
                continue
            given[name] = kind._base_manager.first()
        elif name in NAMED:
            given[name] = NAMED[name]
        elif str(kind) in GIVEN:
            given[name] = GIVEN[str(kind)]()
        else:
            return
    for record in _in_each_state(hints[about]) if about else ():
        verbs = _verbs(record) if "verb" in hints else [{}]
        yield from (policy(**{about: record}, **given, **verb) for verb in verbs)


def _hints(policy: Policy) -> dict[str, Any]:
    known = {model.__name__: model for model in apps.get_models()}
    module = vars(importlib.import_module(policy.__module__))
    try:
        return get_type_hints(policy, {**known, **module})
    except NameError:
        return {}


def _verbs(record: models.Model) -> list[dict[str, str]]:
    """The verbs of lifecycles that know the state of the record."""
    state = getattr(record, "state", "")
    tables = [table for table in TABLES.values() if state in table.states]
    return [{"verb": verb} for verb in sorted({m.verb for t in tables for m in t.moves})]


def _in_each_state(model: type[models.Model]) -> Iterator[models.Model]:
    """A record as it is, then in memory in each other state and with each instant set or not."""
    for record in model._base_manager.order_by("pk")[:1]:
        yield record
        for field in model._meta.concrete_fields:
            if field.name in ("state", "status"):
                values: list[Any] = [value for value, _ in field.choices or ()]
            elif isinstance(field, models.DateTimeField) and field.null:
                values = [None if getattr(record, field.name) else now() - dt.timedelta(hours=1)]
            else:
                continue
            for value in values:
                other = copy.copy(record)
                setattr(other, field.name, value)
                yield other
