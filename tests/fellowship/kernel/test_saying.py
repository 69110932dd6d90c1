"""Words say themselves in the language of who reads them, and are English to the machine."""

from __future__ import annotations

import copy
import datetime as dt
import json
import pickle
from collections.abc import Iterator

import pytest
from django.utils.html import format_html

from fellowship.kernel import journal, saying
from fellowship.kernel.saying import joined, pack, say, say_n, unpacked
from fellowship.web.markup import markup
from tests.support.pseudo import PSEUDO, Pseudo

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def _other_language() -> Iterator[None]:
    saying.install(Pseudo())
    with saying.override(PSEUDO):
        yield


def test_a_month_is_a_month_in_german() -> None:
    """“May” is no other word of ours: a catalogue keeps one translation of a text."""
    german = saying.Catalogue("de")
    said = " ".join(map(german.find, (*saying.MONTHS, *saying.WEEKDAYS)))
    assert said == (
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
        " Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"
    )


def test_a_record_named_in_a_text_says_itself_in_it() -> None:
    class Named:
        def __str__(self) -> str:
            return say("Open")

    word = say("It is {it}.", it=Named())
    assert (word, str(word)) == ("It is Open.", "⟦It is ⟦Open⟧.⟧")
    assert str(unpacked(json.loads(json.dumps(pack(word))))) == str(word)


def test_a_number_written_in_english_gets_the_signs_of_the_language() -> None:
    assert saying.numeral("1,234.5") == "1,234.5"
    with saying.override("de"):
        assert saying.numeral("1,234.5") == "1.234,5"


def test_shown_it_is_said_and_compared_it_is_english() -> None:
    word = say("Open")
    assert (str(word), f"{word}", f"{word}") == ("⟦Open⟧",) * 3
    assert markup("<b>{}</b>", word) == format_html("<b>{}</b>", word) == "<b>⟦Open⟧</b>"
    assert word == "Open"
    assert {word: 1}["Open"] == 1
    assert json.dumps([word]) == '["Open"]'
    with saying.in_source():
        assert str(word) == "Open"


def test_its_lines_and_what_is_left_of_it_are_said() -> None:
    both = saying.joined("\n", (say("Open"), say("Closed ")))
    assert both.splitlines() == ["⟦Open⟧", "⟦Closed ⟧"]
    assert str(saying.joined("", (" ", say("Open"), " ")).strip()) == "⟦Open⟧"
    with saying.in_source():
        assert both.splitlines() == ["Open", "Closed "]


def test_parts_are_filled_after_translation_in_the_readers_language() -> None:
    said = say("{what} on {day:%-d %B}: {n:,}", what=say("Open"), day=dt.date(2026, 3, 1), n=1200)
    assert said == "Open on 1 March: 1,200"
    assert str(said) == "⟦⟦Open⟧ on 1 ⟦March⟧: 1,200⟧"


def test_german_has_its_own_months_numbers_and_capitals() -> None:
    said = say("{day:%-d %B}: {n:,}", day=dt.date(2026, 3, 1), n=1200)
    with saying.override("de"):
        assert str(said) == "1 März: 1.200"
        assert str(say("January").lower()) == "Januar"
    with saying.in_source():
        assert str(say("January").lower()) == "january"


def test_what_counts_has_the_form_of_its_number() -> None:
    assert [str(say_n(n, "{n} day", "{n} days")) for n in (1, 2)] == ["⟦1 day⟧", "⟦2 days⟧"]
    assert say_n(2, "{n} day", "{n} days") == "2 days"


def test_joined_and_changed_texts_say_themselves() -> None:
    both = joined(", ", [say("Open"), "x"]) + "."
    assert (both, str(both)) == ("Open, x.", "⟦Open⟧, x.")
    assert str("(" + say("Open")) == "(⟦Open⟧"
    assert type(joined(", ", ["a", "b"])) is str


@pytest.mark.parametrize(
    "text",
    [
        say("Open"),
        say("{what} by {day:%-d %B}", what=say("Open"), day=dt.date(2026, 3, 1)),
        say_n(3, "{n} day", "{n} days"),
        joined(" ", [say("Open"), "x"]),
        say("Open").lower(),
    ],
)
def test_kept_as_json_it_says_itself_again(text: str) -> None:
    for again in (
        unpacked(json.loads(json.dumps(pack(text)))),
        pickle.loads(pickle.dumps(text)),
        copy.deepcopy(text),
    ):
        assert (again, str(again)) == (str.__str__(text), str(text))


def test_a_translation_with_a_wrong_part_falls_back_to_english() -> None:
    class Wrong(Pseudo):
        code = "wrong"

        def find(self, text: str) -> str:
            return "{no}"

    saying.install(Wrong())
    with saying.override("wrong"):
        assert str(say("Until {day}", day=1)) == "Until 1"


def test_a_verb_works_in_the_source_language() -> None:
    @journal.verb("x.say")
    def act(*, by: object, reason: str) -> tuple[str, str]:
        scope = journal.require()
        return f"{say('Open')}", scope.reason

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fellowship.kernel.journal.transaction.atomic", saying.in_source)
        assert act(by=None, reason=say("Because")) == ("Open", "Because")
    assert f"{say('Open')}" == "⟦Open⟧"


def test_what_holds_words_is_kept_for_each_language() -> None:
    @saying.kept(8)
    def shown(name: str) -> str:
        return f"{name}: {say('Open')}"

    assert shown("x") == "x: ⟦Open⟧"
    with saying.in_source():
        assert shown("x") == "x: Open"
