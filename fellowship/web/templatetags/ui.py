"""`{% load ui %}`: the components, as docs/components.md describes them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django import template
from django.forms import BaseForm, BoundField
from django.http import HttpRequest
from django.template import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils.html import format_html, linebreaks
from django.utils.safestring import SafeString

from fellowship.kernel import casing
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web import again, cells, columns, frame, verbs
from fellowship.web.charts import Chart
from fellowship.web.components import blocks, fields, marks, texts, timeline, times, ways
from fellowship.web.explained import EXPLAINED
from fellowship.web.items import ClockFace, Link, Row, SeatMark, Task
from fellowship.web.nav import NavLink
from fellowship.web.standing import Standing
from fellowship.web.tables import Page

_REFERENCE: Final = re.compile(r"\b[A-Z]{1,5}(?:-\d+)+\b")

register = template.Library()
blocks.register(register)
frame.register(register)


@register.simple_tag(takes_context=True)
def page_title(context: Context) -> SafeString:
    """What the page's block `title` says, so that the heading need not repeat it.

    A reference in it stays on one line.
    """
    blocks_of_page = context.render_context.get(BLOCK_CONTEXT_KEY)
    title = blocks_of_page.get_block("title") if blocks_of_page else None
    # Rendered, and so escaped, already; `strip` would forget that.
    said = title.nodelist.render(context).strip() if title else ""
    return SafeString(_REFERENCE.sub(r'<span class="nowrap">\g<0></span>', said))


# --- forms ----------------------------------------------------------------------------------


@register.simple_tag
def field(bound: BoundField, **options: Any) -> SafeString:
    """A form field with label, hint and error."""
    if options:
        return fields.render(fields.view(bound, **options))
    return SafeString(fields.shown(bound))


@register.simple_tag
def form_fields(form: BaseForm) -> SafeString:
    """All fields of a form."""
    bounds = [*form.hidden_fields(), *form.visible_fields()]
    return SafeString("".join(fields.shown(bound) for bound in bounds))


@register.inclusion_tag("web/components/error_summary.html")
def error_summary(*forms: BaseForm) -> dict[str, Any]:
    """What is wrong with the forms, with links to the fields."""
    return {"problems": fields.problems(*forms)}


@register.simple_tag(takes_context=True)
def tokens(context: Context) -> SafeString:
    """The CSRF token and the once-only token of a form."""
    return marks.tokens(context.get("request"))


@register.inclusion_tag("web/components/verb_button.html", takes_context=True)
def verb_button(
    context: Context,
    url: str,
    label: str,
    *,
    refusal: Refusal | None = None,
    style: str = "",
    reason: str = "",
    hint: str = "",
    small: bool = False,
    **posted: Any,
) -> dict[str, Any]:
    """A POST form of one button, or the refusal in its place."""
    request: HttpRequest | None = context.get("request")
    return {
        "url": url,
        "label": label,
        "refusal": refusal,
        "style": f"{style} small".strip() if small else style,
        "reason": reason,
        "hint": hint,
        "posted": posted,
        "page": request.get_full_path() if request else "",
        "again": again.of(request, url) if reason else {},
        "tokens": marks.tokens(request),
        "id": marks.unique(request, "verb"),
    }


@register.inclusion_tag("web/components/filters.html", takes_context=True)
def filters(context: Context, filterset: Any) -> dict[str, Any]:
    """A filter set's form and what it narrows now."""
    request: HttpRequest = context["request"]
    return {"filterset": filterset, "path": request.path, "sort": request.GET.get("sort", "")}


# --- state ----------------------------------------------------------------------------------


@register.inclusion_tag("web/components/banner.html")
def banner(
    headline: str,
    *,
    by: dt.date | None = None,
    silence: str = "",
    tone: str = "wait",
    detail: str = "",
    calendar: WorkCalendar | None = None,
    url: str = "",
    label: str = "",
) -> dict[str, Any]:
    """Who holds the ball, by when, and what silence means. A template's empty `by` is none."""
    due = times.due(by, calendar, "long") if by else ""
    return {
        "headline": headline.rstrip("."),
        "due": due,
        "past": times.instant(by, calendar) <= now() if by else False,
        "silence": silence,
        "tone": tone,
        "detail": detail,
        "url": url,
        "label": label,
    }


