"""Attachments: judged, frozen in versions, and readable by exactly those who read the proposal."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from rest_framework.test import APIClient

from fellowship.accounts.models import User
from fellowship.history.models import Event
from fellowship.kernel import blobs, journal
from fellowship.kernel.refusals import Refused
from governance import kinds
from proposals import attachments, services
from proposals.models import DraftFile, Proposal
from proposals.sections import text_hash
from proposals.services.case import KIND
from tests.fellowship.kernel.test_filekinds import PDF, PNG
from tests.scenarios.proposals import (
    ANSWERS,
    assigned,
    drafted_proposal,
)
from tests.scenarios.world import World


@pytest.fixture(autouse=True)
def store(settings: Any, tmp_path: Any) -> None:
    """A store of its own for each test."""
    settings.MEDIA_ROOT = tmp_path


def attach(proposal: Proposal, name: str = "plan.pdf", content: bytes = PDF) -> DraftFile:
    """Attach a file as its applicant."""
    return services.attach_file(
        proposal=proposal, file=ContentFile(content, name), by=proposal.applicant
    )


def with_file(world: World, name: str = "plan.pdf") -> Proposal:
    """A submitted proposal with one file."""
    proposal = drafted_proposal(world)
    attach(proposal, name)
    return services.submit_proposal(proposal=proposal, by=world.applicant)


def refusal_of(call: Callable[[], Any]) -> str:
    """The code with which a call is refused."""
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def client_of(user: User) -> Client:
    """A browser signed in as this person."""
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def test_what_is_attached_is_submitted_hashed_and_named_in_the_ledger(world: World) -> None:
    proposal = drafted_proposal(world)
    events = Event.objects.count()
    file = attach(proposal)
    assert Event.objects.count() == events
    proposal = services.submit_proposal(proposal=proposal, by=world.applicant)
    version = proposal.current()
    assert version.attachments == [
        {"name": "plan.pdf", "mime": "application/pdf", "size": len(PDF), "sha256": file.sha256}
    ]
    assert version.text_hash == text_hash(ANSWERS, version.attachments) != text_hash(ANSWERS)
    body = Event.objects.get(verb="proposals.submit", subject_id=proposal.pk).body
    assert f'"attachments":{{"{file.sha256}":{len(PDF)}}}' in body
    assert "plan.pdf" not in body
    assert DraftFile.objects.count() == 0
    assert blobs.read(file.sha256) == PDF


def test_limits_and_doubles_are_refused_with_what_to_do(world: World, settings: Any) -> None:
    proposal = drafted_proposal(world)
    first = attach(proposal)
    assert attach(proposal).pk == first.pk
    assert refusal_of(lambda: attach(proposal, "other.pdf")) == "file_there"
    assert refusal_of(lambda: attach(proposal, content=PDF + b"2")) == "file_name_taken"
    assert refusal_of(lambda: attach(proposal, content=PNG)) == "file_content"
    settings.MAX_FILE_BYTES = len(PDF) - 1
    assert refusal_of(lambda: attach(proposal, "big.pdf")) == "file_too_large"
    settings.MAX_FILE_BYTES = attachments.TOTAL_MAX
    DraftFile.objects.filter(pk=first.pk).update(size=attachments.TOTAL_MAX)
    assert refusal_of(lambda: attach(proposal, "b.txt", b"b")) == "files_too_large"
    DraftFile.objects.filter(pk=first.pk).update(size=1)
    for number in range(attachments.FILES_MAX - 1):
        attach(proposal, f"{number}.txt", b"%d" % number)
    assert refusal_of(lambda: attach(proposal, "b.txt", b"b")) == "too_many_files"


def test_only_the_applicant_attaches_and_removes_and_only_while_a_draft_is_open(
    world: World,
) -> None:
    proposal = drafted_proposal(world)
    file = attach(proposal)

    def as_other() -> Any:
        return services.attach_file(
            proposal=proposal, file=ContentFile(b"a", "a.txt"), by=world.other_applicant
        )

    def removed_by_other() -> Any:
        return services.remove_file(proposal=proposal, sha256=file.sha256, by=world.manager)

    assert refusal_of(as_other) == refusal_of(removed_by_other) == "not_yours"
    for _ in range(2):
        services.remove_file(proposal=proposal, sha256=file.sha256, by=world.applicant)
    assert DraftFile.objects.count() == 0
    proposal = services.submit_proposal(proposal=proposal, by=world.applicant)
    assert refusal_of(lambda: attach(proposal)) == "no_revision"


def test_a_revision_shows_what_it_dropped_and_the_old_version_keeps_it(world: World) -> None:
    proposal = with_file(world)
    sha256 = proposal.current().attachments[0]["sha256"]
    services.begin_revision(proposal=proposal, by=world.applicant)
    services.submit_proposal(proposal=proposal, by=world.applicant)
    assert Proposal.objects.get().version == 1
    services.begin_revision(proposal=proposal, by=world.applicant)
    services.remove_file(proposal=proposal, sha256=sha256, by=world.applicant)
    attach(proposal, "figure.png", PNG)
    proposal = services.submit_proposal(proposal=proposal, by=world.applicant)
    assert [entry["name"] for entry in proposal.current().attachments] == ["figure.png"]
    applicant = client_of(world.applicant)
    page = applicant.get(f"/proposals/{proposal.ref}/versions/2/").content.decode()
    assert "plan.pdf" in page
    assert "figure.png" in page
    assert applicant.get(f"/proposals/{proposal.ref}/files/{sha256}/").getvalue() == PDF
    assert set(attachments._named()) == {sha256, proposal.current().attachments[0]["sha256"]}


def test_whoever_reads_the_proposal_has_its_files_and_nobody_else(world: World) -> None:
    proposal = with_file(world)
    url = f"/proposals/{proposal.ref}/files/{proposal.current().attachments[0]['sha256']}/"
    names = (
        "applicant", "manager", "auditor", "reviewer", "other_applicant", "stranger", "board_legal"
    )  # fmt: skip

    def readers() -> set[str]:
        found = {name: client_of(getattr(world, name)).get(url).status_code for name in names}
        assert set(found.values()) <= {200, 404}
        return {name for name, status in found.items() if status == 200}

    assert readers() == {"applicant", "manager", "auditor"}
    assigned(world, proposal, cleared=False)
    assert readers() == {"applicant", "manager", "auditor"}
    services.declare(assignment=proposal.assignments.get(), kind="none", by=world.fresh("reviewer"))
    assert readers() == {"applicant", "manager", "auditor", "reviewer"}
    assert Client().get(url).status_code == 302
    assert client_of(world.applicant).get(url.replace("/files/", "/files/0")).status_code == 404


def test_a_draft_is_its_applicants_alone_and_a_file_is_never_shown_inline(world: World) -> None:
    proposal = drafted_proposal(world)
    file = attach(proposal, 'we"ird; name\r\n<b>.txt', b"<script>alert(1)</script>")
    url = f"/proposals/{proposal.ref}/files/{file.sha256}/"
    assert client_of(world.manager).get(url).status_code == 404
    answer = client_of(world.applicant).get(url)
    assert answer["Content-Disposition"] == 'attachment; filename="we\\"ird; name<b>.txt"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cache-Control"] == "private, no-store"
    (blobs._path(file.sha256)).write_bytes(b"changed")
    assert client_of(world.applicant).get(url).status_code == 409


def test_the_page_attaches_names_what_is_wrong_and_removes(world: World, settings: Any) -> None:
    settings.MAX_FILE_BYTES = 1_000_000
    proposal = drafted_proposal(world)
    url = f"/proposals/{proposal.ref}/attachments/"
    applicant = client_of(world.applicant)

    def send(name: str, content: bytes) -> Any:
        return applicant.post(url, {"file": SimpleUploadedFile(name, content)})

    for name, content, said in (
        ("a.pdf", PNG, "what is in it is PNG, not PDF"),
        ("a.pdf", b"", "This file is empty"),
        ("a.pdf", PDF + b"x" * 1_000_000, "Choose a file of at most"),
        (f"{'a' * 130}.pdf", PDF, "Shorten the file’s name"),
        ("a.zip", b"PK\x03\x04", "is not of a kind that is taken"),
    ):
        answer = send(name, content)
        assert (answer.status_code, said in answer.content.decode()) == (422, True), said
    assert applicant.post(url).status_code == 422
    assert DraftFile.objects.count() == 0
    assert send("../../plan.pdf", PDF)["Location"] == url
    file = DraftFile.objects.get()
    assert file.name == "plan.pdf"
    assert file.name in applicant.get(url).content.decode()
    assert file.name in applicant.get(f"/proposals/{proposal.ref}/check/").content.decode()
    applicant.post(f"{url}{file.sha256}/remove/")
    assert DraftFile.objects.count() == 0
    assert client_of(world.other_applicant).get(url).status_code == 404


def test_a_request_beyond_any_limit_is_answered_unread(world: World, settings: Any) -> None:
    settings.MAX_REQUEST_BYTES = 100
    applicant = client_of(world.applicant)
    answer = applicant.post("/proposals/PROP-1/attachments/", {"file": BytesIO(b"x" * 200)})
    assert answer.status_code == 413
    assert b"This is too large to be sent" in answer.content
    api = applicant.post("/api/v1/proposals/", {"file": BytesIO(b"x" * 200)})
    assert (api.status_code, api["Content-Type"]) == (413, "application/problem+json")


def test_the_api_lists_takes_gives_and_removes(world: World, settings: Any) -> None:
    client = APIClient()
    client.force_authenticate(world.fresh("applicant"))
    url = f"/api/v1/proposals/{drafted_proposal(world).ref}/attachments/"
    made = client.post(url, {"file": SimpleUploadedFile("plan.pdf", PDF)}, format="multipart")
    assert made.status_code == 201, made.json()
    (entry,) = made.json()["draft"]
    assert client.get(url).json() == {"submitted": [], "draft": [entry]}
    assert client.get(f"{url}{entry['sha256']}/").getvalue() == PDF
    bad = client.post(url, {"file": SimpleUploadedFile("a.pdf", PNG)}, format="multipart")
    assert (bad.status_code, bad.json()["code"]) == (409, "file_content")
    assert client.post(url, {}, format="multipart").status_code == 400
    settings.MAX_FILE_BYTES = len(PDF)
    large = client.post(url, {"file": SimpleUploadedFile("b.pdf", PDF + b"x")}, format="multipart")
    assert (large.status_code, large.json()["code"]) == (409, "file_too_large")
    assert client.delete(f"{url}{entry['sha256']}/").status_code == 204
    assert client.get(f"{url}{entry['sha256']}/").status_code == 404


def test_board_and_reviewers_see_the_files(world: World) -> None:
    proposal = drafted_proposal(world)
    file = attach(proposal)
    proposal = services.submit_proposal(proposal=proposal, by=world.applicant)
    assignment = assigned(world, proposal)
    page = client_of(world.reviewer).get(f"/proposals/reviews/{assignment.pk}/").content.decode()
    assert f"/proposals/{proposal.ref}/files/{file.sha256}/" in page
    shown = kinds.get(KIND).dossier(proposal)["sections"][-1]
    assert shown == {
        "heading": "Attachments",
        "rows": [["plan.pdf", f"{len(PDF)} bytes, SHA-256 {file.sha256}"]],
    }


def test_where_the_ledger_fails_the_draft_keeps_its_files(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = drafted_proposal(world)
    attach(proposal)

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(journal, "_recorder", [fail])
    with pytest.raises(RuntimeError):
        services.submit_proposal(proposal=proposal, by=world.applicant)
    assert DraftFile.objects.count() == 1
    assert Proposal.objects.get().version == 0


def test_a_file_without_content_or_of_another_kind_cannot_be_recorded(world: World) -> None:
    proposal = drafted_proposal(world)
    for change in ({"size": 0}, {"mime": "application/zip"}):
        row = {"name": "a", "mime": "text/plain", "size": 1, "sha256": "0" * 64} | change
        with pytest.raises(IntegrityError), transaction.atomic():
            DraftFile.objects.create(proposal=proposal, **row)
