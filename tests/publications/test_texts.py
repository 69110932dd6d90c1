"""A text as it is marked and read: offsets under Unicode, passages found again, lines, versions."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publications.texts import clean, fold, locate
from publications.texts.comparing import compare
from publications.texts.lines import Mark, lay_out, line_of, line_starts

pytestmark = pytest.mark.once
LETTERS = st.sampled_from("aÄe\u0301\u0308ßﬁ가각𝔘😀👩‍🚀\u05d0 -\u00ad\u200b\r\n\x85\u2028\t*`_9")
TEXTS = st.text(LETTERS, max_size=60)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_cleaning_is_done_once_and_leaves_one_kind_of_line(text: str) -> None:
    found = clean(text)
    assert clean(found) == found == unicodedata.normalize("NFC", found)
    assert "\r" not in found
    found.encode()


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.text(LETTERS, min_size=1, max_size=30), TEXTS)
def test_a_passage_is_found_where_its_offsets_say(before: str, passage: str, after: str) -> None:
    text = clean(before + passage + after)
    for start in range(min(4, len(text))):
        words = text[start : start + 9]
        places = locate(text, words)
        assert all(text[p.start : p.end] == words for p in places if p.exact)
        assert any(p.exact for p in places)
        assert all(0 <= p.start < p.end <= len(text) for p in places)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_folding_letter_by_letter_is_folding_the_whole(text: str) -> None:
    assert "".join(fold(letter) for letter in text) == fold(text)
    assert fold(fold(text)) == fold(text)
    assert fold(text.upper().lower()) == fold(text.lower())


@pytest.mark.parametrize(
    "written",
    [
        "The FILTER is by-\npassed when the third call returns",
        "the filter is by\u00adpassed  when\nthe third call returns",
        "**the filter** is bypassed when the third `call` returns",
        "thé fïlter ıs bypassed".replace("ı", "i") + ", when the third call returns",
    ],
    ids=["capitals and hyphens", "soft hyphen and blanks", "emphasis", "accents"],
)
def test_a_passage_is_known_where_it_is_written_a_little_differently(written: str) -> None:
    text = f"Before 😀. {written} afterwards."
    (place,) = locate(text, "the filter is bypassed when the third call returns")
    assert not place.exact
    assert fold(text[place.start : place.end]) == fold(written)


def test_a_short_passage_is_known_by_its_very_words_alone() -> None:
    assert locate("In 4 1 trials", "41") == []
    assert [p.start for p in locate("41 and 41", "41")] == [0, 7]


def test_lines_are_numbered_headings_listed_and_hidden_words_nowhere() -> None:
    text = "# One\n\n```\n# no heading\n```\nWe saw\nit happen\ntwice.\n## Two\nEnd."
    start = text.index("saw")
    hidden = Mark(start, text.index("twice") + 2, "Withheld: a ground. A summary.", hidden=True)
    layout = lay_out(text, [hidden])
    assert [(h.title, h.level, h.number) for h in layout.headings] == [("One", 1, 1), ("Two", 2, 9)]
    said = {
        line.number: "".join(p.text or f"[{p.mark.label}]" for p in line.parts if p.mark or p.text)
        for line in layout.lines
    }
    assert said[6] == "We [Withheld: a ground. A summary.]"
    assert 7 not in said
    assert said[8] == "ice."
    assert [line.tag for line in layout.lines if line.level] == ["h2", "h3"]
    assert layout.total == 10


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=4))
def test_what_is_withheld_is_left_out_and_nothing_else(
    text: str, spans: list[tuple[int, int]]
) -> None:
    text = clean(text)
    marks = [
        Mark(start, min(start + size, len(text)), "W", hidden=True)
        for start, size in spans
        if start < len(text)
    ]
    gone = {place for mark in marks for place in range(mark.start, mark.end)}
    layout = lay_out(text, marks)
    shown = "".join(p.text for line in layout.lines if not line.level for p in line.parts)
    kept = [sign for place, sign in enumerate(text) if place not in gone and sign != "\n"]
    if not any(line.level for line in layout.lines):
        assert list(shown) == kept


def test_a_place_has_its_line() -> None:
    starts = line_starts("a\nbb\n\nc\n")
    assert starts == [0, 2, 5, 6]
    assert [line_of(starts, place) for place in (0, 1, 2, 5, 6)] == [1, 1, 2, 3, 4]


def test_versions_are_compared_by_words_and_what_is_the_same_is_folded() -> None:
    same = [f"Line {number}." for number in range(20)]
    old = "\n".join([*same, "We saw forty-one of sixty.", "Gone."])
    new = "\n".join([*same, "We saw forty of sixty."])
    found = compare(old, new)
    assert (found.gone, found.come, found.left_out, found.same) == (2, 1, 0, False)
    assert [row.skipped for row in found.rows if row.skipped] == [18]
    changed = [row for row in found.rows if row.changed]
    assert [b.text for b in changed[0].left if b.changed] == ["-one"]
    assert changed[1].right_number is None
    assert compare(old, old).same


def test_versions_of_very_many_lines_take_no_long_time() -> None:
    old = "\n".join(["the same line"] * 40_000)
    assert compare(old, old + "\nmore").come == 1
