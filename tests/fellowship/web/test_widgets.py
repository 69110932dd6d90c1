"""Controls written without templates are Django's own, to the attribute."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.test.html import parse_html

from fellowship.web.widgets import Renderer

HOSTILE = '<script>alert("1")</script>&\''
CHOICES = [("", "Any"), ("a", HOSTILE), ("Group", [("b", "Bee"), (3, "Three")])]
WIDGETS: list[tuple[forms.Widget, list[Any]]] = [
    (forms.TextInput({"type": "search", "data-x": HOSTILE}), [None, "", "plain", HOSTILE, 0]),
    (forms.NumberInput({"min": 0}), [None, "3", 3]),
    (forms.EmailInput(), ["a@b.example"]),
    (forms.URLInput(), ["https://a.example/?b=1&c=2"]),
    (forms.HiddenInput(), ["x"]),
    (forms.DateInput(), ["2026-01-02"]),
    (forms.DateTimeInput(), ["2026-01-02 03:04"]),
    (forms.CheckboxInput({"required": True, "hidden": False}), [True, False, None]),
    (forms.Textarea({"rows": 3}), [None, "", f"\n{HOSTILE}\nline"]),
    (forms.Select(choices=CHOICES), [None, "", "a", "b", 3, "unknown"]),
    (forms.SelectMultiple(choices=CHOICES), [[], ["a", "b"]]),
    (forms.RadioSelect(choices=CHOICES[:2]), ["a"]),
]


@pytest.mark.parametrize("widget", [w for w, _ in WIDGETS], ids=lambda w: type(w).__name__)
def test_the_html_is_djangos(widget: forms.Widget) -> None:
    values = next(values for known, values in WIDGETS if known is widget)
    for value in values:
        ours = widget.render("n", value, {"id": "i"}, Renderer())
        theirs = widget.render("n", value, {"id": "i"}, DjangoTemplates())
        assert parse_html(ours) == parse_html(theirs), value
