"""What in a text may name a person or open a system. Tells kinds, numbers and lines, no values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stdnum import iban, luhn

from fellowship.kernel.saying import joined, say, say_n


@dataclass(frozen=True, slots=True)
class Found:
    """One kind of identifier: how many there are, and the line of the first."""

    what: str
    many: str
    number: int
    line: int

    def __str__(self) -> str:
        named = self.what if self.number == 1 else joined(" ", (str(self.number), self.many))
        return say_n(
            self.number,
            "{named}, in line {line}",
            "{named}, the first in line {line}",
            named=named,
            line=self.line,
        )


def _card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and bool(luhn.is_valid(digits))


def _iban(text: str) -> bool:
    return bool(iban.is_valid(text))


def _always(text: str) -> bool:
    return True


_PATTERNS: Final[tuple[tuple[str, str, re.Pattern[str], Callable[[str], bool]], ...]] = (
    (
        say("an e-mail address"),
        say("e-mail addresses"),
        re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
        _always,
    ),
    (
        say("a telephone number"),
        say("telephone numbers"),
        re.compile(r"(?<![\w.])\+\d{1,3}[ ().-]?(?:\d[ ().-]?){7,13}(?!\w)"),
        _always,
    ),
    (
        say("a card number"),
        say("card numbers"),
        re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w.])"),
        _card,
    ),
    (say("an IBAN"), say("IBANs"), re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b"), _iban),
    (
        say("a secret key"),
        say("secret keys"),
        re.compile(
            r"\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bsk-[A-Za-z0-9_-]{20,}"
            r"|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bAIza[0-9A-Za-z_-]{35}"
            r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\."
        ),
        _always,
    ),
)


def find(text: str) -> list[Found]:
    """Every kind of identifier in the text, in the order in which they are asked for here."""
    found = []
    for what, many, pattern, check in _PATTERNS:
        hits = [m.start() for m in pattern.finditer(text) if check(m.group())]
        if hits:
            line = text.count("\n", 0, hits[0]) + 1
            found.append(Found(what, many, len(hits), line))
    return found
