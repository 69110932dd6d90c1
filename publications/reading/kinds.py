"""Which files come with which kind of work, and what refuses one before anybody opens it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from typing import Final

from fellowship.kernel import filekinds
from fellowship.kernel.filekinds import Content, Kind
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.saying import say
from publications.text_states import ARTEFACTS

RULE: Final = say("files of a publication")
_WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF: Final = filekinds.ENDINGS["pdf"]
DOCX: Final = Kind(say("Word document"), _WORD, ("docx",))
ZIP: Final = Kind(say("ZIP archive"), "application/zip", ("zip",))
GZIP: Final = Kind(say("compressed archive"), "application/gzip", ("gz", "tgz"))
READABLE: Final = {
    "md": filekinds.ENDINGS["md"],
    "txt": filekinds.ENDINGS["txt"],
    "pdf": PDF,
    "docx": DOCX,
}
"""Files whose text is read, by the end of their names."""
ARCHIVES: Final = {"zip": ZIP, "gz": GZIP, "tgz": GZIP}
"""Files that are kept as they are and never opened here."""
UNPACKED_MAX: Final = 60_000_000
"""Bytes a Word document may have unpacked."""
RATIO_MAX: Final = 200
"""How many times its size one part of a Word document may unpack to."""
ENTRIES_MAX: Final = 2_000
_RATIO_FROM: Final = 1_000_000
_GZIP: Final = b"\x1f\x8b\x08"
_ZIP: Final = b"PK\x03\x04"
_PROGRAMS: Final = ("vbaproject", "vbadata", "activex", "oleobject", "/embeddings/")
_LOCKED: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How an encrypted Word document begins: the older container, around the locked one."""


def judge(name: str, content: Content, work_kind: str) -> Kind:
    """The kind of a file for this kind of work. Leaves the content at its start.

    Raises Refused with what to do instead: for kinds that are not taken, what is empty or not what
    its name says, and Word documents that are locked, carry programs, or unpack to too much.
    """
    taken = {**READABLE, **(ARCHIVES if work_kind in ARTEFACTS else {})}
    ending = name.rpartition(".")[2].lower()
    if ending not in taken or taken[ending] in (PDF, *filekinds.KINDS):
        return filekinds.judge(name, content, taken)
    content.seek(0)
    body = content.read()
    content.seek(0)
    if not body:
        raise _refused(
            "file_empty", say("“{name}” is empty. Choose a file with something in it.", name=name)
        )
    if taken[ending] is DOCX:
        _word(name, body)
    elif not body.startswith(_GZIP if taken[ending] is GZIP else _ZIP):
        label = taken[ending].label
        raise _refused(
            "file_content",
            say("“{name}” is no {label}. Pack it anew, and attach that.", name=name, label=label),
        )
    return taken[ending]


def _word(name: str, body: bytes) -> None:
    """Refuse a Word document that is none, is locked, or carries what would run or burst."""
    if body.startswith(_LOCKED):
        raise _refused(
            "file_locked",
            say(
                "“{name}” is locked with a password or of the older Word format, so "
                "nobody could review it. Save it as .docx without a password.",
                name=name,
            ),
        )
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _refused(
            "file_broken",
            say("“{name}” is broken: it cannot be opened. Save it anew as .docx.", name=name),
        ) from error
    names = {info.filename.lower() for info in infos}
    if "word/document.xml" not in names:
        raise _refused(
            "file_content", say("“{name}” is no Word document. Save it as .docx.", name=name)
        )
    if any(info.flag_bits & 1 for info in infos):
        raise _refused(
            "file_locked",
            say("“{name}” is locked with a password. Save it without one.", name=name),
        )
    if carried := _programs(names):
        raise _refused(
            "file_carries",
            say(
                "“{name}” carries a program or another file ({carried}). Save it as .docx without.",
                name=name,
                carried=carried,
            ),
        )
    burst = sum(info.file_size for info in infos) > UNPACKED_MAX or any(
        info.file_size > max(_RATIO_FROM, info.compress_size * RATIO_MAX) for info in infos
    )
    if burst or len(infos) > ENTRIES_MAX:
        raise _refused(
            "file_bursts",
            say(
                "“{name}” unpacks to far more than it looks. Save it anew, with smaller pictures.",
                name=name,
            ),
        )


def _programs(names: Iterable[str]) -> str:
    return next((n for n in sorted(names) if any(word in n for word in _PROGRAMS)), "")


def _refused(code: str, reason: str) -> Refused:
    return Refused(Refusal(code, reason, rule=RULE, field="file"))
