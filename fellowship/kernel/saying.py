"""Words that say themselves in the language of who reads them.

`say("You have {n} days", n=3)` is a text of the source language, English: that is what it is equal
to, what it hashes as, what the database, the ledger and JSON get. Shown (`str`, an f-string, a
template, `web.markup`) it is said in the language under way. What is no such text, or has no
translation, is English.

Every service verb works in the source language (`kernel.journal`), so the record does not depend on
who wrote it. A day in a text is a `date`, one on the wall of the programme: which day an instant is
depends on the place (`WorkCalendar.day`, `last_day`). An instant is told with its hour, in UTC, and
pages put it into the reader's zone. Why it is so: docs/adr/0043-words-that-say-themselves.md.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import _GeneratorContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Final, ParamSpec, TypeVar

from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real

P = ParamSpec("P")
T = TypeVar("T")

SOURCE: Final = "en-gb"
"""The language that words are written in."""
_KEEPS_CAPITALS: Final = {"de"}
"""Languages in which a noun has its capital in the middle of a sentence too."""
_DECIMAL_COMMA: Final = {"de"}
_SWAPPED: Final = str.maketrans(",.", ".,")
_PLAINLY: Final[Any] = object.__format__
"""How what has no format of its own stands in a text: by `str` alone."""
# Django's own catalogues have these.
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS: Final = (*("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),)


class Catalogue:
    """The words of one language, from the `locale` folders of the house and its packages."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.language = code.partition("-")[0]
        self._known = trans_real.translation(code)
        self._found = functools.lru_cache(maxsize=32_768)(self._known.gettext)

    def find(self, text: str) -> str:
        """The text in this language; itself where nobody translated it."""
        return self._found(text) if text else text

    def find_many(self, one: str, many: str, n: int) -> str:
        """The form that goes with the number."""
        return self._known.ngettext(one, many, n)

    def fill(self, pattern: str, source: str, parts: Mapping[str, Any]) -> str:
        """The pattern with its parts as this language writes them."""
        written = {name: self._part(part) for name, part in parts.items()}
        try:
            return pattern.format_map(written)
        except (LookupError, ValueError, AttributeError):
            return source.format_map(written)

    def _part(self, part: Any) -> Any:
        if isinstance(part, dt.date):
            return _Dated(part, self)
        if isinstance(part, int | float) and self.language in _DECIMAL_COMMA:
            return _Number(part)
        if isinstance(part, str) or type(part).__format__ is not _PLAINLY:
            return part
        return str(part)  # which says itself where it can

    def lower(self, text: str) -> str:
        """A label within a sentence."""
        return text if self.language in _KEEPS_CAPITALS else text.lower()


class _Dated:
    """A day or an instant whose names of months and days are those of a language."""

    def __init__(self, value: dt.date, catalogue: Catalogue) -> None:
        self.value, self.catalogue = value, catalogue

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        names = {"B": MONTHS[self.value.month - 1], "A": WEEKDAYS[self.value.weekday()]}
        for sign, name in names.items():
            found = self.catalogue.find(name)
            spec = spec.replace(f"%{sign}", found).replace(f"%{sign.lower()}", found[:3])
        return format(self.value, spec)


class _Number:
    """A number with a comma where English has a point, and the other way round."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        said = format(self.value, spec)
        return said.translate(_SWAPPED) if "," in spec or "." in spec else said


_speech: ContextVar[Catalogue | None] = ContextVar("fellowship_speech", default=None)
_catalogues: dict[str, Catalogue] = {}


def speech() -> Catalogue | None:
    """The words of the language under way; None while it is the source language."""
    return _speech.get()


def language() -> str:
    """The code of the language under way."""
    catalogue = _speech.get()
    return catalogue.code if catalogue else SOURCE


def tag() -> str:
    """The language under way as HTML and HTTP name it: “en-GB”."""
    name, _, place = language().partition("-")
    return f"{name}-{place.upper()}" if place else name


def keeps_capitals() -> bool:
    """Whether nouns have their capitals everywhere in the language under way."""
    return language().partition("-")[0] in _KEEPS_CAPITALS


def offered(code: str) -> str:
    """The code if people may choose it, else empty."""
    return code if any(code == known for known, _ in settings.LANGUAGES) else ""


@contextmanager
def override(code: str) -> Iterator[None]:
    """Say things in this language for the length of a block; Django and its packages too."""
    if code == language():
        yield
        return
    token = _speech.set(_catalogue(code))
    try:
        with translation.override(code):
            yield
    finally:
        _speech.reset(token)


def in_source() -> _GeneratorContextManager[None]:
    """Say things as they are recorded; `@in_source()` on a function that writes a document."""
    return override(SOURCE)


def _catalogue(code: str) -> Catalogue | None:
    if code == SOURCE:
        return None
    if code not in _catalogues:
        _catalogues[code] = Catalogue(code)
    return _catalogues[code]


def install(catalogue: Catalogue) -> None:
    """Add a language that has no files, such as that of the tests."""
    _catalogues[catalogue.code] = catalogue


def kept(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """`functools.lru_cache` for what holds words: worked out once for each language as well."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.lru_cache(maxsize=most)
        def found(catalogue: Catalogue | None, args: Any, named: Any) -> T:
            return function(*args, **dict(named))

        @functools.wraps(function)
        def asked(*args: P.args, **kwargs: P.kwargs) -> T:
            return found(speech(), args, tuple(kwargs.items()))

        return asked

    return decorate


