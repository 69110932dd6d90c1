"""Lists as columns: cells are escaped, named for phones, and sorted by their headings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from django.http import QueryDict
from django.template import Context, Engine, engines
from django.test.html import parse_html
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from fellowship.kernel.routes import route_to
from fellowship.kernel.time import frozen
from fellowship.web import cells
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.tables import Page


@dataclass
class Ship:
    ref: str
    name: str
    crew: int


COLUMNS = (
    Column[Ship]("Ship", lambda s: cells.link(f"/{s.ref}/", s.name, s.ref, ""), sort="ref"),
    Column[Ship]("Crew", lambda s: cells.count(s.crew, "sailor"), num=True),
    Column[Ship]("Home <port>", lambda s: cells.shown("")),
)
HOSTILE = Ship("S1", "<b>Alba & Co</b>", 1)


def page(sort: str = "ref") -> Page[object]:  # type: ignore[type-var]
    return Page([], 1, 50, 0, False, sort, QueryDict("q=a"))


def test_a_row_is_headed_labelled_and_escaped() -> None:
    html = Table("Ships", COLUMNS, [HOSTILE, Ship("S2", "Bora", 12)]).render()
    assert '<th scope="row"><a href="/S1/">&lt;b&gt;Alba &amp; Co&lt;/b&gt;</a>' in html
    assert '<span class="meta">S1</span></th>' in html
    assert '<td data-label="Crew" class="num">1 sailor</td>' in html
    assert '<td data-label="Crew" class="num">12 sailors</td>' in html
    assert '<td data-label="Home &lt;port&gt;">–</td>' in html
    assert '<caption class="visually-hidden">Ships</caption>' in html
    parse_html(html)


def test_only_a_sorted_page_has_links_in_its_headings() -> None:
    assert "aria-sort" not in Table("Ships", COLUMNS, [HOSTILE]).render()
    html = Table("Ships", COLUMNS, [HOSTILE], page()).render()
    assert 'aria-sort="ascending"><a href="?q=a&amp;sort=-ref">Ship' in html
    assert '<th scope="col" class="num">Crew</th>' in html


def test_nothing_is_said_in_words_without_headings_over_nothing() -> None:
    html = Table("Ships", COLUMNS, [], empty="No ship <yet>.", hint="Build one.").render()
    assert html == (
        '<div class="empty"><p><strong>No ship &lt;yet&gt;.</strong></p><p>Build one.</p></div>'
    )


def test_a_picked_row_is_marked() -> None:
    html = Table("Ships", COLUMNS, [HOSTILE], picked=lambda s: s.ref == "S1").render()
    assert '<tr class="pick">' in html


@pytest.mark.parametrize("value", ["<i>\"'&", SafeString("<i>"), 7, None, "plain"])
def test_markup_escapes_as_format_html_does(value: object) -> None:
    assert markup("<b>{}</b>", value) == format_html("<b>{}</b>", value)
    assert isinstance(markup("<b>{}</b>", value), SafeString)


@pytest.mark.parametrize("ref", ["F-2026-001", "a b", "ü?#%&", 12])
def test_an_address_is_that_of_reverse(ref: object) -> None:
    assert route_to("findings:detail", ref) == reverse("findings:detail", args=[ref])
    below = ("some-program", str(ref))
    assert route_to("oversight:record", 7, below=below) == reverse(
        "oversight:record", args=[*below, 7]
    )


ADDRESSES = (
    "{% url 'findings:queue' %}",
    "{% url 'findings:detail' ref %}",
    "{% url 'oversight:record' 'some-program' ref 7 %}#{% url 'web:keys' %}",
    "{% url 'findings:detail' ref=ref %}",
    "{% url 'findings:detail' ref as there %}[{{ there }}]",
    "{% url 'findings:detail' nobody as there %}[{{ there }}]",
    "{% url 'findings:nowhere' ref as there %}[{{ there }}]",
    "{% autoescape off %}{% url 'findings:detail' ref %}{% endautoescape %}",
)


@pytest.mark.parametrize("written", ADDRESSES)
@pytest.mark.parametrize("ref", ["F-2026-001", "a b", "ü?#%&'", SafeString("F&1"), 12])
def test_an_address_in_a_template_is_that_of_django(written: str, ref: object) -> None:
    theirs = Engine(builtins=["django.template.defaulttags"]).from_string(written)
    ours = engines["django"].engine.from_string(written)
    context = {"ref": ref}
    assert ours.render(Context(context)) == theirs.render(Context(context))


def test_there_is_no_address_without_a_route() -> None:
    with pytest.raises(NoReverseMatch):
        route_to("findings:nowhere", "F-1")
    with pytest.raises(NoReverseMatch):
        engines["django"].from_string("{% url 'findings:nowhere' 1 %}").render({})


def test_a_deadline_in_a_cell_tells_how_far_it_is() -> None:
    at = dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)
    with frozen(at):
        assert "in 2 working days" in cells.due(at + dt.timedelta(days=2))
        assert 'class="tag bad"' in cells.due(at - dt.timedelta(hours=1))
        assert "tag" not in cells.due(at, done=True)
