"""Help where a decision is hard: short, at the place, all of it used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines

from fellowship.web.explained import EXPLAINED

MOST_WORDS = 80


def test_each_explanation_is_used_and_none_is_missing() -> None:
    """What templates ask for is there; what is there some template asks for."""
    folder = Path(settings.BASE_DIR, "templates")
    asked = {
        key
        for path in folder.rglob("*.html")
        for key in re.findall(r'{% explain "([a-z]+)" %}', path.read_text())
    }
    assert asked == set(EXPLAINED)


@pytest.mark.parametrize("key", sorted(EXPLAINED))
def test_it_is_a_few_sentences_behind_its_question(key: str) -> None:
    """No wall of text; closed until it is wanted."""
    assert len(EXPLAINED[key].text.split()) <= MOST_WORDS
    page = engines["django"].from_string(f'{{% load ui %}}{{% explain "{key}" %}}')
    html = page.render({})
    assert html.startswith('<details class="disclosure"')
    assert EXPLAINED[key].summary in html
