"""Which files the release desk takes for which kind of output, and what may be in an archive."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from access.release_states import OutputKind
from fellowship.kernel import filekinds
from fellowship.kernel.filekinds import Content, Kind
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.saying import joined, say

RULE: Final = say("files that leave")
ENTRIES_MAX: Final = 200
UNPACKED_MAX: Final = 50_000_000
"""Bytes of all files of an archive."""
_PACKED: Final = {
    *("zip", "tar", "gz", "tgz", "bz2", "xz", "7z", "rar", "zst", "jar", "war", "whl", "egg"),
    *("xlsx", "xlsm", "docx", "docm", "pptx", "odt", "ods", "epub"),
}

XLSX: Final = Kind(
    say("XLSX workbook"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ("xlsx",),
)
ZIP: Final = Kind(say("ZIP archive"), "application/zip", ("zip",))
SAFETENSORS: Final = Kind("safetensors", "application/octet-stream", ("safetensors",))
_TEXTS: Final = (
    Kind("TSV", "text/tab-separated-values", ("tsv",), text=True),
    Kind(say("Python"), "text/x-python", ("py",), text=True),
    Kind("R", "text/x-r-source", ("r",), text=True),
    Kind("YAML", "application/yaml", ("yaml", "yml"), text=True),
    Kind(say("Jupyter notebook"), "application/x-ipynb+json", ("ipynb",), text=True),
)
PLAIN: Final = {
    **filekinds.ENDINGS,
    **{ending: kind for kind in _TEXTS for ending in kind.endings},
}
ENDINGS: Final = {**PLAIN, "xlsx": XLSX, "zip": ZIP, "safetensors": SAFETENSORS}
BY_OUTPUT: Final[dict[str, tuple[str, ...]]] = {
    OutputKind.TABLE.value: ("csv", "tsv", "json", "xlsx"),
    OutputKind.FIGURE.value: ("png", "jpg", "jpeg", "pdf"),
    OutputKind.CODE.value: ("py", "r", "ipynb", "json", "yaml", "yml", "md", "txt", "zip"),
    OutputKind.MODEL.value: ("safetensors",),
    OutputKind.TEXT.value: ("md", "txt", "pdf", "json"),
}
"""The ends of names that an output of a kind may have."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in an archive: its name and its size unpacked, in bytes."""

    name: str
    size: int


def ending(name: str) -> str:
    """The end of a name, in small letters, without its dot."""
    return PurePosixPath(name).suffix.lower().lstrip(".")


def judge(name: str, content: Content, output: str) -> Kind:
    """The kind of a file that is to leave as an `output` of this kind.

    Raises Refused with what to do instead: for a kind of file not taken for such an output, an
    empty one, a content that is not what the name says, and an archive nobody could look through.
    """
    taken = BY_OUTPUT[output]
    if ending(name) not in taken:
        named = joined(", ", (f".{end}" for end in taken))
        kind = OutputKind(output).label.lower()
        raise _refused(
            say(
                "“{name}” cannot leave as {kind}: that is taken as {named}.",
                name=name,
                kind=kind,
                named=named,
            )
        )
    if ending(name) in PLAIN:
        return filekinds.judge(name, content, PLAIN)
    content.seek(0)
    body = content.read()
    content.seek(0)
    if not body:
        raise _refused(say("“{name}” is empty. Choose a file with something in it.", name=name))
    if ending(name) == "safetensors":
        _safetensors(name, body)
        return SAFETENSORS
    if ending(name) == "zip":
        entries(name, body)
        return ZIP
    if "xl/workbook.xml" not in {entry.name for entry in _listed(name, body)}:
        raise _refused(say("“{name}” is no workbook. Save it as .xlsx, or as .csv.", name=name))
    return XLSX


def entries(name: str, body: bytes) -> list[Entry]:
    """What an archive holds. Raises Refused for what could not be looked through or unpacked."""
    found = _listed(name, body)
    for entry in found:
        end = ending(entry.name)
        if end in _PACKED:
            raise _refused(
                say(
                    "“{name}” in “{name2}” is an archive itself. Put its files beside.",
                    name=entry.name,
                    name2=name,
                )
            )
        if end not in PLAIN:
            raise _refused(
                say(
                    "“{name}” in “{name2}” is not of a kind that is taken.",
                    name=entry.name,
                    name2=name,
                )
            )
        filekinds.judge(entry.name, io.BytesIO(unpacked(body, entry.name)), PLAIN)
    return found


def unpacked(body: bytes, entry: str) -> bytes:
    """The content of one file of an archive, at most what an archive may hold."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive, archive.open(entry) as file:
        return file.read(UNPACKED_MAX)


def _listed(name: str, body: bytes) -> list[Entry]:
    """The files of an archive, after looking at nothing but its directory."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            locked = any(info.flag_bits & 1 for info in infos)
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise _refused(say("“{name}” cannot be read as an archive.", name=name)) from error
    names = [info.filename for info in infos]
    if locked:
        raise _refused(
            say("“{name}” is locked with a password: nobody could look through it.", name=name)
        )
    if not infos or len(infos) > ENTRIES_MAX:
        raise _refused(
            say(
                "“{name}” holds {n} files; an archive has 1 to {ENTRIES_MAX}.",
                name=name,
                n=len(infos),
                ENTRIES_MAX=ENTRIES_MAX,
            )
        )
    if len(set(names)) != len(names) or any(_escapes(entry) for entry in names):
        raise _refused(say("“{name}” names files twice, or outside its own folder.", name=name))
    if sum(info.file_size for info in infos) > UNPACKED_MAX:
        most = say("{UNPACKED_MAX} MB", UNPACKED_MAX=UNPACKED_MAX // 1000000)
        raise _refused(say("“{name}” unpacks to more than {most}.", name=name, most=most))
    return [Entry(info.filename, info.file_size) for info in infos]


def _escapes(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return not parts or parts[0] == "/" or ".." in parts or ":" in parts[0]


def _safetensors(name: str, body: bytes) -> None:
    """The header is JSON of a stated length: nothing that runs when it is loaded."""
    length = int.from_bytes(body[:8], "little")
    if len(body) < 10 or length > len(body) - 8 or body[8:9] != b"{":
        raise _refused(say("“{name}” is not in the safetensors format.", name=name))


def _refused(reason: str) -> Refused:
    return Refused(Refusal("file_kind", reason, rule=RULE, field="file"))
