"""Files of a publication: read within bounds, kept as they are, or refused with what to do."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any
from unittest import mock

import docx
import pypdf
import pytest
from django.core.files.base import ContentFile
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from fellowship.kernel.refusals import Refused
from publications import reading
from publications.reading import bounded, kinds

pytestmark = pytest.mark.once


def a_word(*, deleted: str = "") -> bytes:
    document = docx.Document()
    document.add_heading("What we saw", 1)
    document.add_paragraph("The filter is bypassed — in 41 of 60 trials 😀.")
    document.add_table(1, 2).cell(0, 1).text = "sixty"
    if deleted:
        document.paragraphs[-1]._p.append(
            parse_xml(
                f"<w:del {nsdecls('w')} w:id='1' w:author='a'><w:r><w:delText>{deleted}"
                "</w:delText></w:r></w:del>"
            )
        )
    body = io.BytesIO()
    document.save(body)
    return body.getvalue()


def a_pdf(change: Callable[[pypdf.PdfWriter], Any] = lambda writer: None) -> bytes:
    """One page that says “The filter is bypassed”, painted over in white."""
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(300, 200)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
    )
    content = pypdf.generic.DecodedStreamObject()
    content.set_data(
        b"BT /F1 12 Tf 20 100 Td (The filter is bypassed) Tj ET 0 0 0 rg 0 90 300 40 re f"
    )
    page[NameObject("/Contents")] = writer._add_object(content)
    change(writer)
    body = io.BytesIO()
    writer.write(body)
    return body.getvalue()


def packed(entries: dict[str, bytes], onto: bytes = b"") -> bytes:
    body = io.BytesIO(onto)
    with zipfile.ZipFile(body, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return body.getvalue()


def test_a_word_document_is_read_with_headings_and_what_is_beneath() -> None:
    found = reading.read(kinds.DOCX, a_word(deleted="the secret step"))
    assert found.text.startswith("# What we saw\n\nThe filter is bypassed — in 41 of 60 trials 😀.")
    assert found.text.endswith(" | sixty")
    assert found.beneath == "the secret step"


def test_a_pdf_is_read_also_where_it_is_painted_over_and_its_notes_are_beneath() -> None:
    def note(writer: pypdf.PdfWriter) -> None:
        annotation = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject("/Text"),
                NameObject("/Contents"): TextStringObject("do not publish"),
                NameObject("/Rect"): pypdf.generic.RectangleObject((0, 0, 9, 9)),
            }
        )
        writer.add_annotation(0, annotation)

    found = reading.read(kinds.PDF, a_pdf(note))
    assert (found.text, found.beneath, found.because) == (
        "The filter is bypassed",
        "do not publish",
        "",
    )


def script(writer: pypdf.PdfWriter) -> None:
    writer._root_object[NameObject("/OpenAction")] = DictionaryObject(
        {
            NameObject("/S"): NameObject("/JavaScript"),
            NameObject("/JS"): TextStringObject("app.alert(1)"),
        }
    )


@pytest.mark.parametrize(
    ("body", "because", "refused"),
    [
        (lambda: a_pdf()[:300], "it is broken", False),
        (lambda: b"%PDF-1.7\n" + b"garbage " * 500, "it is broken", False),
        (lambda: a_pdf(lambda w: w.encrypt("x")), "it is locked with a password", True),
        (lambda: a_pdf(script), "it carries a program", True),
        (lambda: a_pdf(lambda w: w.add_attachment("a.exe", b"MZ")), "it carries other files", True),
        (
            lambda: a_pdf(lambda w: [w.add_blank_page(9, 9) for _ in range(601)]),
            "it has 602 pages, and at most 600 are read",
            False,
        ),
    ],
    ids=["cut off", "garbage", "locked", "script", "attachment", "too many pages"],
)
def test_a_pdf_that_cannot_be_read_says_why(
    body: Callable[[], bytes], because: str, refused: bool
) -> None:
    found = reading.read(kinds.PDF, body())
    assert (found.because, found.refuse, found.text) == (because, refused, "")


def test_reading_that_takes_too_long_or_too_much_ends_at_its_bound() -> None:
    deep = b"%PDF-1.4\n1 0 obj" + b"[" * 500_000
    assert reading.read(kinds.PDF, deep).because
    with mock.patch.object(bounded, "SECONDS", 0.01):
        found = reading.read(kinds.DOCX, a_word())
    assert found.because == "reading it took more than 0.01 seconds"
    assert bounded._free.acquire(blocking=False)
    bounded._free.release()


ENTITY = b'<!DOCTYPE w [<!ENTITY a "aaaa">]><w:document xmlns:w="x">&a;</w:document>'


def code_of(name: str, body: bytes, kind: str = "manuscript") -> str:
    with pytest.raises(Refused) as refused:
        kinds.judge(name, ContentFile(body), kind)
    return refused.value.refusal.code


def test_documents_that_would_burst_run_or_stay_shut_are_refused_before_they_are_opened() -> None:
    assert code_of("a.docx", packed({"word/document.xml": b"0" * 50_000_000})) == "file_bursts"
    assert code_of("a.docx", packed({"word/vbaProject.bin": b"x"}, a_word())) == "file_carries"
    assert code_of("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 99) == "file_locked"
    assert code_of("a.docx", b"PK\x03\x04 cut off") == "file_broken"
    assert code_of("a.docx", packed({"a.txt": b"x"})) == "file_content"
    assert code_of("a.pdf", b"just text") == "file_content"
    assert code_of("a.md", b"\x00\x01") == "file_content"
    assert code_of("a.docx", b"") == "file_empty"
    assert code_of("a.zip", packed({"a.py": b"x"})) == "file_kind"
    assert code_of("a.zip", b"no archive", "code") == "file_content"
    assert kinds.judge("a.zip", ContentFile(packed({"a.py": b"x"})), "code") is kinds.ZIP


def test_a_word_document_with_entities_of_its_own_is_refused() -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(a_word())) as old, zipfile.ZipFile(body, "w") as new:
        for name in old.namelist():
            new.writestr(name, ENTITY if name == "word/document.xml" else old.read(name))
    found = reading.read(kinds.DOCX, body.getvalue())
    assert (found.because, found.refuse) == ("it declares entities of its own", True)
