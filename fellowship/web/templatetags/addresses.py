"""`{% url %}` as Django has it, with each route worked out once, not once an address.

A page has dozens of addresses, and Django tries each against every pattern of its name anew.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as compiled
from django.urls import NoReverseMatch
from django.utils.html import conditional_escape

from fellowship.kernel.routes import address

register = template.Library()


class _Address(URLNode):
    """Gives to Django what is not a plain route of ours: named arguments, none, other values."""

    def render(self, context: Context) -> Any:
        """The address, or nothing where it is put into a variable."""
        values = [value.resolve(context) for value in self.args]
        if self.kwargs or not all(type(v) is int or (isinstance(v, str) and v) for v in values):
            return super().render(context)
        name = self.view_name.resolve(context)
        try:
            found = address(name, *values)
        except (NoReverseMatch, ValueError):
            return super().render(context)
        if self.asvar is None:
            return conditional_escape(found) if context.autoescape else found
        context[self.asvar] = found
        return ""


@register.tag
def url(parser: Parser, token: Token) -> URLNode:
    """Django's own tag, asked for the same things."""
    node = compiled(parser, token)
    node.__class__ = _Address
    return node
