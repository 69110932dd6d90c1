"""The words of a template, found: what stands between its tags, in attributes people read, and in
the literals of its tags.

Our templates are written in plain English and mark nothing. As one is loaded, each piece of prose
is wrapped in `{% say %}` under its text in the catalogue, its variables and inline tags as parts:
`See <a href="{{ url }}">{{ name }}</a>.` is kept as `See <a>{name}</a>.` A literal becomes
`_("…")`. In English the page is the same, byte for byte.

A template of the record, which stays as it is, says so in its first line: `{# as recorded #}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

AS_RECORDED: Final = "{# as recorded #}"
_TOKENS: Final = re.compile(r"({%.*?%}|{{.*?}}|{#.*?#})", re.DOTALL)
_WORDS: Final = re.compile(r"[^\W\d_]{2,}")
_ENTITY: Final = re.compile(r"&#?\w+;")
_OPENS: Final = re.compile(r"<(?=[A-Za-z/!])")
_RAW: Final = {"script", "style"}
_INLINE: Final = {
    *("a", "abbr", "b", "cite", "code", "em", "i", "kbd", "mark", "q", "s", "small", "span"),
    *("strong", "sub", "sup", "time"),
}
_APART: Final = re.compile(r'class="[^"]*\b(?:meta|visually-hidden|count|rule|btn|chip|word|n)\b')
"""A label beside the sentence rather than a part of it."""
_ATTRIBUTES: Final = {
    *("title", "aria-label", "aria-description", "aria-roledescription", "placeholder", "alt"),
    *("data-label", "data-key-label", "data-confirm", "data-empty", "label"),
}
_INLINE_TAGS: Final = {
    *("when", "due", "until", "person", "hash", "url", "firstof", "tier", "verdict", "severity"),
    *("technique_name", "harm_means", "tag", "state_tag", "due_tag", "icon", "exception_tag"),
    *("outcome_tag", "test_tag", "import_meta", "static"),
}
_MARKS: Final = {"tag", "state_tag", "due_tag", "icon", "exception_tag", "outcome_tag", "test_tag"}
"""Tags that set a mark: at either end of a sentence they are none of its words."""
_NESTS: Final = {"if", "for", "with"}
_BRANCHES: Final = {"else", "elif", "empty"}
_NO_WORDS: Final = {
    *("url", "static", "load", "extends", "if", "elif", "for", "block", "endblock", "when", "icon"),
    *("until", "due", "hash", "stages", "explain", "regroup", "cycle", "ifchanged", "now", "slot"),
    *("trans", "blocktrans", "element", "filter", "autoescape", "get_current_timezone", "say"),
    *("state_tag", "tier"),
}
_NO_WORD_OPTIONS: Final = {
    *("tone", "style", "id", "url", "class", "level", "width", "kind", "name", "autosave", "tags"),
}
_WORD_OPTIONS: Final = {"what", "unit", "meta", "hint", "label", "reason", "summary", "detail"}
_WORD_FILTERS: Final = {"default", "default_if_none", "yesno", "join"}
_ATTRIBUTE: Final = re.compile(r"""([\w:-]+)\s*=\s*(["'])""")
_LITERAL: Final = re.compile(
    r"""(?P<lead>_\(|\w+=|\|\w+:|[\s,]|^)(?P<said>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
)
_ENDS: Final = re.compile(r"[.?!:;](?:</?\w[^>]*>|[\s”’)])*$")
_LEAD: Final = re.compile(r"^[\s,.;:)–—]*")
_TAIL: Final = re.compile(r"[\s,(–—]*$")
_DOT: Final = re.compile(r"(\s*·\s*)")


@dataclass(frozen=True)
class Leaf:
    """A text, a variable, a tag of the template, or a tag of HTML with what stands in it."""

    kind: str
    src: str
    name: str = ""
    closes: bool = False
    shown: str = ""


@dataclass(frozen=True)
class Group:
    """A tag that closes, and what stands between."""

    name: str
    opens: str
    branches: list[tuple[str, list[Node]]] = field(default_factory=list)
    closes: str = ""


Node = Leaf | Group


def said(source: str, *, html: bool = True) -> str:
    """The template with its words wrapped."""
    if source.startswith(AS_RECORDED):
        return source
    leaves = _leaves(source) if html else list(_lines(source))
    return _Writer(html).write(_tree(leaves))


# --- reading --------------------------------------------------------------------------------


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    for number, part in enumerate(_TOKENS.split(source)):
        if part:
            kind = "text" if not number % 2 else {"%": "block", "{": "var", "#": "note"}[part[1]]
            yield kind, part


def _lines(source: str) -> Iterator[Leaf]:
    """A text that is no HTML: its lines are apart."""
    for kind, src in _tokens(source):
        if kind != "text":
            yield _leaf(kind, src)
            continue
        for number, line in enumerate(re.split(r"(\s*\n\s*)", src)):
            if line:
                yield Leaf("apart" if number % 2 else "text", line)


def _leaf(kind: str, src: str) -> Leaf:
    return Leaf(kind, src, src[2:-2].split(maxsplit=1)[0] if kind == "block" else "")


def _leaves(source: str) -> list[Leaf]:
    """The template's tokens, with those inside a tag of HTML held together."""
    found: list[Leaf] = []
    pieces: list[tuple[str, str]] | None = None
    quote = raw = ""
    for kind, src in _tokens(source):
        if kind != "text":
            if pieces is not None:
                pieces.append((kind, src))
            else:
                found.append(_leaf(kind, src))
            continue
        rest = src
        while rest:
            if pieces is not None:
                taken, rest, quote, ended = _within(rest, quote)
                pieces.append(("text", taken))
                if ended:
                    found.append(leaf := _tag(pieces))
                    raw = leaf.name if leaf.name in _RAW and not leaf.closes else ""
                    pieces = None
            elif raw:
                at = rest.lower().find(f"</{raw}")
                text, rest = (rest, "") if at < 0 else (rest[:at], rest[at:])
                if text:
                    found.append(Leaf("apart", text))
                raw = raw if at < 0 else ""
                pieces = None if at < 0 else []
            else:
                opening = _OPENS.search(rest)
                at = opening.start() if opening else len(rest)
                if at:
                    found.append(Leaf("text", rest[:at]))
                rest = rest[at:]
                pieces = [] if rest else None
    return found


def _within(rest: str, quote: str) -> tuple[str, str, str, bool]:
    """What of `rest` is of the tag under way, what follows, the open quote, whether it ends."""
    if rest.startswith("<!--"):
        at = rest.find("-->") + 3
        return rest[:at], rest[at:], "", True
    for at, sign in enumerate(rest):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign == ">":
            return rest[: at + 1], rest[at + 1 :], "", True
    return rest, "", quote, False


def _tag(pieces: list[tuple[str, str]]) -> Leaf:
    src = "".join(text for _, text in pieces)
    name = re.match(r"</?!?-*([A-Za-z0-9]*)", src)
    return Leaf(
        "html",
        src,
        name[1].lower() if name else "",
        src.startswith("</"),
        _attributes(pieces),
    )


def _attributes(pieces: list[tuple[str, str]]) -> str:
    """A tag of HTML with the words in its attributes wrapped."""
    out: list[str] = []
    value: list[Leaf] = []
    name = ""
    for kind, src in _cut_at_quotes(pieces):
        if kind == "opens":
            found = _ATTRIBUTE.search(src)
            name = found[1].lower() if found else ""
            out.append(src)
        elif kind == "closes":
            out += [_Writer(html=True).write(_tree(value)), src]
            value, name = [], ""
        elif name in _ATTRIBUTES:
            value.append(_leaf(kind, src))
        else:
            out.append(src)
    return "".join(out)


def _cut_at_quotes(pieces: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The pieces of a tag, with its text cut where an attribute's value begins and ends."""
    quote = ""
    for kind, src in pieces:
        if kind != "text":
            yield kind, src
            continue
        rest = src
        while rest:
            if quote:
                text, closing, rest = rest.partition(quote)
                if text:
                    yield "text", text
                if closing:
                    yield "closes", closing
                    quote = ""
                continue
            opening = _ATTRIBUTE.search(rest)
            at = opening.end() if opening else len(rest)
            yield ("opens" if opening else "apart"), rest[:at]
            quote, rest = (opening[2] if opening else ""), rest[at:]


def _tree(leaves: list[Leaf]) -> list[Node]:
    """The leaves with each tag that closes as a group."""
    closing = {leaf.name[3:] for leaf in leaves if leaf.name.startswith("end")}
    top: list[Node] = []
    stack: list[Group] = []

    def here() -> list[Node]:
        return stack[-1].branches[-1][1] if stack else top

    for leaf in leaves:
        if leaf.kind != "block":
            here().append(leaf)
        elif leaf.name in closing:
            stack.append(Group(leaf.name, leaf.src, [("", [])]))
        elif stack and leaf.name == f"end{stack[-1].name}":
            done = stack.pop()
            here().append(Group(done.name, done.opens, done.branches, leaf.src))
        elif stack and leaf.name in _BRANCHES:
            stack[-1].branches.append((leaf.src, []))
        else:
            here().append(leaf)
    while stack:  # an attribute's value that begins a group it does not end
        done = stack.pop()
        here().append(Leaf("apart", done.opens))
        for opens, nodes in done.branches:
            here().extend([Leaf("apart", opens)] if opens else [])
            here().extend(nodes)
    return top


# --- writing --------------------------------------------------------------------------------


class _Writer:
    """Writes a template with its words wrapped."""

    def __init__(self, html: bool) -> None:
        self.html = html

    def write(self, nodes: list[Node]) -> str:
        """These nodes; sentences are the longest runs of what stands in one line of text."""
        out: list[str] = []
        run: list[Node] = []
        for node in self._parted(nodes):
            if self._inline(node):
                run.append(node)
                continue
            out.append(self._run(run))
            run = []
            out.append(self._alone(node))
        out.append(self._run(run))
        return "".join(out)

    def _parted(self, nodes: list[Node]) -> Iterator[Node]:
        """The nodes with texts parted at the dots that separate things."""
        for node in nodes:
            if isinstance(node, Leaf) and node.kind == "text" and "·" in node.src:
                for number, part in enumerate(_DOT.split(node.src)):
                    if part:
                        yield Leaf("apart" if number % 2 else "text", part)
            else:
                yield node

    def _inline(self, node: Node) -> bool:
        if isinstance(node, Group):
            return node.name in _NESTS and all(
                self._inline(inner) for _, nodes in node.branches for inner in self._parted(nodes)
            )
        if node.kind == "html":
            return node.name in _INLINE
        if node.kind == "block":
            return node.name in _INLINE_TAGS and " as " not in node.src
        return node.kind in ("text", "var")

    def _alone(self, node: Node) -> str:
        """What stands in no sentence."""
        if isinstance(node, Leaf):
            return node.shown or marked(node.src, node.kind)
        if node.name in ("blocktrans", "comment", "verbatim"):
            inner = "".join(_source(n) for _, nodes in node.branches for n in nodes)
            return f"{node.opens}{inner}{node.closes}"
        branches = "".join(
            f"{marked(opens, 'block')}{self.write(nodes)}" for opens, nodes in node.branches
        )
        return f"{marked(node.opens, 'block')}{branches}{marked(node.closes, 'block')}"

    def _run(self, run: list[Node]) -> str:
        """A line of text: its sentences wrapped, what is around them as it is."""
        if not run:
            return ""
        if not any(_has_words(node) for node in run):
            return "".join(self._alone(node) for node in run)
        cut = self._cut(run)
        if cut is not None:
            return self._run(run[:cut]) + self._alone(run[cut]) + self._run(run[cut + 1 :])
        if split := self._ended(run):
            return self._run(run[:split]) + self._run(run[split:])
        start, end = self._edges(run)
        before = "".join(self._alone(node) for node in run[:start])
        after = "".join(self._alone(node) for node in run[end:])
        if start or end < len(run):
            return before + self._run(run[start:end]) + after
        return self._sentence(run)

    def _cut(self, run: list[Node]) -> int | None:
        """The first node that stands apart within the run: a group that is no part of a sentence, a
        tag of HTML without its other half, or, where no words stand outside of elements, those.
        """
        for at, node in enumerate(run):
            if isinstance(node, Group) and not self._nested(run, at):
                return at
        pairs = _pairs(run)
        for at, node in enumerate(run):
            if isinstance(node, Leaf) and node.kind == "html" and at not in pairs:
                return at
        for at, end in pairs.items():
            leaf = run[at]
            if at < end and isinstance(leaf, Leaf) and _APART.search(leaf.src):
                return at
        depth = 0
        words = False
        for at, node in enumerate(run):
            if isinstance(node, Leaf) and node.kind == "html":
                depth += 1 if at < pairs[at] else -1
            elif not depth and _has_words(node):
                words = True
        return None if words or not pairs else min(pairs)

    def _nested(self, run: list[Node], at: int) -> bool:
        """Whether a condition or a loop stands in the middle of a sentence."""
        left, right = run[:at], run[at + 1 :]
        if not any(_has_words(n) for n in left) or not any(_has_words(n) for n in right):
            return False
        node = run[at]
        if isinstance(node, Leaf) or _pairs([node]) is None:
            return False
        inner = "".join(_source(n) for _, nodes in node.branches for n in nodes)
        return not _ENDS.search(_text(left)) and not _ENDS.search(_plain(inner))

    def _ended(self, run: list[Node]) -> int:
        """Where a sentence has ended and what follows is a value."""
        for at in range(1, len(run)):
            node = run[at]
            if isinstance(node, Leaf) and node.kind in ("var", "block"):
                left, right = run[:at], run[at:]
                done = re.search(r"[.?!](?:</?\w[^>]*>|[\s”’)])*$", _text(left))
                if done and any(map(_has_words, left)) and not any(map(_has_words, right)):
                    return at
        return 0

    def _edges(self, run: list[Node]) -> tuple[int, int]:
        """Where the sentence begins and ends: without the space, marks and elements around it."""
        start, end = 0, len(run)
        while start < end and self._edge(run[start]):
            start += 1
        while end > start and self._edge(run[end - 1]):
            end -= 1
        pairs = _pairs(run[start:end])
        while end - start > 1 and pairs.get(0) == end - start - 1:
            start, end = start + 1, end - 1
            while start < end and self._edge(run[start]):
                start += 1
            while end > start and self._edge(run[end - 1]):
                end -= 1
            pairs = _pairs(run[start:end])
        return start, end

    def _edge(self, node: Node) -> bool:
        if isinstance(node, Group):
            return False
        if node.kind == "text":
            return not node.src.strip()
        return node.kind == "block" and node.name in _MARKS

    def _sentence(self, run: list[Node]) -> str:
        text = "".join(
            _source(node) for node in run if isinstance(node, Leaf) and node.kind == "text"
        )
        if any(sign in text for sign in "{}<"):
            return "".join(self._alone(node) for node in run)
        names = _Names()
        one: list[str] = []
        many: list[str] = []
        out: list[str] = []
        pairs = _pairs(run)
        tags: dict[int, str] = {}
        lead = tail = ""
        for at, node in enumerate(run):
            if isinstance(node, Leaf) and node.kind == "text":
                text = node.src
                if at == 0:
                    text = text[len(lead := _found(_LEAD, text)) :]
                if at == len(run) - 1 and (tail := _found(_TAIL, text)):
                    text = text[: -len(tail)]
                one.append(text)
                many.append(text)
                out.append(text)
                continue
            if isinstance(node, Leaf) and node.kind == "html":
                name = tags.get(at) or names.tag(node.name)
                tags[pairs[at]] = name
                opener = f"</{name}>" if node.closes else f"<{name}>"
                one.append(opener)
                many.append(opener)
                shown = node.src if node.closes else _part(opener, node.shown)
                out.append(shown)
                continue
            if (forms := _plural(node)) and names.counts(forms[0]):
                one.append(forms[1])
                many.append(forms[2])
                out.append(_source(node))
                continue
            name = names.of(node)
            one.append(f"{{{name}}}")
            many.append(f"{{{name}}}")
            out.append(_part(name, self._alone(node)))
        head = f"{{% say {_quoted(''.join(one))}"
        if names.counted:
            head += f" {_quoted(''.join(many))} n={names.counted}"
        return f"{lead}{head} %}}{''.join(out)}{{% endsay %}}{tail}"


class _Names:
    """Names of the parts of one sentence."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._tags: dict[str, int] = {}
        self.counted = ""

    def tag(self, name: str) -> str:
        self._tags[name] = number = self._tags.get(name, 0) + 1
        return name if number == 1 else f"{name}{number}"

    def counts(self, number: str) -> bool:
        """Whether the sentence is counted by this number; it is by one."""
        self.counted = self.counted or number
        return self.counted == number

    def of(self, node: Node) -> str:
        src = _source(node)
        base = "more" if isinstance(node, Group) else _base(node)
        name, number = base, 1
        while self._given.setdefault(name, src) != src:
            number += 1
            name = f"{base}{number}"
        return name


def _base(leaf: Leaf) -> str:
    """A name for a value: the last word of what it is."""
    inner = leaf.src[2:-2].strip()
    if leaf.kind == "block":
        bits = inner.split()
        inner = bits[1] if len(bits) > 1 else bits[0]
        if not re.match(r"[A-Za-z_]", inner):
            inner = bits[0]
    words = re.findall(r"[A-Za-z_][A-Za-z_]*", inner.partition("|")[0])
    return words[-1].lower().removeprefix("get_").removesuffix("_display") if words else "value"


def _plural(node: Node) -> tuple[str, str, str] | None:
    """Of `{{ n|pluralize:"y,ies" }}` the number, the end for one and the end for many."""
    if not isinstance(node, Leaf) or node.kind != "var":
        return None
    found = re.fullmatch(r'{{\s*(\S+?)\|pluralize(?::["\'](.*?)["\'])?\s*}}', node.src)
    if not found:
        return None
    forms = (found[2] or "s").split(",")
    return (found[1], forms[0], forms[1]) if len(forms) > 1 else (found[1], "", forms[0])


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""


def _part(name: str, body: str) -> str:
    return f'{{% part "{name}" %}}{body}{{% endpart %}}'


def _quoted(text: str) -> str:
    text = " ".join(text.split())
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _source(node: Node) -> str:
    if isinstance(node, Leaf):
        return node.src
    inner = "".join(opens + "".join(_source(n) for n in nodes) for opens, nodes in node.branches)
    return f"{node.opens}{inner}{node.closes}"


def _has_words(node: Node) -> bool:
    return (
        isinstance(node, Leaf)
        and node.kind == "text"
        and bool(_WORDS.search(_ENTITY.sub("", node.src)))
    )


def _text(nodes: list[Node]) -> str:
    """The text of nodes with a letter for each value."""
    return "".join(
        node.src if isinstance(node, Leaf) and node.kind in ("text", "html") else "x"
        for node in nodes
    )


def _plain(source: str) -> str:
    return _TOKENS.sub(lambda token: "" if token[0].startswith("{%") else "x", source)


def _pairs(run: list[Node]) -> dict[int, int]:
    """Where each tag of HTML in the run has its other half; what has none is left out."""
    found: dict[int, int] = {}
    stack: list[tuple[str, int]] = []
    for at, node in enumerate(run):
        if not isinstance(node, Leaf) or node.kind != "html":
            continue
        if not node.closes:
            stack.append((node.name, at))
        elif stack and stack[-1][0] == node.name:
            opened = stack.pop()[1]
            found[opened], found[at] = at, opened
    return found


# --- literals -------------------------------------------------------------------------------


def marked(src: str, kind: str) -> str:
    """A tag or a variable of the template with the words among its literals marked."""
    if not src or kind not in ("block", "var"):
        return src
    name = src[2:-2].split(maxsplit=1)[0] if kind == "block" else ""
    inner = _LITERAL.sub(_marker(name, kind), src[2:-2])
    return f"{src[:2]}{inner}{src[-2:]}"


def _marker(tag: str, kind: str) -> Callable[[re.Match[str]], str]:
    first = True

    def mark(found: re.Match[str]) -> str:
        nonlocal first
        lead, literal = found["lead"], found["said"]
        text = literal[1:-1]
        at_first, first = first, False
        # Django cannot read a marked literal with spaces that a filter follows.
        filtered = "=" not in lead and kind == "block" and found.string[found.end() :][:1] == "|"
        if filtered or not _is_words(tag, kind, lead, text, at_first):
            return found[0]
        return f"{lead}_({literal})"

    return mark


def _is_words(tag: str, kind: str, lead: str, text: str, first: bool) -> bool:
    if lead == "_(" or not re.search(r"[^\W\d_]", text) or text.startswith(("/", "#", "http")):
        return False
    if lead.startswith("|"):
        return lead[1:-1] in _WORD_FILTERS
    if kind == "var" or tag in _NO_WORDS or (tag == "include" and first and "=" not in lead):
        return False
    option = lead.removesuffix("=") if lead.endswith("=") else ""
    if option in _NO_WORD_OPTIONS:
        return False
    if option in _WORD_OPTIONS:
        return True
    return text[0].isupper() or " " in text.strip()
