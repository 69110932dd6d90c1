"""The authorisation matrix: who is answered what, at each address and by each method.

It is kept in `tests/authorisation/matrix.txt`, a line for each address and method, sorted. A line
names everybody who is answered otherwise than by default: a visitor is led to sign in, everyone
else is told that nothing is there. The first line names who was asked. `make matrix` asks everybody
everything anew and writes file and page.
"""

from __future__ import annotations

import tomllib
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.support.cast import APART, RECUSED
from tests.support.walked import WORDS, Row

FILE: Final = Path(__file__).resolve().parent.parent / "authorisation" / "matrix.txt"
WHY: Final = FILE.with_name("unanswered.toml")
BEGIN: Final = "# asked: "
FEW: Final = 3
"""So many may be excepted from a group; where they are more, everybody is named."""
SHARE: Final = 3
"""At one in so many rows an ordinary run asks somebody who has a part in the case."""
Words = Mapping[str, str]
"""What each is answered, by name."""


def default(who: str) -> str:
    """What somebody is answered who is not named."""
    return "sign-in" if who == "visitor" else "closed"


def is_offered(words: Words) -> bool:
    """Whether anybody gets further than to be told that the method is not one of the address."""
    return "" not in words.values() or bool(set(words.values()) - {"", "closed", "sign-in"})


def unanswered(known: Mapping[str, Words]) -> list[str]:
    """The rows that name something and are answered to nobody."""
    nothing = {"", "closed", "sign-in"}
    return sorted(n for n, words in known.items() if "<" in n and set(words.values()) <= nothing)


def why_unanswered() -> dict[str, list[str]]:
    """The rows that nobody needs to be answered at, by the reason."""
    return {part["reason"]: part["rows"] for part in tomllib.loads(WHY.read_text()).values()}


def line_of(name: str, words: Words) -> str:
    """One line of the file."""
    told: dict[str, list[str]] = {word: [] for word in ("", *WORDS)}
    for who, word in words.items():
        if word != default(who):
            told[word].append(who)
    asked = tuple(words)
    parts = [f"{word or 'not-offered'}: {_people(who, asked)}" for word, who in told.items() if who]
    return " | ".join([name, *parts])


def _groups(asked: Sequence[str]) -> dict[str, list[str]]:
    return {"everybody": list(asked), "signed-in": [who for who in asked if who != "visitor"]}


def _people(names: Sequence[str], asked: Sequence[str]) -> str:
    for group, members in reversed(_groups(asked).items()):
        missing = [name for name in members if name not in names]
        if set(names) <= set(members) and len(missing) <= min(FEW, len(names) - 1):
            return f"{group} except {' '.join(missing)}" if missing else group
    return " ".join(names)


def words_of(line: str, asked: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The name of a line's row, and what it says for everybody who was asked."""
    name, *parts = line.split(" | ")
    words = {who: default(who) for who in asked}
    for part in parts:
        word, _, people = part.partition(": ")
        group, _, missing = people.partition(" except ")
        named = _groups(asked).get(group, people.split(" "))
        for who in set(named) - set(missing.split(" ")):
            words[who] = "" if word == "not-offered" else word
    return name, words


def asked() -> list[str]:
    """Who was asked when the file was written."""
    return FILE.read_text().partition("\n")[0].removeprefix(BEGIN).split(" ")


def kept() -> dict[str, dict[str, str]]:
    """What the file says, by address and method."""
    people, lines = asked(), FILE.read_text().splitlines()[1:]
    return dict(words_of(line, people) for line in lines)


def write(found: Mapping[str, Words]) -> None:
    """Keep what was found."""
    people = next(iter(found.values()))
    lines = [line_of(name, words) for name, words in found.items() if is_offered(words)]
    FILE.write_text("\n".join([BEGIN + " ".join(people), *lines]) + "\n")


def sample(row: Row, words: Words | None) -> list[str]:
    """Whom an ordinary run asks: visitor and newcomer; at rows that name something one who is
    recused and one who is apart from the case otherwise; and at one in `SHARE` of the rows one who
    has a part in it. Always the same for a row, at each row others.
    """
    chosen = ["visitor", "newcomer"]
    turn = zlib.crc32(str(row).encode())
    if words is None:
        return chosen
    if row.route.arguments:
        others = [who for who in APART if who not in (*chosen, *RECUSED)]
        chosen += [_one(group, turn // 5) for group in (RECUSED, others)]
    if turn // 7 % SHARE == 0:
        rest = [who for who in words if who not in APART]
        word = _one(sorted({words[who] for who in rest}), turn // 7)
        chosen.append(_one([who for who in rest if words[who] == word], turn // 11))
    return chosen


def _one(people: Sequence[str], turn: int) -> str:
    return people[turn % len(people)]
