"""A language of the tests: each translation stands in brackets, so what stands outside has none."""

from __future__ import annotations

from typing import Final

from fellowship.kernel.saying import Catalogue

PSEUDO: Final = "qps"


class Pseudo(Catalogue):
    """Everything that can be translated, marked."""

    code = PSEUDO

    def __init__(self) -> None:
        self.language = self.code

    def find(self, text: str) -> str:
        """The text in brackets."""
        return f"⟦{text}⟧" if text else text

    def find_many(self, one: str, many: str, n: int) -> str:
        """The English form in brackets."""
        return self.find(one if n == 1 else many)
