"""What goes with a notice by mail: applications register it for the kinds they send."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fellowship.notices.models import Notice


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a mail: its name, its text, its type with parameters."""

    name: str
    content: str
    type: str


Attach = Callable[[Notice], Attachment | None]
_registered: dict[str, Attach] = {}


def register(*kinds: str) -> Callable[[Attach], Attach]:
    """Name what goes with notices of these kinds; a decorator."""

    def keep(function: Attach) -> Attach:
        _registered.update(dict.fromkeys(kinds, function))
        return function

    return keep


def of(notices: Iterable[Notice]) -> list[Attachment]:
    """The files of a mail, the last of each name: a later notice knows better."""
    found: dict[str, Attachment] = {}
    for notice in notices:
        function = _registered.get(notice.kind)
        attachment = function(notice) if function else None
        if attachment is not None:
            found[attachment.name] = attachment
    return list(found.values())
