"""The document of a version: read back by a tool not ours, its hash recomputed, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from typing import Any

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.test import Client
from pypdf import PdfReader

from fellowship.kernel.time import frozen, now
from fellowship.web import pdf
from scoping import paper, services
from scoping.models import Fellowship, ScopeOfWork
from scoping.sections import CLAUSES, cite
from scoping.states import Operation
from tests.scenarios.scoping import amended_scope, sign_both
from tests.scenarios.world import World


def client(person: Any) -> Client:
    """A browser signed in as this person."""
    browser = Client()
    browser.force_login(person)
    return browser


def words(text: str) -> str:
    """Text with its white space made one, and no breaks inside a hash."""
    return " ".join(text.split())


@pytest.fixture
def scope(signed: Fellowship) -> ScopeOfWork:
    """The version in force."""
    return signed.scopes.get()


def test_the_pdf_says_all_and_its_attachment_has_the_signed_hash(
    world: World, scope: ScopeOfWork
) -> None:
    answer = client(world.auditor).get(f"{scope.get_absolute_url()}document.pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert f'filename="{scope.fellowship.ref}-scope-v1.pdf"' in answer["Content-Disposition"]
    read = PdfReader(io.BytesIO(answer.content))
    pages = [words(page.extract_text()) for page in read.pages]
    whole = " ".join(pages)
    for key in CLAUSES:
        assert cite(key) in whole
    for pin in scope.pins:
        assert pin["name"] in whole
        assert pin["hash"] in whole.replace(" ", "")
    for signature in scope.signatures.all():
        assert str(signature.person) in whole
        assert paper.instant(signature.at) in whole
    for operation in Operation:
        assert operation.label in whole
    for number, page in enumerate(pages, start=1):
        assert f"version 1 · SHA-256 {scope.text_hash}" in page
        assert f"{number} of {len(pages)}" in page
    (content,) = read.attachments[f"{scope.fellowship.ref}-scope-v1.json"]
    assert hashlib.sha256(content).hexdigest() == scope.text_hash


def test_the_pdf_is_tagged_titled_and_in_its_language(scope: ScopeOfWork) -> None:
    read = PdfReader(io.BytesIO(paper.as_pdf(scope)))
    root: Any = read.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert read.metadata is not None
    assert read.metadata.title == f"{scope.fellowship.ref}: scope of work, version 1"
    assert "pdfuaid" in root["/Metadata"].get_data().decode()


def test_the_same_record_prints_the_same_bytes(scope: ScopeOfWork) -> None:
    with frozen(now()):
        assert paper.as_pdf(scope) == paper.as_pdf(ScopeOfWork.objects.get(pk=scope.pk))


def test_one_html_file_asks_for_nothing_and_carries_the_signed_text(
    world: World, scope: ScopeOfWork
) -> None:
    answer = client(world.applicant).get(f"{scope.get_absolute_url()}document.html")
    text = answer.content.decode()
    assert answer["Content-Disposition"].startswith("attachment")
    assert not re.search(r"<(script|link|img|iframe)|url\(|@import|src=", text)
    addresses = re.findall(r'(?:href|src)="([^"]*)"', text)
    assert [a.partition(",")[0] for a in addresses] == ["data:application/json;base64"]
    content = base64.b64decode(addresses[0].partition(",")[2])
    assert hashlib.sha256(content).hexdigest() == scope.text_hash
    assert 'scope="row">Query</th><td class="yes">Yes</td>' in text
    assert 'scope="row">Use in model weights</th><td class="no">No</td>' in text


def test_a_draft_and_a_superseded_version_say_so(world: World, signed: Fellowship) -> None:
    draft = amended_scope(world, signed, tools="A notebook.")
    said = words(paper.html(draft))
    assert "<strong>DRAFT</strong> Draft. Nothing in it is in force." in said
    assert "· DRAFT · SHA-256" in said
    services.offer_scope(scope=draft, by=world.manager)
    draft.refresh_from_db()
    later = sign_both(world, draft)
    first = ScopeOfWork.objects.get(fellowship=signed, number=1)
    assert f"Superseded by version 2 on {paper.instant(later.signed_at)}." in paper.html(first)
    assert "Superseded" not in paper.html(later)


def test_what_is_written_in_a_clause_stays_text(world: World, scope: ScopeOfWork) -> None:
    scope.terms = {**scope.terms, "tools": "<img src=http://evil.example/x> <script>1</script>"}
    text = paper.html(scope)
    assert "<img" not in text
    assert "<script" not in text
    assert "did not have the hash" in text


def test_names_in_other_scripts_are_read_as_written(scope: ScopeOfWork) -> None:
    scope.terms = {**scope.terms, "tools": "Żółw by Žižek (Łódź), £5, ’tis – “quoted”"}
    read = PdfReader(io.BytesIO(paper.as_pdf(scope)))
    whole = words(" ".join(page.extract_text() for page in read.pages))
    assert "Żółw by Žižek (Łódź), £5, ’tis – “quoted”" in whole


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/x.png", "file:///etc/passwd", "static:../../etc/passwd", "data:text/css,a"],
)
def test_only_our_own_static_files_are_opened(url: str) -> None:
    with pytest.raises((ValueError, SuspiciousFileOperation)):
        pdf.own_file(url)


def test_without_the_library_the_page_says_what_to_do(
    world: World, scope: ScopeOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "_engine", lambda: None)
    pdf.available.cache_clear()
    try:
        browser = client(world.applicant)
        page = browser.get(f"{scope.get_absolute_url()}document.pdf", follow=True)
        assert page.status_code == 200
        text = page.content.decode()
        assert "cannot make PDFs" in text
        assert "No PDF: the library Pango is missing here." in text
        assert "Save as PDF" not in text
    finally:
        pdf.available.cache_clear()


def test_who_does_not_see_the_case_gets_no_document(world: World, scope: ScopeOfWork) -> None:
    for ending in ("html", "pdf"):
        url = f"{scope.get_absolute_url()}document.{ending}"
        assert client(world.other_applicant).get(url).status_code == 404
