"""What scripts say reaches the page in its language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from fellowship.web import scripted

pytestmark = pytest.mark.django_db
_BROUGHT = re.compile(r'<script id="words" type="application/json">(.*?)</script>')


def test_a_page_brings_the_words_of_its_scripts_where_it_is_not_english() -> None:
    english = Client(headers={"accept-language": "en"}).get("/").content.decode()
    assert not _BROUGHT.search(english)
    german = _BROUGHT.search(Client(headers={"accept-language": "de"}).get("/").content.decode())
    assert german
    catalogue = json.loads(german[1])
    assert catalogue["{over} characters too many"] == "{over} Zeichen zu viel"
    assert set(catalogue) == {text for text, _ in scripted.texts()}


def test_no_script_writes_a_text_that_it_does_not_say() -> None:
    for path in sorted((Path(settings.BASE_DIR) / "static" / "js").glob("*.js")):
        unsaid = re.findall(r'(?:textContent = |"aria-label", )["`]\w.*', path.read_text())
        assert not unsaid, f"{path.name}: {unsaid}"
