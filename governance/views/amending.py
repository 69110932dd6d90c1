"""The page on which a request before the board is changed."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from fellowship.web.actions import form_verb
from fellowship.web.shortcuts import visible_or_404
from governance import services
from governance.forms.exceptions import AmendForm
from governance.models import ExceptionRecord
from governance.policy import exceptions as policy
from governance.views.common import person, posted

KEPT = ("title", "rationale", "risk", "compensating_measure", "measure_test")


@login_required
def amend(request: HttpRequest, ref: str) -> HttpResponse:
    """Change what is asked for, and say why."""
    rows = ExceptionRecord.objects.select_related("program")
    exception = visible_or_404(rows, request.user, ref=ref)
    if policy.may_amend(exception, person(request)):
        raise Http404
    calendar = exception.program.calendar()
    initial: dict[str, Any] = {name: getattr(exception, name) for name in KEPT}
    initial["expires_on"] = calendar.local(exception.expires_at).date()
    form = AmendForm(posted(request), initial=initial)

    def call() -> ExceptionRecord:
        data = dict(form.cleaned_data)
        expires_at = calendar.end_of_day(data.pop("expires_on"))
        return services.amend_exception(
            exception=exception, by=person(request), expires_at=expires_at, **data
        )

    return form_verb(
        request,
        form,
        call,
        template="governance/exception_amend.html",
        context=lambda: {"exception": exception},
        to=exception.get_absolute_url(),
        success="Changed. The dossier is sealed anew; members who had voted are asked again.",
    )
