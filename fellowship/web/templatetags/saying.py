"""`{% say %}`, which `web.prose` writes around the words of our templates; it is built in."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any, Final

from django import template
from django.template import defaultfilters
from django.template.base import FilterExpression, Node, NodeList, Parser, TextNode, Token
from django.template.context import Context
from django.utils.safestring import SafeString

from fellowship.kernel import saying

register = template.Library()
_PLACE: Final = re.compile(r"(\{\w+\}|<\w+>)")
_END: Final = re.compile(r"</([a-z]+)\d+>")


class PartNode(Node):
    """A value within a sentence, or the tag of HTML that opens an element in it."""

    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name, self.nodelist = name, nodelist

    def render(self, context: Context) -> SafeString:
        """The value."""
        return self.nodelist.render(context)


class SayNode(Node):
    """A sentence: in the source language as the template has it, else as the catalogue does."""

    def __init__(self, forms: Sequence[str], n: FilterExpression | None, nodes: NodeList) -> None:
        self.forms, self.n = forms, n
        self.parts = [node for node in nodes if isinstance(node, PartNode)]
        self.nodelist = NodeList()
        for node in nodes:
            self.nodelist.extend(node.nodelist if isinstance(node, PartNode) else [node])
        whole = [node.s for node in self.nodelist if isinstance(node, TextNode)]
        self.text = SafeString("".join(whole)) if len(whole) == len(self.nodelist) else None

    def render(self, context: Context) -> SafeString:
        """The sentence."""
        catalogue = saying.speech()
        if catalogue is None:
            return self.nodelist.render(context) if self.text is None else self.text
        if self.n is None:
            said = catalogue.find(self.forms[0])
        else:
            said = catalogue.find_many(
                self.forms[0], self.forms[1], _count(self.n.resolve(context))
            )
        if not self.parts:
            return SafeString(said)
        values: dict[str, str] = {}
        for part in self.parts:
            key = part.name if part.name.startswith("<") else f"{{{part.name}}}"
            if key not in values:
                values[key] = part.render(context)
        return SafeString("".join([values.get(piece, piece) for piece in _pieces(said)]))


@functools.lru_cache(maxsize=8192)
def _pieces(said: str) -> list[str]:
    return [_END.sub(r"</\1>", piece) for piece in _PLACE.split(said)]


def _count(value: Any) -> int:
    """A number, or of how many things a list is, as `pluralize` takes it."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return len(value) if hasattr(value, "__len__") else 0


def _literal(bit: str) -> str:
    return bit[1:-1].replace('\\"', '"').replace("\\\\", "\\")


@register.filter(is_safe=False)
def yesno(value: Any, arg: str | None = None) -> Any:
    """Django's own, with its words as they are said."""
    return defaultfilters.yesno(value, None if arg is None else str(arg))


@register.filter(is_safe=True)
def lower(value: Any) -> str:
    """Django's own, but for nouns of a language that writes them large everywhere."""
    return value.lower() if isinstance(value, saying.Said) else str(value).lower()


@register.simple_tag
def language_tag() -> str:
    """The language of the page, as HTML names it."""
    return saying.tag()


@register.tag
def say(parser: Parser, token: Token) -> SayNode:
    """`{% say "See {name}." %}See {% part "name" %}{{ x }}{% endpart %}.{% endsay %}`."""
    bits = token.split_contents()[1:]
    n = None
    if bits[-1].startswith("n="):
        n = parser.compile_filter(bits.pop().removeprefix("n="))
    nodes = parser.parse(("endsay",))
    parser.delete_first_token()
    return SayNode([_literal(bit) for bit in bits], n, nodes)


@register.tag
def part(parser: Parser, token: Token) -> PartNode:
    """A part of a sentence under its name."""
    nodes = parser.parse(("endpart",))
    parser.delete_first_token()
    return PartNode(_literal(token.split_contents()[1]), nodes)
