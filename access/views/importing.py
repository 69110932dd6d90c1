"""A description made elsewhere, read and shown before anything is kept."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from access import rowforms
from access.catalogue_forms import DatasetForm, ImportForm
from access.importers import croissant
from access.views.catalogue import new_url, stewarded_one
from fellowship.web.actions import form_page


@login_required
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file; what was read comes back as the form of a new dataset, to be looked over."""
    program = stewarded_one(request)
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            found = croissant.read(form.cleaned_data["file"].read())
        except ValueError as error:
            form.add_error("file", ValidationError(str(error)))
        else:
            context = {
                "program": program,
                "new_url": new_url(program),
                "found": found,
                "form": DatasetForm(program=program, initial=_initial(found)),
            }
            return render(request, "access/dataset_new.html", context)
    return form_page(request, "access/dataset_import.html", form, {"program": program})


def _initial(found: croissant.Described) -> dict[str, Any]:
    names = ("name", "slug", "description", "licence", "citation", "version", "url")
    return {
        **{name: getattr(found, name) for name in names},
        **rowforms.FIELDS.initial(found.fields),
        "field_rows": len(found.fields),
    }
