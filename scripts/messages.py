"""The words of the house and their translations.

`extract` finds every text: in templates what `web.prose` finds, in Python the literals of `say`,
`say_n` and `cells.count`, in scripts those of their `say`, the names that forms, models and their
columns give by themselves. Each top folder has its catalogue; a text that several say stands in
the first of them, so it is translated once.

    messages.py update     write new texts into the .po files, drop those no longer said
    messages.py compile    write the .mo files
    messages.py check      what is untranslated or wrong, a line each; with --all counts as well
"""

from __future__ import annotations

import argparse
import ast
import datetime as dt
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fellowship.settings")

from babel.messages import mofile, pofile  # noqa: E402
from babel.messages.catalog import Catalog  # noqa: E402

from fellowship.web import prose, scripted  # noqa: E402

APPS = (
    *("fellowship", "governance", "proposals", "scoping", "access", "findings", "publications"),
    "oversight",
)
LANGUAGES = ("de",)
_SAYS = re.compile(
    r'{% say ("(?:[^"\\]|\\.)*")(?: ("(?:[^"\\]|\\.)*") n=\S+)? %}'
    r"""|(?<![\w.])_\(("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\)"""
)
_PLACES = re.compile(r"\{(\w+)(?:![rsa])?(?::[^{}]*)?\}|</?[a-z]+\d*>")
_SKIP = {"migrations", "demo", "scale", "locale"}


@dataclass(frozen=True)
class Text:
    """A text, its form for many, and the file that says it."""

    one: str
    many: str
    file: str


def texts(app: str) -> Iterator[Text]:
    """What the files of an app say."""
    for path in sorted((ROOT / app).rglob("*.py")):
        if not _SKIP & set(path.relative_to(ROOT).parts):
            yield from _of_python(path)
    for path in sorted((ROOT / "templates").rglob("*.*")):
        if _app_of(path) == app:
            yield from _of_template(path)
    if app == "fellowship":
        yield from (Text(said, "", script) for said, script in scripted.texts())
    yield from _by_themselves(app)


def _app_of(template: Path) -> str:
    folder = template.relative_to(ROOT / "templates").parts[0]
    return folder if folder in APPS else "fellowship"


def _of_template(path: Path) -> Iterator[Text]:
    source = prose.said(path.read_text(), html=path.suffix == ".html")
    for one, many, literal in _SAYS.findall(source):
        if literal:
            yield Text(ast.literal_eval(literal), "", _name(path))
        else:
            yield Text(_unquoted(one), _unquoted(many), _name(path))


def _unquoted(text: str) -> str:
    return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def _of_python(path: Path) -> Iterator[Text]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        said = [arg.value if isinstance(arg, ast.Constant) else None for arg in node.args]
        texts = [text if isinstance(text, str) else "" for text in said]
        if name in ("say", "literal") and texts and texts[0]:
            yield Text(texts[0], "", _name(path))
        elif name == "say_n" and len(texts) > 2 and texts[1]:
            yield Text(texts[1], texts[2], _name(path))
        elif name == "count" and len(texts) > 1 and texts[1]:
            many = texts[2] if len(texts) > 2 else f"{texts[1]}s"
            yield Text(f"{{n:,}} {texts[1]}", f"{{n:,}} {many}", _name(path))


def _by_themselves(app: str) -> Iterator[Text]:
    """Labels that Django makes of the names of fields and models."""
    import django
    from django.apps import apps
    from django.forms import BaseForm
    from django.forms.utils import pretty_name
    from django.urls import get_resolver

    if not apps.ready:
        django.setup()
        _ = get_resolver().url_patterns  # all forms are loaded
    form: Any
    for form in _below(BaseForm):
        if form.__module__.split(".")[0] == app:
            for name, field in getattr(form, "base_fields", {}).items():
                if field.label is None:
                    yield Text(pretty_name(name), "", form.__module__)
    for model in apps.get_models():
        if model.__module__.split(".")[0] == app and not model.__name__.startswith("Historical"):
            yield Text(str(model._meta.verbose_name), "", model.__module__)
            yield Text(str(model._meta.verbose_name_plural), "", model.__module__)
            yield from _columns(model)


def _columns(model: Any) -> Iterator[Text]:
    """What timelines and the audit room call what changed in a record that is tracked."""
    from fellowship.history.models import Tracked

    if issubclass(model, Tracked):
        for field in model._meta.concrete_fields:
            yield Text(str(field.verbose_name), "", model.__module__)


