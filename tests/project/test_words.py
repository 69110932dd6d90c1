"""Every word of a page is one a catalogue can translate, and every catalogue offered is whole."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog
from django.conf import settings

from tests.support.glued import english_parts, glued
from tests.support.house import build_house
from tests.support.words import pages, walk

UNMARKED_AT_MOST = 1
"""Texts of all pages that no catalogue knows: “integer”, the type of a column of an export, named
as in its file. It only ever goes down."""


def _messages() -> ModuleType:
    path = Path(settings.BASE_DIR) / "scripts" / "messages.py"
    spec = importlib.util.spec_from_file_location("messages", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["messages"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.once
def test_no_translation_is_wrong_and_a_language_offered_is_whole() -> None:
    messages = _messages()
    for language in messages.LANGUAGES:
        offered = any(language == code for code, _ in settings.LANGUAGES)
        wrong = [
            one
            for one in messages.problems(language)
            if offered or not one[2].startswith(("untranslated", "not in"))
        ]
        assert wrong == []


def _strings(catalogue: Catalog) -> dict[str, tuple[str, ...]]:
    """What is translated, by the text for one."""
    found = {}
    for one in catalogue:
        strings = (one.string,) if isinstance(one.string, str) else tuple(one.string or ())
        if one.id and strings and all(strings):
            found[one.id if isinstance(one.id, str) else one.id[0]] = strings
    return found


@pytest.mark.once
def test_what_django_reads_is_what_translators_wrote() -> None:
    messages = _messages()
    for app in messages.APPS:
        for language in messages.LANGUAGES:
            folder = messages.folder(app, language)
            with (folder / "django.mo").open("rb") as file:
                compiled = _strings(mofile.read_mo(file))
            with (folder / "django.po").open("rb") as file:
                written = _strings(pofile.read_po(file))
            assert compiled == written, f"{app}: make messages"


def _sources() -> Iterator[Path]:
    apps = [Path(settings.BASE_DIR) / app for app in _messages().APPS]
    return (path for app in apps for path in app.rglob("*.py") if "migrations" not in path.parts)


@pytest.mark.once
def test_what_is_told_is_said_whole() -> None:
    assert [where for path in _sources() for where in glued(path)] == []


@pytest.mark.once
def test_no_part_of_a_text_is_english_alone() -> None:
    assert [where for path in _sources() for where in english_parts(path)] == []


@pytest.mark.sqlite
@pytest.mark.slow
@pytest.mark.django_db
def test_the_words_of_pages_are_marked() -> None:
    house = build_house()
    found = walk(house, pages(house))
    if listed := os.environ.get("WORDS"):
        lines = sorted(f"{min(paths)}\t{len(paths)}\t{text}" for text, paths in found.items())
        Path(listed).write_text("\n".join(lines))
    assert len(found) <= UNMARKED_AT_MOST
