"""What an autosave view answers: saved, or that someone else saved in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.forms import BaseForm
from django.http import JsonResponse
from django.utils import timezone

from fellowship.kernel import time


def saved(version: int) -> JsonResponse:
    """The draft was stored as `version`."""
    at = timezone.localtime(time.now())
    return JsonResponse({"version": version, "at": f"{at:%H:%M}"})


def stale(version: int, data: Mapping[str, Any]) -> JsonResponse:
    """409: the stored draft is now `version` with `data`, so this one was not stored."""
    return JsonResponse({"version": version, "data": dict(data)}, status=409)


def invalid(errors: Mapping[str, Any], form: BaseForm | None = None) -> JsonResponse:
    """422: a field cannot be stored as it is (too long, control characters); `text` names it."""
    named = {name: [str(error) for error in found] for name, found in errors.items()}
    labels = {name: str(field.label or name) for name, field in form.fields.items()} if form else {}
    text = " ".join(f"{labels.get(name, name)}: {' '.join(found)}" for name, found in named.items())
    return JsonResponse({"errors": named, "text": text}, status=422)
