"""Markdown, differences, hashes, recorded values, the timeline."""

from __future__ import annotations

import datetime as dt
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from fellowship.accounts.models import User
from fellowship.kernel.saying import is_said
from fellowship.web import verbs
from fellowship.web.components import texts, timeline
from fellowship.web.items import Change


def names(html: str) -> set[str]:
    """Every tag and attribute in `html`, as a browser would read it."""
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.update([tag, *(name for name, _ in attrs)])

    Reader().feed(html)
    return found


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        '<img src="https://tracker.example/x.png">',
        "![x](https://tracker.example/x.png)",
        "[x](javascript:alert(1))",
        '<a href="data:text/html,x" onclick="x()">x</a>',
        '<p style="position:fixed">x</p>',
        "| a |\n|:-:|\n| b |",
    ],
)
def test_markdown_yields_nothing_that_runs_loads_or_styles(source: str) -> None:
    assert {"script", "img", "style", "onclick", "align"}.isdisjoint(names(texts.markdown(source)))
    assert "javascript:" not in re.findall(r'href="([a-z]+:)', texts.markdown(source))


def test_markdown_headings_stand_below_the_pages_own_and_skip_no_level() -> None:
    html = texts.markdown("# One\n\n### Two\n\n###### Three")
    assert re.findall(r"<h(\d)>", html) == ["3", "4", "5"]


def test_markdown_tables_scroll_in_a_frame_the_keyboard_reaches() -> None:
    html = texts.markdown("|a|\n|-|\n|b|")
    assert html.startswith('<div class="scroll" tabindex="0" role="group" aria-label="Table">')


def test_markdown_links_leave_no_trail() -> None:
    assert 'rel="noopener noreferrer nofollow"' in texts.markdown("[x](https://example.org)")


@given(st.text(), st.text())
def test_a_difference_holds_both_texts(old: str, new: str) -> None:
    html = str(texts.diff(old, new))
    plain = html.replace("<del>", "\x01").replace("</del>", "\x02")
    plain = plain.replace("<ins>", "\x03").replace("</ins>", "\x04")
    if set("\x01\x02\x03\x04") & set(old + new):
        return
    assert escape(old) == re.sub("\x03.*?\x04", "", plain, flags=re.S).translate({1: None, 2: None})
    assert escape(new) == re.sub("\x01.*?\x02", "", plain, flags=re.S).translate({3: None, 4: None})


def test_a_difference_is_by_words_and_gathers_neighbours() -> None:
    assert texts.diff("the third call returns", "the fourth call returns") == (
        "the <del>third</del><ins>fourth</ins> call returns"
    )
    assert texts.diff("a b c d", "x y z d") == "<del>a b c</del><ins>x y z</ins> d"


def test_a_difference_of_long_texts_is_quick() -> None:
    old, new = "word " * 20_000, "other " * 20_000
    assert texts.diff(old, new).startswith("<del>")


def test_a_hash_is_short_enough_to_compare() -> None:
    assert texts.short_hash("9f2c41a77c0be07a") == "9f2c41…e07a"
    assert texts.short_hash("abc") == "abc"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"),
        ("", "–"),
        (True, "yes"),
        (3, "3"),
        ([1, "b"], "1, b"),
        ({"due_at": "x"}, "due at: x"),
    ],
)
def test_recorded_values_are_readable(value: Any, expected: str) -> None:
    assert texts.readable(value) == expected


def event(at: dt.datetime, change: Any, **more: Any) -> Any:
    body = json.dumps({"change": change})
    defaults = {"actor_name": "Ada", "verb": "x.sign_scope", "reason": "", "subject_ref": "FEL-1"}
    return SimpleNamespace(at=at, body=body, **(defaults | more))


def test_events_are_grouped_by_day_with_their_changes() -> None:
    noon = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
    days = timeline.days(
        [
            event(noon, {"state": {"from": "draft", "to": "signed"}, "version": 2}),
            event(noon - dt.timedelta(days=1), {"due_at": {"from": "1 May", "to": None}}),
        ]
    )
    assert [day.date for day in days] == [dt.date(2026, 11, 23), dt.date(2026, 11, 22)]
    first, second = days[0].entries[0], days[1].entries[0]
    assert (first.actor, first.verb) == ("Ada", "sign scope")
    assert first.changes == (Change("state", "draft", "signed"), Change("version", "", "2"))
    assert second.changes == (Change("due", "1 May", "–"),)


