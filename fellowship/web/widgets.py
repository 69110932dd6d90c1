"""The controls most forms consist of, without templates: filters stand on every list."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.safestring import SafeString

from fellowship.web.markup import escaped, markup

Widget = Mapping[str, Any]
_FOLDER: Final = "django/forms/widgets/"


class Renderer(DjangoTemplates):
    """Django's own renderer, but for inputs, selects and text areas, whose HTML is the same."""

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> str:
        """The control as HTML."""
        plain = _PLAIN.get(template_name)
        if plain is None:
            return super().render(template_name, context, request)
        return plain(context["widget"])


def _attrs(widget: Widget) -> SafeString:
    return SafeString(
        "".join(
            markup(" {}", name) if value is True else markup(' {}="{}"', name, value)
            for name, value in widget["attrs"].items()
            if value is not False
        )
    )


def _input(widget: Widget) -> SafeString:
    value = widget["value"]
    return markup(
        '<input type="{}" name="{}"{}{}>',
        widget["type"],
        widget["name"],
        "" if value is None else markup(' value="{}"', value),
        _attrs(widget),
    )


def _textarea(widget: Widget) -> SafeString:
    text = widget["value"] or ""
    return markup('<textarea name="{}"{}>\n{}</textarea>', widget["name"], _attrs(widget), text)


def _select(widget: Widget) -> SafeString:
    options = "".join(
        _group(name, SafeString("".join(_option(option) for option in group)))
        for name, group, _ in widget["optgroups"]
    )
    opening = markup('<select name="{}"{}>', widget["name"], _attrs(widget))
    return SafeString(f"{opening}{options}</select>")


def _group(name: str | None, options: SafeString) -> str:
    return markup('<optgroup label="{}">{}</optgroup>', name, options) if name else options


def _option(option: Widget) -> str:
    if not option["attrs"] and isinstance(label := option["label"], str):
        return _plain_option(str(option["value"]), str(label))
    opening = markup('<option value="{}"{}>', option["value"], _attrs(option))
    return f"{opening}{escaped(option['label'])}</option>"


@functools.lru_cache(maxsize=4096)
def _plain_option(value: str, label: str) -> str:
    """An option that is not chosen: the same on every page, and often one of hundreds."""
    return markup('<option value="{}">{}</option>', value, label)


_PLAIN: Final[dict[str, Callable[[Widget], SafeString]]] = {
    **{
        f"{_FOLDER}{kind}.html": _input
        for kind in ("text", "number", "email", "url", "hidden", "date", "datetime", "checkbox")
    },
    f"{_FOLDER}textarea.html": _textarea,
    f"{_FOLDER}select.html": _select,
}
