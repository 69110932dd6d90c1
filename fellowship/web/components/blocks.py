"""Block tags: a card, a form, a table, a disclosure, a notice around what the page writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.template import Library
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from fellowship.web.components import marks


def register(library: Library) -> None:
    """Add the block tags to the library `ui`."""
    blocks: dict[str, Callable[..., SafeString]] = {
        "card": card,
        "table": table,
        "disclosure": disclosure,
        "notice": notice,
    }
    for name, block in blocks.items():
        library.simple_block_tag(block, end_name=f"end{name}", name=name)
    library.simple_block_tag(form, takes_context=True, end_name="endform", name="form")


def card(
    content: str,
    heading: str = "",
    *,
    small: bool = False,
    id: str = "",
    level: int = 0,
    tone: str = "",
    meta: str = "",
) -> SafeString:
    """A framed section with its heading."""
    level = level or 2
    note = format_html('<span class="meta">{}</span>', meta) if meta else ""
    size = "card-h small" if small else "card-h"
    head = (
        format_html(
            '<header class="{}"><h{}>{}</h{}>{}</header>', size, level, heading, level, note
        )
        if heading
        else ""
    )
    names = " ".join(n for n in ("card", "small" if small else "", tone) if n)
    return format_html(
        "<section{}>{}{}</section>", marks.attributes({"class": names, "id": id}), head, content
    )


def table(
    content: str,
    caption: str,
    *,
    hide_caption: bool = False,
    dense: bool = False,
    id: str = "",
) -> SafeString:
    """A table that becomes stacked rows on a phone."""
    return format_html(
        '<div class="table-frame"><table{}><caption{}>{}</caption>{}</table></div>',
        marks.attributes({"class": "stack dense" if dense else "stack", "id": id}),
        marks.attributes({"class": "visually-hidden" if hide_caption else ""}),
        caption,
        content,
    )


def disclosure(
    content: str,
    summary: str,
    *,
    open: bool = False,
    id: str = "",
) -> SafeString:
    """Something to open when wanted."""
    return format_html(
        '<details{}><summary>{}</summary><div class="disclosed">{}</div></details>',
        marks.attributes({"class": "disclosure", "open": open, "id": id}),
        summary,
        content,
    )


def notice(content: str, tone: str = "plain") -> SafeString:
    """A framed remark within the text."""
    return format_html('<div class="notice {}">{}</div>', tone, content)


def form(
    context: Context,
    content: str,
    url: str = "",
    *,
    label: str = "",
    id: str = "",
    files: bool = False,
    autosave: str = "",
    version: Any = None,
) -> SafeString:
    """A POST form with its tokens; with `label`, its button too."""
    attrs = marks.attributes(
        {
            "method": "post",
            "action": url,
            "id": id,
            "enctype": "multipart/form-data" if files else "",
            "novalidate": True,
            "data-once": True,
            "data-autosave": autosave,
            "data-person": _person(context) if autosave else "",
        }
    )
    button = (
        format_html('<div class="actions"><button class="btn">{}</button></div>', label)
        if label
        else ""
    )
    kept = (
        format_html('<input type="hidden" name="version" value="{}">', version)
        if version is not None
        else ""
    )
    # The line of the autosave stands from the start, so that its first word moves nothing.
    line = SafeString('<p class="saved" role="status"></p>') if autosave else ""
    return format_html(
        "<form{}>{}{}{}{}{}</form>",
        attrs,
        marks.tokens(context.get("request")),
        kept,
        content,
        button,
        line,
    )


def _person(context: Context) -> str:
    """Whose text a browser keeps: on a shared computer nobody is offered another's."""
    return str(getattr(getattr(context.get("request"), "user", None), "pk", None) or "")