def test_a_registered_verb_reads_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "_labels", {**verbs._labels})  # pages of other tests list them all
    verbs.register({"x.test_verb": "did it"})
    assert verbs.label("x.test_verb") == "did it"


@pytest.mark.once
def test_every_verb_of_the_house_reads_in_words() -> None:
    root = Path(settings.BASE_DIR)
    house = [Path(app.path) for app in apps.get_app_configs()]
    ours = [path for path in house if path.parent in (root, root / "fellowship")]
    sources = [path.read_text() for app in ours for path in app.rglob("*.py")]
    named = {
        name
        for source in sources
        for name in re.findall(r'(?:journal\.verb\(|verb=)"([a-z]+\.[a-z_]+)"', source)
    }
    assert len(named) > 300
    assert {name for name in named if not is_said(verbs.label(name))} == set()


def test_recorded_keys_read_in_the_words_of_the_app_that_wrote_them() -> None:
    verbs.register_values(
        {
            "y.state": [("open", "Still open")],
            "y.seats": [("legal", "Legal"), ("policy", "Policy"), ("on_leave", "Away")],
        }
    )
    verbs.register_fields({"y.mapping": "turns into"})
    body = {
        "change": {
            "state": {"from": "open", "to": "closed_for_good"},
            "mapping": "control",
            "operations": "view, query, run_code",
            "stage": {"from": "close_out", "to": "publish"},
            "from": "2026-04-09",
            "list": [{"key": "a"}, {"key": "b", "state": "open"}],
            "seats": {"legal": "on_leave", "policy": "here"},
        }
    }
    expected = [
        Change("state", "Still open", "closed for good"),
        Change("turns into", "", "control"),
        Change("operations", "", "Look at records, Query, Run code on it"),
        Change("stage", "Close out", "Publish"),
        Change("from", "", "9 April 2026"),
        Change("list", "", "key: a · key: b; state: Still open"),
        Change("seats", "", "Legal: Away; Policy: here"),
    ]
    assert list(timeline.changes(body, verb="y.do")) == expected
    verbs.register_values({"y.undo.state": [("open", "Taken back")]})
    assert next(timeline.changes(body, verb="y.undo")).old == "Taken back"
    other = list(timeline.changes(body, verb="z.do"))
    assert other[0] == Change("state", "open", "closed for good")
    assert other[1].field == "mapping"


@pytest.mark.parametrize("body", ["", "[]", "{", '{"change": 3}'])
def test_a_body_without_changes_shows_none(body: str) -> None:
    assert list(timeline.changes(body)) == []


@pytest.mark.django_db
def test_a_timeline_names_people_and_tells_times_in_words() -> None:
    ada = User.objects.create_user(email="ada@example.org", name="Ada Nwosu")
    noon = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
    change = {
        "reviewer": ada.pk,
        "mentor": {"from": None, "to": ada.pk},
        "operations": {"from": ["view", "query"], "to": ["view"]},
        "stage": {"from": "scope", "to": "scope"},
        "datasets": ["Refusal Logs", "Tool Traces"],
        "verified_by": ada.pk,
        "raised_by": 987654,
        "owner": 987654,
        "due_at": "2026-12-17T15:00:00.000000Z",
        "text_hash": "9f2c41" + "0" * 54 + "e07a",
        "state": "with_board",
        "fields": ["request_id"],
        "seat": "",
        "of": {"id": 1, "type": "proposals.proposal"},
    }
    (day,) = timeline.days([event(noon, change)])
    assert day.entries[0].changes == (
        Change("reviewer", "", "Ada Nwosu"),
        Change("mentor", "–", "Ada Nwosu"),
        Change("operations", "Look at records, Query", "Look at records"),
        Change("datasets", "", "Refusal Logs, Tool Traces"),
        Change("verified by", "", "Ada Nwosu"),
        Change("due", "", "17 December 2026, 15:00 UTC"),
        Change("text (SHA-256)", "", "9f2c41…e07a"),
        Change("state", "", "with board"),
        Change("fields", "", "request_id"),
    )