def _below(form: type[Any]) -> Iterator[type[Any]]:
    below: list[type[Any]] = form.__subclasses__()
    for one in sorted(below, key=lambda kind: (kind.__module__, kind.__name__)):
        yield one
        yield from _below(one)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def extract() -> dict[str, Catalog]:
    """The catalogue of each app, without translations."""
    taken: dict[str, str] = {}
    found: dict[str, Catalog] = {}
    for app in APPS:
        catalogue = found[app] = _catalog()
        for text in texts(app):
            if taken.setdefault(text.one, app) != app or not text.one.strip():
                continue
            key: Any = (text.one, text.many) if text.many else text.one
            known = catalogue.get(text.one)
            if known is not None and isinstance(known.id, tuple):
                key = known.id
            elif known is not None and text.many:
                catalogue.delete(text.one)
            catalogue.add(key, locations=[(text.file, 0)])
    return found


def _catalog(language: str | None = None) -> Catalog:
    fixed = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Catalog(
        locale=language,
        project="Fellowship",
        version="1",
        msgid_bugs_address="-",
        last_translator="-",
        language_team="-",
        creation_date=fixed,
        revision_date=fixed,
        header_comment="# The words of Fellowship. Written by `make messages`.",
        fuzzy=False,
    )


def folder(app: str, language: str) -> Path:
    """Where Django looks for the catalogue of an app."""
    return ROOT / app / "locale" / language / "LC_MESSAGES"


def read(app: str, language: str) -> Catalog:
    """The catalogue as it is kept."""
    path = folder(app, language) / "django.po"
    if not path.exists():
        return _catalog(language)
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language)


def update() -> None:
    """Bring the .po files to what is said now; a text that changed is untranslated."""
    found = extract()
    known = {
        language: {
            message.id if isinstance(message.id, str) else message.id[0]: message
            for app in APPS
            for message in read(app, language)
            if message.id and message.string
        }
        for language in LANGUAGES
    }
    for language in LANGUAGES:
        for app, catalogue in found.items():
            kept = _catalog(language)
            for message in catalogue:
                if not message.id:
                    continue
                first = message.id if isinstance(message.id, str) else message.id[0]
                before = known[language].get(first)
                string = before.string if before and type(before.id) is type(message.id) else None
                kept.add(message.id, string, locations=message.locations)
            _write(kept, folder(app, language))


def _write(catalogue: Catalog, where: Path) -> None:
    where.mkdir(parents=True, exist_ok=True)
    with (where / "django.po").open("wb") as file:
        pofile.write_po(
            file,
            catalogue,
            width=100,
            omit_header=False,
            sort_by_file=True,
            ignore_obsolete=True,
            include_lineno=False,
        )


def compile_all() -> None:
    """Write the .mo files Django reads."""
    for app in APPS:
        for language in LANGUAGES:
            whole = _catalog(language)
            for message in read(app, language):
                strings = message.string
                if message.id and (strings if isinstance(strings, str) else all(strings or "")):
                    whole.add(message.id, strings)
            with (folder(app, language) / "django.mo").open("wb") as file:
                mofile.write_mo(file, whole)


def problems(language: str) -> Iterator[tuple[str, str, str]]:
    """What is untranslated or wrong: app, text, what."""
    for app, catalogue in extract().items():
        kept = read(app, language)
        for message in catalogue:
            if not message.id:
                continue
            first = message.id if isinstance(message.id, str) else message.id[0]
            found = kept.get(first)
            if found is None or type(found.id) is not type(message.id):
                yield app, first, "not in the catalogue: make messages"
                continue
            strings = [found.string] if isinstance(found.string, str) else list(found.string or ())
            if not all(strings) or (isinstance(found.id, tuple) and len(strings) < 2):
                yield app, first, "untranslated"
                continue
            source = [found.id] if isinstance(found.id, str) else list(found.id)
            for string in strings:
                if _places(string) not in {tuple(_places(one)) for one in source}:
                    yield app, first, f"other parts: {string}"


def _places(text: str) -> tuple[str, ...]:
    return tuple(sorted({found[0].split(":")[0].rstrip("}") for found in _PLACES.finditer(text)}))


def main() -> int:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", choices=["update", "compile", "check"])
    parser.add_argument("--app", choices=APPS)
    given = parser.parse_args()
    if given.command == "update":
        update()
        compile_all()
        return 0
    if given.command == "compile":
        compile_all()
        return 0
    wrong = [
        (language, *one)
        for language in LANGUAGES
        for one in problems(language)
        if given.app in (None, one[0])
    ]
    for language, app, text, what in wrong:
        print(f"{language} {app}: {text!r}: {what}")
    for (language, app), count in sorted(Counter((one[0], one[1]) for one in wrong).items()):
        print(f"{language} {app}: {count} to mend")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
