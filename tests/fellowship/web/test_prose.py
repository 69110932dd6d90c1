"""The words of a template are found as it is loaded, and in English nothing changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines

from fellowship.kernel import saying
from fellowship.web import prose
from tests.support.pseudo import PSEUDO, Pseudo

pytestmark = pytest.mark.once

OURS = re.compile(
    r'{% say "(?:[^"\\]|\\.)*"(?: "(?:[^"\\]|\\.)*" n=\S+)? %}|{% endsay %}'
    r'|{% part "[^"]*" %}|{% endpart %}'
)
LITERAL = re.compile(r"""_\(("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\)""")


@pytest.fixture(autouse=True)
def _other_language() -> Iterator[None]:
    saying.install(Pseudo())
    with saying.override(PSEUDO):
        yield


def shown(source: str, **context: object) -> str:
    return engines["django"].from_string(prose.said(source)).render(context)


def test_no_template_is_changed_but_by_marks() -> None:
    """Without our marks each template is again what stands in its file, sign for sign."""
    for path in Path(settings.BASE_DIR / "templates").rglob("*.*"):
        source = path.read_text()
        said = prose.said(source, html=path.suffix == ".html")
        bare = LITERAL.sub(r"\1", OURS.sub("", said))
        assert bare == LITERAL.sub(r"\1", source), path
        engines["django"].from_string(said)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("<h1>Open calls</h1>", "<h1>⟦Open calls⟧</h1>"),
        ("<p> {{ a }} of {{ b }}. </p>", "<p> ⟦1 of 2.⟧ </p>"),
        ('<p>See <a href="/{{ a }}">{{ b }}</a>.</p>', '<p>⟦See <a href="/1">2</a>.⟧</p>'),
        ('<p title="Until {{ a }}">{{ b }}</p>', '<p title="⟦Until 1⟧">2</p>'),
        ('<p class="Big {{ a }}">{{ b }}</p>', '<p class="Big 1">2</p>'),
        ("<p>Docket · {{ a }} · by {{ b }}</p>", "<p>⟦Docket⟧ · 1 · ⟦by 2⟧</p>"),
        ("<p>Gone{% if a %}, by {{ a }}{% endif %}.</p>", "<p>⟦Gone⟧, ⟦by 1⟧.</p>"),
        (
            "<p>The board{% if a %} of {{ a }}{% endif %} decided.</p>",
            "<p>⟦The board ⟦of 1⟧ decided.⟧</p>",
        ),
        ("<p>{{ a }} day{{ a|pluralize }}</p>", "<p>⟦1 day⟧</p>"),
        ("<p>{{ b }} cop{{ b|pluralize:'y,ies' }}</p>", "<p>⟦2 copies⟧</p>"),
        ('{{ c|default:"none" }}', "⟦none⟧"),
        ('{{ a|yesno:"Dark,Light" }}', "⟦Dark"),  # the brackets stand around both words
        ('{% with x="Dark" %}{{ x }}{% endwith %}', "⟦Dark⟧"),
        ("<script>let much = 1</script>", "<script>let much = 1</script>"),
        ("<p>&nbsp;–</p>", "<p>&nbsp;–</p>"),
        ("{# as recorded #}<p>Open</p>", "<p>Open</p>"),
    ],
)
def test_words_and_what_stands_around_them(source: str, said: str) -> None:
    assert shown(source, a=1, b=2) == said


def test_values_are_escaped_once() -> None:
    assert shown("<p>By {{ a }}</p>", a="<b>") == "<p>⟦By &lt;b&gt;⟧</p>"
    assert shown('{% with x="A & B" %}{{ x }}{% endwith %}') == "⟦A &amp; B⟧"


def test_a_translation_may_move_elements_and_repeat_none_of_their_attributes() -> None:
    class Other(Pseudo):
        code = "moved"

        def find(self, text: str) -> str:
            return "<a2>{b}</a2>: {a} <a>x</a>"

    saying.install(Other())
    source = '<p>The <a href="/1">one {{ a }}</a> and <a href="/2">other {{ b }}</a></p>'
    with saying.override("moved"):
        assert shown(source, a=1, b=2) == '<p><a href="/2">2</a>: 1 <a href="/1">x</a></p>'