@register.simple_tag
def explain(key: str) -> SafeString:
    """Help where a decision is hard, folded behind its question."""
    found = EXPLAINED[key]
    text = format_html('<div class="doc">{}</div>', texts.markdown(str(found.text)))
    return blocks.disclosure(text, found.summary, id=f"explain-{key}")


@register.simple_tag
def tag(text: Any, tone: str = "plain") -> SafeString:
    """A status in a pill."""
    return cells.tag(text, tone)


@register.simple_tag
def state_tag(state: str, tone: str = "", label: str = "") -> SafeString:
    """A state key in a pill, toned by convention."""
    return cells.state(state, label, tone)


@register.simple_tag
def stages(current: str) -> SafeString:
    """The eight-stage strip."""
    return ways.stages(current)


@register.simple_tag
def when(
    value: dt.date | None, style: str = "full", calendar: WorkCalendar | None = None
) -> SafeString:
    """An instant or a day in words; with a calendar, the day on its wall."""
    return times.when(value, style, calendar)


@register.filter
def local_times(text: str) -> str:
    """A sentence with its recorded instants in the reader's zone."""
    return times.localised(text or "")


@register.filter
def actor(name: str) -> str:
    """Who acted, a part of the system in words."""
    return verbs.actor(str(name or ""))


@register.filter
def sentence_case(title: str) -> str:
    """A heading or label of a package in sentence case."""
    return casing.sentence_case(title or "")


@register.simple_tag
def until(
    value: dt.date | None, calendar: WorkCalendar | None = None, style: str = "full"
) -> SafeString:
    """A deadline without its distance: its last day, or the instant."""
    return times.until(value, calendar, style)


@register.simple_tag
def due(value: dt.date | None, calendar: WorkCalendar | None = None) -> SafeString:
    """A deadline, and how far it is."""
    return times.due(value, calendar)


@register.simple_tag
def due_tag(
    value: dt.date | None, calendar: WorkCalendar | None = None, done: bool = False
) -> SafeString:
    """A deadline as a tag."""
    return times.due_tag(value, calendar, done=done)


@register.inclusion_tag("web/components/refusal.html")
def refusal(given: Refusal | None) -> dict[str, Any]:
    """Why something is not offered."""
    return {"refusal": given}


@register.inclusion_tag("web/components/clock.html")
def clock(face: ClockFace) -> dict[str, Any]:
    """Days with us, with you, paused."""
    return {"face": face, "bar": marks.shares(face.with_us, face.with_you)}


@register.inclusion_tag("web/components/standing.html")
def standing(it: Standing) -> dict[str, Any]:
    """Where a case stands: holder, days, what comes next, what silence means, who can block it."""
    return {"it": it, "bar": marks.shares(it.with_us, it.with_you)}


@register.inclusion_tag("web/components/quorum.html")
def quorum(seats: Sequence[SeatMark], *, needed: int, rule: str = "") -> dict[str, Any]:
    """Which seats have voted, and how many must."""
    voted = sum(seat.state == "voted" for seat in seats)
    return {"seats": seats, "needed": needed, "rule": rule, "voted": voted, "met": voted >= needed}


@register.inclusion_tag("web/components/progress.html")
def progress(done: int, total: int, what: str = "done") -> dict[str, Any]:
    """How much of a whole is done."""
    said = _ONE_WORD.get(what, what)
    return {"done": done, "total": max(total, 1), "shown_total": total, "what": said}


_ONE_WORD: Final = {
    "done": say("done"),
    "accepted": say("accepted"),
    "acknowledged": say("acknowledged"),
}
"""A single word in a template may be a key, so it is not read as text there; these are text."""


# --- text -----------------------------------------------------------------------------------


@register.simple_tag
def markdown(text: str | None) -> SafeString:
    """Markdown as safe HTML in reading type."""
    return format_html('<div class="doc prose">{}</div>', texts.markdown(text or ""))


@register.simple_tag
def plain(text: str | None) -> SafeString:
    """Plain text with its line breaks."""
    body = SafeString(linebreaks(text or "", autoescape=True))
    return format_html('<div class="doc prose">{}</div>', body)