class Said(str):
    """A text that is English to the machine and says itself to people."""

    __slots__ = ()

    def said_in(self, catalogue: Catalogue) -> str:
        """It in the language of the catalogue."""
        return catalogue.find(str.__str__(self))

    def packed(self) -> Any:
        """JSON that `unpacked` makes it of again."""
        return {"t": str.__str__(self)}

    def __str__(self) -> str:
        catalogue = _speech.get()
        return str.__str__(self) if catalogue is None else self.said_in(catalogue)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __add__(self, other: str) -> str:
        return joined("", (self, other))

    def __radd__(self, other: str) -> str:
        return joined("", (other, self))

    def __copy__(self) -> Said:
        return self

    def __deepcopy__(self, memo: Any) -> Said:
        return self

    def __reduce__(self) -> Any:
        return (unpacked, (self.packed(),))

    def lower(self) -> str:
        """As it stands within a sentence."""
        return _Changed.of(self, "lower")

    def capitalize(self) -> str:
        """As it stands at the beginning of a sentence."""
        return _Changed.of(self, "capitalize")

    def rstrip(self, chars: str | None = None, /) -> str:
        """Without these signs at its end."""
        return _Changed.of(self, "rstrip", chars)

    def strip(self, chars: str | None = None, /) -> str:
        """Without these signs at either end."""
        return _Changed.of(self, "strip", chars)

    def splitlines(self, keepends: bool = False) -> list[str]:
        """Its lines as they are said."""
        return str(self).splitlines(keepends)

    def removesuffix(self, suffix: str, /) -> str:
        """Without this end."""
        return _Changed.of(self, "removesuffix", suffix)

    def __mod__(self, values: Any) -> str:
        return _Changed.of(self, "__mod__", values)


class _Filled(Said):
    """A text with parts, and where it counts something with a form for many."""

    __slots__ = ("many", "n", "parts", "text")
    text: str
    many: str
    n: int
    parts: Mapping[str, Any]

    @classmethod
    def of(cls, text: str, many: str, n: int, parts: Mapping[str, Any]) -> _Filled:
        pattern = text if not many or n == 1 else many
        if _speech.get() is None:
            filled = cls(pattern.format_map(parts))
        else:
            with _hushed():
                filled = cls(pattern.format_map(parts))
        filled.text, filled.many, filled.n, filled.parts = text, many, n, parts
        return filled

    def said_in(self, catalogue: Catalogue) -> str:
        if self.many:
            found = catalogue.find_many(self.text, self.many, self.n)
        else:
            found = catalogue.find(self.text)
        source = self.text if not self.many or self.n == 1 else self.many
        return catalogue.fill(found, source, self.parts)

    def packed(self) -> Any:
        many = {"m": self.many, "n": self.n} if self.many else {}
        return {"t": self.text, **many, "p": {name: pack(it) for name, it in self.parts.items()}}


class _Joined(Said):
    """Texts one after the other."""

    __slots__ = ("items", "sep")
    sep: str
    items: tuple[str, ...]

    @classmethod
    def of(cls, sep: str, items: tuple[str, ...]) -> _Joined:
        whole = cls(str.join(str.__str__(sep), [str.__str__(item) for item in items]))
        whole.sep, whole.items = sep, items
        return whole

    def said_in(self, catalogue: Catalogue) -> str:
        return str(self.sep).join([str(item) for item in self.items])

    def packed(self) -> Any:
        return {"j": pack(self.sep), "i": [pack(item) for item in self.items]}


_AT_ITS_BEGINNING: Final[dict[str, Callable[[str], str]]] = {
    "begun": lambda text: text[:1].upper() + text[1:],
    "within": lambda text: text[:1].lower() + text[1:],
}


