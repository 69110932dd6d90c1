"""The scraps of HTML that Markdown documents hold, as Markdown. No text is dropped."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_ATTRIBUTES = re.compile(r" ?\{:[^}]*\}")
_INNER_LINK = re.compile(r"\[([^\]]*)\]\(#[^)]*\)")
_LOOSE_LINK = re.compile(r" +\]\(([^)]*)\)")
_MARK = re.compile(r"\n(?:-|\d+\.) $")
_BLANKS = re.compile(r"\n{3,}")


class _Reader(HTMLParser):
    """Collects text; block tags become line breaks, or “ / ” inside a table's row."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.lists: list[list[int | str]] = []
        self.href = ""

    def _in_row(self) -> bool:
        line = "".join(self.parts).rpartition("\n")[2]
        return line.lstrip().startswith("|")

    def _break(self, text: str) -> None:
        if _MARK.search("".join(self.parts[-2:])):
            return
        if not self._in_row():
            self.parts.append(text)
        elif not "".join(self.parts).rstrip().endswith("|"):
            self.parts.append(" / ")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("p", "br", "div"):
            self._break("\n\n" if tag != "br" else "\n")
        elif tag in ("strong", "b"):
            self.parts.append("**")
        elif tag in ("em", "i"):
            self.parts.append("*")
        elif tag == "sup":
            self.parts.append(" ")
        elif tag in ("ol", "ul"):
            self.lists.append([tag, 0])
        elif tag == "li":
            self._item(dict(attrs).get("id") or "")
        elif tag == "a":
            self.href = dict(attrs).get("href") or ""
            if not self.href.startswith("#"):
                self.parts.append("[")

    def _item(self, name: str) -> None:
        mark = "-"
        if self.lists and self.lists[-1][0] == "ol":
            self.lists[-1][1] = int(self.lists[-1][1]) + 1
            mark = f"{self.lists[-1][1]}."
        self._break(f"\n\n{mark} ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("strong", "b"):
            self.parts.append("**")
        elif tag in ("em", "i"):
            self.parts.append("*")
        elif tag in ("ol", "ul") and self.lists:
            self.lists.pop()
            self._break("\n\n")
        elif tag in ("p", "div"):
            self.parts.append(" " if self._in_row() else "\n\n")
        elif tag == "a":
            if not self.href.startswith("#"):
                self.parts.append(f"]({self.href})")
            self.href = ""

    def handle_data(self, data: str) -> None:
        # Pretty-printed HTML breaks its lines anywhere; inside its elements they mean nothing.
        if self.lists or self.href:
            data = re.sub(r"\s+", " ", data)
            opened = not self.parts or self.parts[-1].endswith((" ", "\n", "["))
            data = data.lstrip() if opened else data
        self.parts.append(data)


def to_markdown(text: str) -> str:
    """`text` with its HTML as Markdown, without attribute lists and links into its own document."""
    reader = _Reader()
    reader.feed(_ATTRIBUTES.sub("", text))
    reader.close()
    made = _INNER_LINK.sub(r"\1", "".join(reader.parts)).replace("\xa0", " ")
    made = _LOOSE_LINK.sub(r"](\1)", made)
    lines = (line.rstrip() for line in made.split("\n"))
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip()
