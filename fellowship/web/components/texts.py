"""Text from people and machines made safe and readable: Markdown, differences, hashes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import nh3
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from fellowship.kernel.saying import is_said, joined, kept, say
from fellowship.web.markup import markup

_TAGS = {
    "p", "br", "hr", "strong", "em", "s", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a",
    "table", "thead", "tbody", "tr", "th", "td", "h3", "h4", "h5", "h6", "div",
}  # fmt: skip
_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href"},
    "ol": {"start"},
    "div": {"class", "tabindex", "role", "aria-label"},
}
_SCHEMES = {"http", "https", "mailto"}
_TOP_HEADING = 3
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_MAX_PAIRS = 4_000_000
FOLD: Final = 600
"""Signs of a reason shown before the rest is folded away."""
_SHORT = 4
_AROUND: Final = 3
_FOLDED_FROM: Final = 10


@kept(512)
def markdown(source: str) -> SafeString:
    """CommonMark with tables as safe HTML: no raw HTML, no images, links marked as not ours."""
    engine = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    engine.disable("image")
    tokens = engine.parse(source.replace("\x00", ""))
    _level_headings(tokens)
    html = engine.renderer.render(list(_framed_tables(tokens)), engine.options, {})
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)  # noqa: S308 - cleaned on the line above


def _level_headings(tokens: list[Token]) -> None:
    """Make headings start below the page's own and skip no level."""
    used = sorted({t.tag for t in tokens if t.type == "heading_open"})
    levels = {tag: f"h{min(_TOP_HEADING + i, 6)}" for i, tag in enumerate(used)}
    for token in tokens:
        token.tag = levels.get(token.tag, token.tag)


def _framed_tables(tokens: list[Token]) -> Iterator[Token]:
    """Wide tables scroll in their own frame, which the keyboard can reach."""
    for token in tokens:
        if token.type == "table_open":
            yield Token(
                "html_block",
                "",
                0,
                content=markup(
                    '<div class="scroll" tabindex="0" role="group" aria-label="{}">', say("Table")
                ),
            )
        for child in token.children or ():
            child.attrs.pop("style", None)
        token.attrs.pop("style", None)
        yield token
        if token.type == "table_close":
            yield Token("html_block", "", 0, content="</div>")


def diff(old: str, new: str, *, fold: bool = False) -> SafeString:
    """Word-by-word difference: what went as `<del>`, what came as `<ins>`.

    With `fold`, long stretches of lines that stay are folded away, a few on either side left.
    """
    return mark_safe("".join(_diff(old or "", new or "", fold)))  # noqa: S308 - all is escaped


def _diff(old: str, new: str, fold: bool) -> Iterator[str]:
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        if kind != "equal":
            yield from _words("".join(before[a:b]), "".join(after[c:d]))
        elif fold and b - a > _FOLDED_FROM:
            first, last = (0 if a == 0 else _AROUND), (0 if b == len(before) else _AROUND)
            yield escape("".join(before[a : a + first]))
            yield _folded(before[a + first : b - last])
            yield escape("".join(before[b - last : b]))
        else:
            yield escape("".join(before[a:b]))


def _folded(lines: Sequence[str]) -> str:
    """Lines that stay, behind one sentence that says how many they are."""
    text = escape("".join(lines))
    said = escape(say("{n} lines unchanged", n=len(lines)))
    return f"<details><summary>{said}</summary>{text}</details>"


def _words(old: str, new: str) -> Iterator[str]:
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if len(before) * len(after) > _MAX_PAIRS:
        yield from _marked(before, after)
        return
    gone: list[str] = []
    come: list[str] = []
    kept: list[str] = []  # short, between two changes: part of both, unless nothing follows
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        if kind != "equal":
            gone += kept + before[a:b]
            come += kept + after[c:d]
            kept = []
        elif (gone or come) and not _says_something(before[a:b]):
            kept = before[a:b]
        else:
            yield from _marked(gone, come)
            gone, come = [], []
            yield escape("".join(before[a:b]))
    yield from _marked(gone, come)
    yield escape("".join(kept))


def _says_something(kept: Sequence[str]) -> bool:
    """Whether what stayed between two changes is more than blanks and one short word."""
    return sum(len(word) for word in kept if word.strip()) > _SHORT


def _marked(gone: Sequence[str], come: Sequence[str]) -> Iterator[str]:
    if gone:
        yield format_html("<del>{}</del>", "".join(gone))
    if come:
        yield format_html("<ins>{}</ins>", "".join(come))


def fold(text: str) -> SafeString:
    """Text as it stands; a long one opens from its beginning."""
    if len(text) <= FOLD:
        return escape(text)
    return format_html(
        '<details class="fold"><summary><span class="start">{}… </span>'
        '<span class="open">{}</span><span class="close">{}</span></summary>'
        "{}</details>",
        text[:FOLD].rsplit(" ", 1)[0],
        say("Show all"),
        say("Show less"),
        text,
    )


def short_hash(value: str) -> str:
    """A hash short enough to compare by eye: its first six and last four signs."""
    return value if len(value) <= 14 else f"{value[:6]}…{value[-4:]}"


def readable(value: Any) -> str:
    """A value of a recorded change as text."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        named = "statement" in value or "title" in value  # then its key says nothing more
        said = {k: v for k, v in value.items() if not (named and (k == "key" or v in ("", None)))}
        return joined("; ", (joined(": ", (_key(k), readable(v))) for k, v in said.items()))
    if isinstance(value, (list, tuple)):
        between = " · " if any(isinstance(v, dict) for v in value) else ", "
        return joined(between, (readable(v) for v in value))
    return value if isinstance(value, str) else str(value)


def _key(name: str) -> str:
    return name if is_said(name) else name.replace("_", " ")
