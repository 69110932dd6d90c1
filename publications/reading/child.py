"""The process that opens a document: started by its path, alone, with nothing of ours in it.

Takes the document on its standard input and writes one JSON object: `text` and `beneath`, or
`because` (why it could not be read) with its `parts`, which whoever asked says, and `refuse` where
nobody should be handed it. Its memory, time and output are bounded before it looks at a byte; it
writes no file and opens no socket.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
from collections.abc import Iterator
from typing import Any

SECONDS = 10
MEMORY = 1_000_000_000
PAGES = 600
TEXT = 2_000_000


def say(text: str, /, **parts: int) -> dict[str, Any]:
    """A text and its parts as `kernel.saying.say` takes them; the catalogue finds it here."""
    return {"because": text, "parts": parts}


class Unread(Exception):
    """Why a document is not read; `refuse` where it should not be handed on either."""

    def __init__(self, because: dict[str, Any], *, refuse: bool = False) -> None:
        super().__init__(because["because"])
        self.because, self.refuse = because, refuse


def bound() -> None:
    """Bound processor time in seconds, memory and written files in bytes; no other process."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def pdf(body: bytes) -> tuple[str, str]:
    """The text of a PDF page by page, and the notes to its pages."""
    import logging

    import pypdf
    from pypdf.generic import DictionaryObject

    logging.disable(logging.CRITICAL)
    reader = pypdf.PdfReader(io.BytesIO(body), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise Unread(say("it is locked with a password"), refuse=True)
    root = reader.trailer["/Root"].get_object()
    _no_programs(root, DictionaryObject)
    if len(reader.pages) > PAGES:
        raise Unread(
            say("it has {n} pages, and at most {PAGES} are read", n=len(reader.pages), PAGES=PAGES)
        )
    parts: list[str] = []
    notes: list[str] = []
    size = 0
    for page in reader.pages:
        parts.append(page.extract_text() or "")
        size += len(parts[-1])
        if size > TEXT:
            raise Unread(say("it has more than {TEXT:,} characters", TEXT=TEXT))
        for note in page.get("/Annots") or ():
            found = note.get_object()
            _no_programs(found, DictionaryObject)
            if isinstance(said := found.get("/Contents"), str):
                notes.append(said)
    return "\n\n".join(part.strip("\n") for part in parts), "\n".join(notes)


def _no_programs(found: Any, kind: Any) -> None:
    """Refuse what runs or brings other files when a reader opens it."""
    names = found.get("/Names")
    names = names.get_object() if names is not None else {}
    names = names if isinstance(names, kind) else {}
    actions = [found.get("/OpenAction"), found.get("/A")]
    if names.get("/JavaScript") is not None or found.get("/AA") is not None:
        raise Unread(say("it carries a program"), refuse=True)
    if names.get("/EmbeddedFiles") is not None or found.get("/FS") is not None:
        raise Unread(say("it carries other files"), refuse=True)
    for given in actions:
        action = given.get_object() if given is not None else None
        if isinstance(action, kind) and action.get("/S") in (
            "/JavaScript",
            "/Launch",
            "/ImportData",
        ):
            raise Unread(say("it carries a program"), refuse=True)


def word(body: bytes) -> tuple[str, str]:
    """The text of a Word document with its headings, and what its pages do not show."""
    import zipfile

    import docx

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")) and _declares(archive.read(name)):
                raise Unread(say("it declares entities of its own"), refuse=True)
    document = docx.Document(io.BytesIO(body))
    shown = "\n\n".join(_blocks(document))
    return shown, "\n".join(_beneath(document))


def _declares(xml: bytes) -> bool:
    """Whether XML has a document type, in any of the encodings it may be in."""
    plain = xml.replace(b"\x00", b"").upper()
    return b"<!DOCTYPE" in plain or b"<!ENTITY" in plain


def _blocks(document: Any) -> Iterator[str]:
    from docx.table import Table

    for block in document.iter_inner_content():
        if isinstance(block, Table):
            rows = (
                " | ".join(cell.text.replace("\n", " ") for cell in row.cells) for row in block.rows
            )
            yield "\n".join(rows)
            continue
        text = block.text.strip()
        if not text:
            continue
        style = (block.style.name or "") if block.style is not None else ""
        level = re.fullmatch(r"Heading ([1-6])", style)
        sign = "#" * int(level[1]) if level else "#" if style == "Title" else ""
        yield f"{sign} {text}" if sign else text


def _beneath(document: Any) -> Iterator[str]:
    """Tracked deletions, comments, foot- and endnotes, headers, hidden words."""
    deleted = document.element.xpath(".//w:delText")
    yield "".join(node.text or "" for node in deleted)
    for run in document.element.xpath(".//w:r[w:rPr/w:vanish]"):
        yield "".join(node.text or "" for node in run.xpath("./w:t"))
    for part in document.part.package.iter_parts():
        name = str(part.partname)
        if re.fullmatch(r"/word/(comments|footnotes|endnotes|header\d*|footer\d*)\.xml", name):
            from lxml import etree

            parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
            yield " ".join(etree.fromstring(part.blob, parser).itertext())


def main(kind: str) -> dict[str, Any]:
    """What is written: the text, or why there is none."""
    try:
        text, beneath = {"pdf": pdf, "docx": word}[kind](sys.stdin.buffer.read())
    except Unread as error:
        return {**error.because, "refuse": error.refuse}
    except MemoryError:
        return say("it takes too much memory to read")
    except RecursionError:
        return say("it is nested too deeply to read")
    except Exception as error:  # whatever a broken document makes of a library
        return {**say("it is broken"), "error": type(error).__name__}
    if len(text) > TEXT or len(beneath) > TEXT:
        return say("it has more than {TEXT:,} characters", TEXT=TEXT)
    return {"text": text, "beneath": beneath}


if __name__ == "__main__":
    bound()
    sys.stdout.write(json.dumps(main(sys.argv[1])))
