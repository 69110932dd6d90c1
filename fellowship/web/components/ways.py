"""Ways to go, which stand on every page: the navigation, the pages of a case, its stages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.safestring import SafeString

from fellowship.kernel.saying import say
from fellowship.web.components import marks
from fellowship.web.items import Link
from fellowship.web.markup import markup
from fellowship.web.nav import NavLink

_HERE = SafeString(' aria-current="page"')
_ABOVE = SafeString(' aria-current="true"')


def links(entries: Iterable[NavLink], *, listed: bool = False) -> SafeString:
    """The entries of a navigation; `listed` puts each into a list's item."""
    parts = (
        markup(
            '<a href="{}"{}>{}{}</a>',
            entry.url,
            _HERE if entry.current else "",
            entry.label,
            markup(' <span class="count">{}</span>', entry.count) if entry.count else "",
        )
        for entry in entries
    )
    return SafeString("".join(f"<li>{part}</li>" if listed else part for part in parts))


def subnav(entries: Sequence[Link], path: str) -> SafeString:
    """The pages of one case; the present one is marked, or the one that it lies under."""
    under = [
        (len(address), entry.url)
        for entry in entries
        for address in (entry.url, *entry.covers)
        if path.startswith(address)
    ]
    above = max(under)[1] if under else ""
    items = "".join(
        markup(
            '<li><a href="{}"{}>{}{}</a></li>',
            entry.url,
            _HERE if entry.url == path else _ABOVE if entry.url == above else "",
            entry.label,
            "" if entry.count is None else markup(' <span class="n">{}</span>', entry.count),
        )
        for entry in entries
    )
    frame = '<nav class="subnav" aria-label="{}"><ul>{}</ul></nav>'
    return markup(frame, say("This case"), SafeString(items))


def stages(current: str) -> SafeString:
    """The eight-stage strip; on phones a line that names the present stage."""
    strip = marks.stages(current)
    items = SafeString("".join(_stage(stage) for stage in strip))
    now = next((n for n, stage in enumerate(strip, 1) if stage.state == "now"), 0)
    line: SafeString | str = ""
    if now:
        line = _line(strip[now - 1].label, say("stage {now} of {all}", now=now, all=len(strip)))
    elif current == "closed":
        line = _line(say("Closed"), say("all eight stages done"))
    pattern = '<ol class="stages" aria-label="{}">{}</ol>{}'
    return markup(pattern, say("Stages of the case"), items, line)


def _stage(stage: marks.Stage) -> SafeString:
    done = stage.state == "done"
    return markup(
        '<li class="{}"{}><span>{}{}{}</span></li>',
        stage.state,
        SafeString(' aria-current="step"') if stage.state == "now" else "",
        SafeString(f"{marks.icon('check')} ") if done else "",
        stage.label,
        markup('<span class="visually-hidden">, {}</span>', say("done")) if done else "",
    )


def _line(words: str, more: str) -> SafeString:
    pattern = '<p class="stages-now" aria-hidden="true">{} <span class="meta">{}</span></p>'
    return markup(pattern, words, more)
