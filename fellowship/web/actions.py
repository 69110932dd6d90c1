"""How a view performs a service verb: as a form, or as one button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.saying import say
from fellowship.web.components.times import localised

T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., HttpResponse])

REASON_MAX = 5_000
"""Signs of a reason given with a button."""


def attempt(form: BaseForm, call: Callable[[], T]) -> T | None:
    """The result of `call`; None where it was refused, with the reason on the form or its field."""
    try:
        return call()
    except Refused as refused:
        place(form, refused.refusal)
    except ValidationError as error:
        form.add_error(None, error)
    return None


def place(form: BaseForm, refusal: Refusal) -> None:
    """Put a refusal where the person can act on it.

    A form that asks under another name what the verb takes says so in `asked_as`: verb's to form's.
    What is asked as a whole takes what is said of a part of it: `tiers.public.0` of `tiers.public`.
    """
    asked, at = getattr(form, "asked_as", {}), refusal.field
    while at not in asked and "." in at:
        at = at.rpartition(".")[0]
    name = asked.get(at, refusal.field)
    field = name if name in form.fields else None
    form.add_error(field, ValidationError(localised(refusal.reason), code=refusal.code))


def act(
    request: HttpRequest,
    call: Callable[[], Any],
    *,
    to: str | Callable[[Any], str],
    success: str = "",
) -> HttpResponse:
    """Perform a verb and go on to `to` (a URL, or a function of the result), saying `success`.

    A refusal passes through: the middleware answers it with its reason.
    """
    result = call()
    if success:
        messages.success(request, success)
    return redirect(to(result) if callable(to) else to)


def reason_of(request: HttpRequest) -> str:
    """The reason a button asked for, as services take it.

    Too long a one is refused at its field rather than cut: nothing typed is lost.
    """
    given = request.POST.get("reason", "").replace("\x00", "").strip()
    if len(given) > REASON_MAX:
        said = say(
            "Write at most {REASON_MAX:,} characters: this has {n:,}.",
            REASON_MAX=REASON_MAX,
            n=len(given),
        )
        raise Refused(Refusal("too_long", said, field="reason"))
    return given


def verb(view: View) -> View:
    """A view that performs a verb: for people signed in, by POST only."""
    return login_required(require_POST(view))


def form_page(
    request: HttpRequest,
    template: str,
    form: BaseForm,
    context: dict[str, Any] | None = None,
) -> HttpResponse:
    """The page of a form: 422 where it comes back with errors, so that no one takes it for done."""
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {**(context or {}), "form": form}, status=status)


def form_verb(
    request: HttpRequest,
    form: BaseForm,
    call: Callable[[], T],
    *,
    template: str,
    context: Callable[[], dict[str, Any]],
    to: str | Callable[[T], str],
    success: str = "",
) -> HttpResponse:
    """A verb that takes a form: performed where a valid form was sent, else the form's page.

    Afterwards on to `to` as `act` goes, saying `success`; where it was refused or the form is
    wrong, the page again, whose `context` is asked only then.
    """
    if request.method == "POST" and form.is_valid():
        done = attempt(form, call)
        if done is not None:
            if success:
                messages.success(request, success)
            return redirect(to(done) if callable(to) else to)
    return form_page(request, template, form, context())


def status_of(refusal: Refusal) -> int:
    """403 where the person may never do it, 409 where it is the case's state that forbids it."""
    return 403 if refusal.personal else 409