@register.simple_tag
def fold(text: str | None) -> SafeString:
    """Text within a line of others; a long one opens from its beginning."""
    return texts.fold(text or "")


@register.simple_tag
def diff(old: str, new: str, fold: bool = False) -> SafeString:
    """Word-by-word difference; with `fold`, what stays for long is folded away."""
    return format_html('<div class="diff doc">{}</div>', texts.diff(old, new, fold=fold))


@register.inclusion_tag("web/components/hash.html", name="hash")
def hash_(value: str | None, full: bool = False) -> dict[str, Any]:
    """A hash, short or whole, with a copy button."""
    value = value or ""
    return {"value": value, "shown": value if full else texts.short_hash(value), "full": full}


@register.inclusion_tag("web/components/copy.html")
def copy(value: str, label: str = "Copy") -> dict[str, Any]:
    """A copy button."""
    return {"value": value, "label": label}


@register.simple_tag
def person(user: Any) -> SafeString:
    """A person's name and affiliation."""
    if user is None:
        return times.NONE
    affiliation = getattr(user, "affiliation", "")
    if not affiliation:
        return format_html("{}", user)
    return format_html('{} <span class="meta">{}</span>', user, affiliation)


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative mark."""
    return marks.icon(name)


# --- lists ----------------------------------------------------------------------------------


@register.inclusion_tag("web/components/task_list.html")
def task_list(tasks: Sequence[Task]) -> dict[str, Any]:
    """A task list."""
    return {"tasks": tasks}


@register.simple_tag(name="timeline")
def timeline_(events: Iterable[Any]) -> SafeString:
    """Events by day."""
    return timeline.render(timeline.days(events))


@register.inclusion_tag("web/components/summary_list.html")
def summary_list(rows: Sequence[Row]) -> dict[str, Any]:
    """Answers to check, or a list of facts."""
    return {"rows": rows, "changeable": any(row.url for row in rows)}


@register.simple_tag
def tally(pairs: Iterable[tuple[object, object]]) -> SafeString:
    """Names with a figure each, in a narrow card."""
    return marks.tally(pairs)


@register.simple_tag(takes_context=True)
def subnav(context: Context, links: Sequence[Link]) -> SafeString:
    """The pages of one case."""
    return ways.subnav(links, context["request"].path)


@register.simple_tag
def nav_links(links: Iterable[NavLink], listed: bool = False) -> SafeString:
    """The entries of a navigation."""
    return ways.links(links, listed=listed)


@register.inclusion_tag("web/components/breadcrumbs.html")
def breadcrumbs(links: Sequence[Link]) -> dict[str, Any]:
    """The way here."""
    return {"links": links}


@register.inclusion_tag("web/components/pagination.html")
def pagination(page: Page[Any]) -> dict[str, Any]:
    """The way to the neighbouring pages."""
    return {"page": page}


@register.simple_tag
def sort_header(page: Page[Any], name: str, label: str, num: bool = False) -> SafeString:
    """A column's heading whose link sorts by it."""
    return columns.sort_header(page, name, label, num=num)


@register.simple_tag
def data_table(given: columns.Table[Any]) -> SafeString:
    """A list of `web.columns`."""
    return given.render()


@register.simple_tag
def empty(text: str, *, hint: str = "", url: str = "", label: str = "") -> SafeString:
    """Nothing here, and what to do next."""
    return marks.empty(text, hint, url, label)


@register.simple_tag
def stat(
    label: str, value: Any, *, unit: str = "", hint: str = "", tone: str = "plain", url: str = ""
) -> SafeString:
    """One figure with its label."""
    return marks.stat(label, value, unit=unit, hint=hint, tone=tone, url=url)


@register.inclusion_tag("web/components/chart.html", takes_context=True)
def chart(context: Context, given: Chart) -> dict[str, Any]:
    """A chart with its sentence and its data table."""
    return {
        "chart": given,
        "table": marks.figures(given.columns, given.rows),
        "id": marks.unique(context.get("request"), "chart"),
    }


@register.inclusion_tag("web/components/reach.html")
def reach(url: str, label: str) -> dict[str, Any]:
    """On phones, the way to the main action, always at the bottom."""
    return {"url": url, "label": label}
