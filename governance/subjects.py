"""Finding a record by the reference people know it by, among what they may see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.urls import Resolver404, resolve


def by_reference(user: Any, reference: str) -> Model | None:
    """The record of any app with this reference that the person may see; None where there is none.

    Below-ladder apps own the records; here they are met only as models with `ref` and `visible_to`.
    """
    reference = reference.strip()
    if not reference:
        return None
    return _among(apps.get_models(), user, reference)


def reference_on(user: Any, path: str) -> str:
    """The reference of the record that a page of this site is about; empty where it is of none.

    The page's route names it, and the models of the app that serves the page are asked.
    """
    try:
        match = resolve(path.partition("?")[0])
    except (Resolver404, ValueError):
        return ""
    reference = str(match.kwargs.get("ref", ""))[:60]
    app = apps.get_containing_app_config(match.func.__module__)
    if not reference or app is None:
        return ""
    found = _among(app.get_models(), user, reference)
    return str(getattr(found, "ref", ""))


def _among(models: Iterable[type[Model]], user: Any, reference: str) -> Model | None:
    for model in models:
        manager: Any = model._default_manager
        if not _has_ref(model) or not hasattr(manager.all(), "visible_to"):
            continue
        found: Model | None = manager.all().visible_to(user).filter(ref__iexact=reference).first()
        if found is not None:
            return found
    return None


def shown_to(user: Any, subject_type: str, pk: int | None) -> Model | None:
    """The record of this type and key that the person may see and that has a page of its own."""
    if not subject_type or pk is None:
        return None
    model = apps.get_model(subject_type)
    manager: Any = model._default_manager
    if not hasattr(model, "get_absolute_url") or not hasattr(manager.all(), "visible_to"):
        return None
    found: Model | None = manager.all().visible_to(user).filter(pk=pk).first()
    return found


def _has_ref(model: type[Model]) -> bool:
    try:
        model._meta.get_field("ref")
    except FieldDoesNotExist:
        return False
    return not model.__name__.startswith("Historical")
