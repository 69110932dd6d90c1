"""What an autosave view answers: saved, or that someone else saved in between."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from django.conf import settings
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.views.decorators.http import require_POST

from fellowship.kernel import time
from fellowship.kernel.refusals import Refused
from fellowship.kernel.saying import say
from fellowship.web.actions import status_of

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def view(save: View) -> View:
    """A view that takes an autosave by POST, and says in words why it does not.

    Whoever is signed out gets 401 with the way to sign in, never a redirect; a refusal its reason.
    """

    @functools.wraps(save)
    @require_POST
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            sign_in = resolve_url(settings.LOGIN_URL)
            return JsonResponse({"text": say("you are signed out"), "sign_in": sign_in}, status=401)
        try:
            return save(request, *args, **kwargs)
        except Refused as refused:
            text = refused.refusal.reason.rstrip(".")
            return JsonResponse({"text": text}, status=status_of(refused.refusal))

    return cast("View", answer)


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
