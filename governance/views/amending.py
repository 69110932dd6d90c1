"""The pages on which a request before the board is changed, and a measure's test recorded."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.actions import form_verb
from fellowship.web.shortcuts import visible_or_404
from governance import services
from governance.forms.exceptions import AmendForm, MeasureForm
from governance.models import ExceptionRecord, MeasureTest
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
    initial["expires_on"] = calendar.last_day(exception.expires_at)
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
        success=say("Changed. The dossier is sealed anew; members who had voted are asked again."),
    )


@login_required
def test(request: HttpRequest, ref: str) -> HttpResponse:
    """Record a test of what makes up for it."""
    rows = ExceptionRecord.objects.select_related("program", "owner")
    exception = visible_or_404(rows, request.user, ref=ref)
    if policy.may_test(exception, person(request)):
        raise Http404
    form = MeasureForm(posted(request))

    def call() -> MeasureTest:
        data = dict(form.cleaned_data)
        day, calendar = data.pop("tested_at"), exception.program.calendar()
        today = exception.program.today()
        at = calendar.end_of_day(day) if day and day != today else now()
        return services.record_measure_test(
            exception=exception, by=person(request), tested_at=at, **data
        )

    return form_verb(
        request,
        form,
        call,
        template="governance/exception_test.html",
        context=lambda: {"exception": exception},
        to=exception.get_absolute_url(),
        success=say("Recorded."),
    )
