"""A new version: its file judged and read before anything is locked, its text checked at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files import File

from fellowship.accounts.models import User
from fellowship.kernel import blobs, filekinds, journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refusal, Refused, refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from publications import policy, precheck, reading
from publications.models import Publication, Version
from publications.services import prechecks, redactions
from publications.services.works import locked
from publications.text_states import Reading
from publications.texts import TEXT_MAX, clean


@dataclass(frozen=True, slots=True)
class Content:
    """What a version holds: its text, what stands beneath it, and its file."""

    text: str
    reading: str = Reading.TYPED
    beneath: str = ""
    file_name: str = ""
    file_mime: str = ""
    file_size: int | None = None
    file_sha256: str = ""
    unread_because: str = ""


def add_version(
    *, publication: Publication, by: User, text: str = "", file: File[bytes] | None = None
) -> Version:
    """Add a version: a text, or a file whose text is read. The same again is the newest version.

    An archive, or a document that cannot be read, is kept as it is beside the text its author
    types: people mark passages in that. Raises Refused for what is not taken, with what to do.
    """
    refuse(policy.may_edit(publication, by))
    typed = clean(text)
    if len(typed) > TEXT_MAX:
        refuse(
            _wrong(
                "text_too_long", say("Write at most {TEXT_MAX:,} characters.", TEXT_MAX=TEXT_MAX)
            )
        )
    content = _of_file(publication, file, typed) if file is not None else Content(typed)
    if not content.text.strip():
        refuse(_wrong("no_text", say("Type the text, or choose a file with it.")))
    patterns = precheck.patterns(content.text)
    return _keep(publication=publication, by=by, content=content, patterns=patterns)


@journal.verb("publications.add_version")
def _keep(
    *, publication: Publication, by: User, content: Content, patterns: list[precheck.Found]
) -> Version:
    """Write the version, its check, and what became of passages that were to go."""
    publication = locked(publication)
    refuse(policy.may_edit(publication, by))
    newest = publication.latest
    hashed = digest(content.text)
    if newest and (newest.text_hash, newest.file_sha256) == (hashed, content.file_sha256):
        return newest
    version = Version.objects.create(
        publication=publication,
        number=newest.number + 1 if newest else 1,
        text_hash=hashed,
        added_at=now(),
        added_by=by,
        **{name: getattr(content, name) for name in Content.__slots__},
    )
    found = prechecks.keep(version, patterns)
    left = redactions.check_all(version)
    change: dict[str, Any] = {
        "publication": publication.ref,
        "number": version.number,
        "hash": hashed,
    }
    if content.file_sha256:
        change["file"] = content.file_sha256
    if found:
        change["hits"] = found
    if left:
        change["redactions"] = left
    journal.record(subject=version, realm_id=publication.program_id, change=change)
    return version


def _of_file(publication: Publication, file: File[bytes], typed: str) -> Content:
    """The file judged, kept and read. Nothing is locked while that takes its time."""
    name = filekinds.clean_name(file.name or "")
    most = settings.MAX_FILE_BYTES
    if file.size > most:
        size = say("{most} MB", most=most // 1000000)
        refuse(
            Refusal(
                "file_too_large", say("Choose a file of at most {size}.", size=size), field="file"
            )
        )
    kind = reading.judge(name, file, publication.kind)
    file.seek(0)
    body = file.read()
    read = reading.read(kind, body)
    if read.refuse:
        reason = say(
            "“{name}” is not taken: {because}. Save it without, and attach that.",
            name=name,
            because=read.because,
        )
        refuse(Refusal("file_hostile", reason, rule=reading.kinds.RULE, field="file"))
    if not read.because and typed.strip() and typed.strip() != read.text.strip():
        said = say(
            "“{name}” could be read, so its text counts. Leave this field empty, or send "
            "the text without the file.",
            name=name,
        )
        raise Refused(Refusal("two_texts", said, field="text"))
    if read.because and not typed.strip():
        said = say(
            "“{name}” was not read: {because}. Type below what it says, as Markdown or "
            "plain text: reviewers mark passages in that, and download the file as it is.",
            name=name,
            because=read.because,
        )
        raise Refused(Refusal("file_unread", said, field="file"))
    blob = blobs.put([body])
    return Content(
        text=typed if read.because else read.text,
        reading=Reading.KEPT if read.because else Reading.READ,
        beneath=read.beneath,
        file_name=name,
        file_mime=kind.mime,
        file_size=blob.size,
        file_sha256=blob.sha256,
        unread_because=read.because,
    )


def _wrong(code: str, reason: str) -> Refusal:
    return Refusal(code, reason, field="text")


@blobs.referenced_by
def _named() -> Any:
    """Every file a version names."""
    kept = Version.objects.exclude(file_sha256="").order_by()
    yield from kept.values_list("file_sha256", flat=True).iterator()
