"""Which files are taken: judged by name and by content, which must agree.

Documents, pictures and plain text. No archives: what is inside them nobody judges, and they may
unpack to more than a disk holds. No office documents, which are archives that can carry programs.
"""

from __future__ import annotations

import codecs
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, Protocol

import puremagic

from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.saying import joined, say

NAME_MAX: Final = 120
"""Characters of a file's name."""
_HEAD: Final = 8192
_CHUNK: Final = 1 << 16
_UNSEEN: Final = {say("Cc"), say("Cf"), say("Cs"), say("Co"), say("Cn"), say("Zl"), say("Zp")}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


class Content(Protocol):
    """What can be read from any place, as bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes; all that is left by default."""

    def seek(self, offset: int, /) -> Any:
        """Go on reading from here."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: how it is called, its media type, the ends of its name."""

    label: str
    mime: str
    endings: tuple[str, ...]
    text: bool = False


KINDS: Final = (
    Kind("PDF", "application/pdf", ("pdf",)),
    Kind("PNG", "image/png", ("png",)),
    Kind("JPEG", "image/jpeg", ("jpg", "jpeg")),
    Kind("CSV", "text/csv", ("csv",), text=True),
    Kind("JSON", "application/json", ("json",), text=True),
    Kind(say("Markdown"), "text/markdown", ("md",), text=True),
    Kind(say("plain text"), "text/plain", ("txt",), text=True),
)
ENDINGS: Final = {ending: kind for kind in KINDS for ending in kind.endings}
_ARCHIVES: Final = ("zip", "officedocument", "opendocument", "epub", "java-archive")


def clean_name(name: str) -> str:
    """A file's name as it is kept: without folders, invisible signs and dots at its start.

    Raises Refused where nothing is left, or where it is too long.
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    seen = "".join(c for c in last if unicodedata.category(c) not in _UNSEEN)
    cleaned = " ".join(unicodedata.normalize("NFC", seen).split()).lstrip(". ")
    if not cleaned:
        raise _refused("file_name", say("Give the file a name, and attach it again."))
    if len(cleaned) > NAME_MAX:
        raise _refused(
            "file_name",
            say(
                "Shorten the file’s name to {NAME_MAX} characters; it has {n}.",
                NAME_MAX=NAME_MAX,
                n=len(cleaned),
            ),
        )
    return cleaned


def judge(name: str, content: Content, kinds: Mapping[str, Kind] = ENDINGS) -> Kind:
    """The kind of a file, which its name says and its content bears out.

    `kinds` are those that are taken, by the end of the name. Reads `content` and leaves it at its
    start. Raises Refused with what to do instead: for an empty file, a kind that is not taken, and
    a content that is not what the name says.
    """
    ending = PurePosixPath(name).suffix.lower().lstrip(".")
    kind = kinds.get(ending)
    if kind is None:
        taken = joined(", ", (f".{ending}" for ending in kinds))
        raise _refused(
            "file_kind",
            say("“{name}” is not of a kind that is taken: choose {taken}.", name=name, taken=taken),
        )
    head = _head(content)
    if not head:
        raise _refused(
            "file_empty", say("“{name}” is empty. Choose a file with something in it.", name=name)
        )
    sniffed = _sniffed(head)
    fits = _is_text(kind, content, sniffed) if kind.text else kind.mime in sniffed
    content.seek(0)
    if not fits:
        raise _refused(
            "file_content",
            say(
                "“{name}” ends in .{ending}, but what is in it is {what}, not {label}. "
                "Save it in the kind its name says, and attach it again.",
                name=name,
                ending=ending,
                what=_what(sniffed),
                label=kind.label,
            ),
        )
    return kind


def _head(content: Content) -> bytes:
    content.seek(0)
    return content.read(_HEAD)


def _sniffed(head: bytes) -> list[str]:
    """Media types the first bytes may stand for, the likeliest first."""
    try:
        return [match.mime_type for match in puremagic.magic_string(head) if match.mime_type]
    except puremagic.PureError:
        return []


def _is_text(kind: Kind, content: Content, sniffed: list[str]) -> bool:
    """Whether all of it is text, in UTF-8. A PDF may be text as well, and is none all the same."""
    if "application/pdf" in sniffed:
        return False
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    content.seek(0)
    try:
        while chunk := content.read(_CHUNK):
            if _CONTROL.search(decoder.decode(chunk)):
                return False
        decoder.decode(b"", final=True)
        if kind.mime.endswith("json"):
            content.seek(0)
            json.loads(content.read().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return True


def _what(sniffed: list[str]) -> str:
    if any(word in sniffed[0] for word in _ARCHIVES) if sniffed else False:
        return say("an archive or an office document")
    known = next((kind.label for kind in KINDS if sniffed and kind.mime == sniffed[0]), "")
    return known or (sniffed[0] if sniffed else say("something else"))


def _refused(code: str, reason: str) -> Refused:
    return Refused(Refusal(code, reason, rule=say("files that are taken"), field="file"))
