"""What stands in the cells of a list."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString

from fellowship.kernel.saying import joined, kept, plain, say, say_n
from fellowship.web.components import marks, times
from fellowship.web.items import Tone
from fellowship.web.markup import escaped, markup

NONE = times.NONE
due = times.due_tag
until = times.until
when = times.when


def link(url: str, text: object, *meta: object) -> SafeString:
    """A record's name that leads to it, and a line of lesser things below, without the empty."""
    below = joined(" · ", (escaped(part) for part in meta if part not in ("", None)))
    if not below:
        return markup('<a href="{}">{}</a>', url, text)
    return markup('<a href="{}">{}</a><span class="meta">{}</span>', url, text, SafeString(below))


def display(model: type[Model], name: str) -> Callable[[Any], str]:
    """What `get_…_display` says, its words looked up once for all rows."""
    field: Any = model._meta.get_field(name)
    words = {key: say(label) for key, label in field.flatchoices}
    of = operator.attrgetter(name)
    return lambda row: words.get(of(row), str(of(row)))


def tag(text: object, tone: Tone | str = "plain") -> SafeString:
    """A status in a pill."""
    return markup('<span class="tag {}">{}</span>', tone, text)


def state(key: str, label: object = "", tone: str = "") -> SafeString:
    """A state in a pill: its label, or its key in words; toned by convention unless told."""
    return tag(label or key.replace("_", " ").capitalize(), tone or marks.tone_of(key))


def meta(text: object) -> SafeString:
    """A lesser thing beside the main one."""
    return markup(' <span class="meta">{}</span>', text)


def unbroken(text: object) -> SafeString:
    """Kept on one line."""
    return markup('<span class="nowrap">{}</span>', text)


def beside(*parts: object) -> SafeString:
    """Parts one after the other, parted by a space."""
    return SafeString(" ".join(escaped(part) for part in parts if part not in ("", None)))


def shown(value: object) -> object:
    """The value, or a dash where there is none."""
    return NONE if value in ("", None) else value


@kept(4096)
def count(number: int, noun: str, plural: str = "") -> str:
    """“1 day”, “3 days”."""
    many = plural or f"{noun}s"
    return say_n(number, f"{{n:,}} {plain(noun)}", f"{{n:,}} {plain(many)}")


def verb(request: HttpRequest, url: str, label: str, **posted: object) -> SafeString:
    """A small, quiet button that posts to `url`, as `{% verb_button %}` without its questions."""
    hidden = "".join(
        markup('<input type="hidden" name="{}" value="{}">', name, value)
        for name, value in posted.items()
    )
    return markup(
        '<form method="post" action="{}" class="verb" data-once novalidate>{}{}'
        '<button class="btn quiet small">{}</button></form>',
        *(url, marks.tokens(request), SafeString(hidden), label),
    )