class _Changed(Said):
    """A text with its first or last signs changed."""

    __slots__ = ("base", "given", "how")
    base: Said
    how: str
    given: tuple[Any, ...]

    @classmethod
    def of(cls, base: Said, how: str, *given: Any) -> _Changed:
        plain = str.__str__(base)
        changed = cls(
            _AT_ITS_BEGINNING[how](plain)
            if how in _AT_ITS_BEGINNING
            else getattr(str, how)(plain, *given)
        )
        changed.base, changed.how, changed.given = base, how, given
        return changed

    def said_in(self, catalogue: Catalogue) -> str:
        said = self.base.said_in(catalogue)
        if self.how == "lower":
            return catalogue.lower(said)
        if self.how in ("capitalize", "begun"):
            return said[:1].upper() + said[1:]
        if self.how == "within":
            return said if keeps_capitals() else said[:1].lower() + said[1:]
        changed: str = getattr(said, self.how)(*self.given)
        return changed

    def packed(self) -> Any:
        return {"c": self.how, "a": self.given, "b": self.base.packed()}


@contextmanager
def _hushed() -> Iterator[None]:
    """Parts as the source language says them, while a text is made in another."""
    token = _speech.set(None)
    try:
        yield
    finally:
        _speech.reset(token)


def say(text: str, /, **parts: Any) -> str:
    """`text` in the language of who reads it; `{name}` stands for a part, with its format.

    The text is written out at the call, where the catalogue finds it.
    """
    if parts:
        return _Filled.of(text, "", 0, parts)
    return Said(text) if text.__class__ is str else text


def say_n(n: int, one: str, many: str, /, **parts: Any) -> str:
    """A text that counts: `say_n(3, "{n} day", "{n} days")`; `{n}` is the number."""
    return _Filled.of(one, many, n, {"n": n, **parts})


def dated(on: dt.date) -> str:
    """“3 May 2026”, as its language writes it; of an instant, `day` or `last_day` is given."""
    return say("{on:%-d %B %Y}", on=on)


def joined(sep: str, items: Iterable[str]) -> str:
    """`sep.join(items)` of texts that say themselves; plain where none of them does."""
    held = tuple(items)
    if any(isinstance(text, Said) for text in (sep, *held)):
        return _Joined.of(sep, held)
    return sep.join(held)


def listed(items: Sequence[str], last: str = "") -> str:
    """“a, b and c”; `last` is how the last is joined, “{all} and {one}” unless told."""
    if len(items) < 2:
        return items[0] if items else ""
    return _Filled.of(
        plain(last or "{all} and {one}"), "", 0, {"all": joined(", ", items[:-1]), "one": items[-1]}
    )


def begun(text: str) -> str:
    """The text with a capital at its beginning, its other letters as they are."""
    return _Changed.of(text, "begun") if isinstance(text, Said) else text[:1].upper() + text[1:]


def within(text: str) -> str:
    """The text as it stands within a sentence, where its language writes it small."""
    return _Changed.of(text, "within") if isinstance(text, Said) else text[:1].lower() + text[1:]


def clipped(text: str, most: int) -> str:
    """The text with its words, or as much of its English as there is room for."""
    return text if len(text) <= most else text[:most]


def plain(text: str) -> str:
    """The text of the source language alone, as it is recorded."""
    return str.__str__(text)


def pack(part: Any) -> Any:
    """A text and its parts as JSON, to be said later in the language of who reads it then."""
    if isinstance(part, Said):
        return part.packed()
    if isinstance(part, dt.date):
        return {"d": part.isoformat()}
    if part is None or isinstance(part, str | int | float):
        return part
    said = str(part)
    return said.packed() if isinstance(said, Said) else said


def unpacked(kept: Any) -> Any:
    """What `pack` made JSON of."""
    if not isinstance(kept, dict):
        return kept
    if "d" in kept:
        day: str = kept["d"]
        return dt.datetime.fromisoformat(day) if "T" in day else dt.date.fromisoformat(day)
    if "j" in kept:
        return _Joined.of(unpacked(kept["j"]), tuple(unpacked(item) for item in kept["i"]))
    if "c" in kept:
        return _Changed.of(unpacked(kept["b"]), kept["c"], *kept["a"])
    parts = {name: unpacked(part) for name, part in kept.get("p", {}).items()}
    if "m" in kept:
        return _Filled.of(kept["t"], kept["m"], kept["n"], parts)
    return say(kept["t"], **parts)


def numeral(written: str) -> str:
    """A number written in English, “1,234.5”, with the signs of the language under way."""
    comma = language().partition("-")[0] in _DECIMAL_COMMA
    return written.translate(_SWAPPED) if comma else written


def is_said(text: object) -> bool:
    """Whether a text is more than its English."""
    return isinstance(text, Said)


def literal(text: str) -> str:
    """`_("…")` in a template, which Django hands over with its per cent signs doubled."""
    return say(text.replace("%%", "%"))
