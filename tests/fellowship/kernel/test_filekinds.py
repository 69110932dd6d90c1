"""Files are taken by name and content, which must agree."""

from __future__ import annotations

from io import BytesIO

import pytest

from fellowship.kernel.filekinds import NAME_MAX, clean_name, judge
from fellowship.kernel.refusals import Refused

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
ZIP = b"PK\x03\x04\x14\x00\x00\x00\x08\x00"


@pytest.mark.parametrize(
    ("name", "content", "mime"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("A.PDF", PDF, "application/pdf"),
        ("a.png", PNG, "image/png"),
        ("a.jpeg", JPEG, "image/jpeg"),
        ("a.csv", b"turn,rate\n1,0.9\n", "text/csv"),
        ("a.json", b'{"turns": [1, 2]}', "application/json"),
        ("a.md", "\ufeff# Étude\n".encode(), "text/markdown"),
        ("a.txt", b"BMI and GIF89 are words here", "text/plain"),
    ],
)
def test_what_name_and_content_agree_on_is_taken(name: str, content: bytes, mime: str) -> None:
    assert judge(name, BytesIO(content)).mime == mime


@pytest.mark.parametrize(
    ("name", "content", "code", "word"),
    [
        ("a.pdf", PNG, "file_content", "PNG, not PDF"),
        ("a.pdf", ZIP, "file_content", "an archive or an office document"),
        ("a.pdf", b"just words", "file_content", "something else"),
        ("a.png", b"<svg onload=alert(1)>", "file_content", "not PNG"),
        ("a.txt", PDF, "file_content", "PDF, not plain text"),
        ("a.txt", b"a\x00b", "file_content", "not plain text"),
        ("a.csv", b"\xff\xfea\x00", "file_content", "not CSV"),
        ("a.txt", "é".encode()[:1], "file_content", "not plain text"),
        ("a.json", b"{'a': 1}", "file_content", "not JSON"),
        ("a.json", b"[" * 100_000, "file_content", "not JSON"),
        ("a.zip", ZIP, "file_kind", ".pdf"),
        ("a.docx", ZIP, "file_kind", ".pdf"),
        ("a.html", b"<p>", "file_kind", ".pdf"),
        ("pdf", PDF, "file_kind", ".pdf"),
        ("a.pdf.exe", PDF, "file_kind", ".pdf"),
        ("a.pdf", b"", "file_empty", "is empty"),
    ],
)
def test_what_they_do_not_agree_on_is_refused_with_the_reason(
    name: str, content: bytes, code: str, word: str
) -> None:
    with pytest.raises(Refused) as refused:
        judge(name, BytesIO(content))
    assert refused.value.refusal.code == code
    assert word in refused.value.refusal.reason


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("plan.pdf", "plan.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\plan.pdf", "plan.pdf"),
        ("..hidden.pdf", "hidden.pdf"),
        ("a\u202efdp.exe\x00\n.pdf", "afdp.exe.pdf"),
        ("  two   words .pdf ", "two words .pdf"),
        ("Zoe\u0308.pdf", "Zo\u00eb.pdf"),
        ("x" * (NAME_MAX - 4) + ".pdf", "x" * (NAME_MAX - 4) + ".pdf"),
    ],
)
def test_a_name_is_kept_without_what_could_mislead(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.parametrize("given", ["", "..", "/", "\x00", "x" * NAME_MAX + ".pdf"])
def test_a_name_that_is_none_or_too_long_is_refused(given: str) -> None:
    with pytest.raises(Refused):
        clean_name(given)
