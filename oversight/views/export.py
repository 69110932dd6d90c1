"""The export of a programme's record, from the audit room."""

from __future__ import annotations

import datetime as dt
import tempfile
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase

from fellowship.history.seal import seal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.programs.models import Program
from fellowship.web.actions import form_page
from fellowship.web.tables import paginate
from oversight import services
from oversight.audit.scope import Scope
from oversight.export import bundle
from oversight.forms import ExportForm, midnight
from oversight.models import Extract
from oversight.views.audit import audited, pages


@audited
def export(request: HttpRequest, program: Program) -> HttpResponse:
    """The form and the exports made so far; a POST answers with the file."""
    form = ExportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made: Any = _file(request, program, form.cleaned_data)
        return made  # type: ignore[no-any-return]
    user: Any = request.user
    made_before = Extract.objects.visible_to(user).filter(program=program).select_related("person")
    page = paginate(request, made_before, per_page=25)
    context = {
        "program": program,
        "links": pages(program),
        "page": page,
        "made": [(extract, _bounds(extract)) for extract in page],
    }
    return form_page(request, "oversight/export.html", form, context)


def _bounds(extract: Extract) -> list[tuple[str, dt.datetime]]:
    """The instants that bound an export, in words."""
    words = (("from", "from"), ("to", "before"), ("as_of", "as of"))
    given = ((word, extract.scope.get(key)) for key, word in words)
    return [(word, dt.datetime.fromisoformat(value)) for word, value in given if value]


def _file(request: HttpRequest, program: Program, said: dict[str, Any]) -> HttpResponseBase:
    user: Any = request.user
    to_on, as_of = said["to_on"], said["as_of"]
    scope = Scope.of(
        program,
        user,
        from_at=midnight(said["from_on"]),
        to_at=midnight(to_on + dt.timedelta(days=1)) if to_on else None,
    )
    services.record_export(
        program=program,
        scope={**scope.said(), "as_of": as_of},
        file_format=said["file_format"],
        by=user,
    )
    seal()
    held = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    try:
        bundle.write(
            held, scope, file_format=said["file_format"], program=program.slug, as_of=as_of
        )
    except bundle.NothingSealed:
        held.close()
        refuse(Refusal("nothing_sealed", "Nothing is in the record yet."))
    held.seek(0)
    name = f"{program.slug}-{said['file_format']}-export.zip"
    return FileResponse(held, as_attachment=True, filename=name, content_type="application/zip")
