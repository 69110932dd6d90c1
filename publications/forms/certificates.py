"""A certificate to check: as a file, or pasted."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from fellowship.kernel.saying import say
from fellowship.web import forms
from publications.certificate.checking import LARGEST


class CheckForm(forms.Form):
    """The JSON of a certificate."""

    file = forms.UploadField(
        label=say("The certificate’s JSON file"),
        extensions=("json",),
        max_megabytes=1,
        required=False,
    )
    text = forms.Text(
        label=say("Or its content"),
        max_length=LARGEST,
        required=False,
        help_text=say("All of it, as it is."),
    )

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        data = super().clean() or {}
        if not self.errors and not data.get("file") and not (data.get("text") or "").strip():
            self.add_error("file", django_forms.ValidationError(say("Choose a file, or paste it.")))
        return data

    def content(self) -> bytes:
        """What was given, at most one byte more than is taken."""
        file = self.cleaned_data.get("file")
        given: bytes = file.read(LARGEST + 1) if file else self.cleaned_data["text"].encode()
        return given
