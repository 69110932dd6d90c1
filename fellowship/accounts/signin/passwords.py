"""Which passwords are refused: those that others would guess, or have already.

No rule says which signs a password is made of, and none runs out: whatever is long and hard to
guess is taken, up to any length.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError

from fellowship.kernel.saying import say, within

JUDGED: Final = 72
"""Signs that are judged; what comes after them makes a password only harder to guess."""
ENOUGH: Final = 3
"""Of zxcvbn's 0 to 4: more than 10^8 guesses of who knows the person and all common passwords."""
WORDS: Final = ("fellowship", "fellow", "applicant", "mentor", "reviewer", "steward", "auditor")
"""No password leans on these; an installation adds its own (`PASSWORD_WORDS`)."""


class NotGuessed:
    """Refuses what is common, a pattern, a repetition, or made of the person's or our own words."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError with what is wrong with it."""
        from zxcvbn import zxcvbn  # its lists take a moment to read, and few set a password

        judged = zxcvbn(password[:JUDGED], user_inputs=_words(user))
        if judged["score"] < ENOUGH:
            why = judged["feedback"]["warning"].rstrip(".")
            because = f": {within(say(why))}" if why else ""
            raise ValidationError(
                say(
                    "This password is too easy to guess{because}. Take several words "
                    "that do not belong together, or let a password manager make one.",
                    because=because,
                ),
                code="password_guessed",
            )

    def get_help_text(self) -> str:
        """What the form says beforehand."""
        return say("Several words that do not belong together make a good one; so do spaces.")


class NotBreached:
    """Refuses what stands in the file of breached passwords, where the installation has one."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError where others have found it elsewhere."""
        path = str(settings.BREACHED_PASSWORDS_FILE)
        if path and breached(password, Path(path)):
            raise ValidationError(
                say(
                    "This password stands in a list of passwords that were stolen elsewhere. "
                    "Take another one, and change it wherever else you use it."
                ),
                code="password_breached",
            )

    def get_help_text(self) -> str:
        """Nothing: who has such a password is told."""
        return ""


def breached(password: str, path: Path) -> bool:
    """Whether the file has the password's SHA-1, in some forty reads of a file of any size.

    The file is that of Pwned Passwords, ordered by hash: `HASH:COUNT` a line.
    """
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with path.open("rb") as file:
        low, high = 0, path.stat().st_size
        while low < high:
            middle = (low + high) // 2
            if (found := _hash_from(file, middle)) and found < wanted:
                low = middle + 1
            else:
                high = middle
        return _hash_from(file, low) == wanted


def _hash_from(file: IO[bytes], offset: int) -> bytes:
    """The hash of the first line that begins at the offset or after it; empty behind the last."""
    file.seek(max(offset - 1, 0))
    if offset:
        file.readline()
    return file.readline().partition(b":")[0].strip().upper()


@cache
def _own_words() -> tuple[str, ...]:
    return (*WORDS, *(str(word).lower() for word in settings.PASSWORD_WORDS))


def _words(user: Any) -> list[str]:
    """What somebody who knows the person and us would try first."""
    told = [str(getattr(user, name, "") or "") for name in ("username", "email", "name")]
    parts = [part for text in told for part in (text, *text.replace("@", " ").split())]
    return [*_own_words(), *(part.lower() for part in parts if part)]
