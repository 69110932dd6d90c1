"""Attachments of a proposal: how many and how large, who may add one, and which a person may read.

A draft's files are records of their own; a submitted version names its files itself, so that a
later revision takes none of them away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db.models import Sum

from fellowship.accounts.models import Actor
from fellowship.kernel import blobs
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import joined, say, say_n
from proposals import policy
from proposals.models import DraftFile, Proposal, ProposalVersion

FILES_MAX: Final = 10
TOTAL_MAX: Final = 40_000_000
"""Bytes of all files of one proposal."""
RULE: Final = "attachments"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a version or a draft: its name, media type, size in bytes, and SHA-256."""

    name: str
    mime: str
    size: int
    sha256: str

    @property
    def size_text(self) -> str:
        """The size as people read it."""
        return size_text(self.size)


def of_version(version: ProposalVersion | None) -> list[Attachment]:
    """What was submitted with a version."""
    return [Attachment(**entry) for entry in version.attachments] if version else []


def of_draft(proposal: Proposal) -> list[Attachment]:
    """What is attached to the draft now."""
    return [Attachment(**file.entry()) for file in proposal.draft_files.all()]


def as_text(files: Iterable[Attachment]) -> str:
    """One line for each file, for differences: the hash shows where only the content changed."""
    return joined(
        "\n",
        (
            say(
                "{name} ({size_text}, SHA-256 {sha256}…)",
                name=f.name,
                size_text=f.size_text,
                sha256=f.sha256[:12],
            )
            for f in files
        ),
    )


def readable(proposal: Proposal, by: Any, sha256: str) -> Attachment | None:
    """The file of this hash, where a person who may read the proposal may have it.

    Everyone who reads it has the files of its versions, the latest name first; those of a draft
    are its applicant's.
    """
    versions = proposal.versions.exclude(attachments=[]).order_by("-number")
    found = [file for version in versions for file in of_version(version)]
    if by == proposal.applicant:
        found = [*of_draft(proposal), *found]
    return next((file for file in found if file.sha256 == sha256), None)


def may_write(proposal: Proposal, by: Actor) -> Refusal | None:
    """Why files may be neither attached nor removed now."""
    return policy.may_edit(proposal, by)


def fits(proposal: Proposal, size: int) -> Refusal | None:
    """Why no file of this size is taken beside those already there."""
    limit = settings.MAX_FILE_BYTES
    if size > limit:
        reason = say(
            "Choose a file of at most {size_text}; this has {size_text2}.",
            size_text=size_text(limit),
            size_text2=size_text(size),
        )
        return Refusal("file_too_large", reason, rule=RULE, field="file")
    there = proposal.draft_files
    if there.count() >= FILES_MAX:
        reason = say(
            "A proposal takes {FILES_MAX} files. Remove one before you attach another.",
            FILES_MAX=FILES_MAX,
        )
        return Refusal("too_many_files", reason, rule=RULE, field="file")
    total = there.aggregate(total=Sum("size"))["total"] or 0
    if total + size > TOTAL_MAX:
        reason = say(
            "All files together may have {size_text}; there are {size_text2} already, "
            "and this one has {size_text3}.",
            size_text=size_text(TOTAL_MAX),
            size_text2=size_text(total),
            size_text3=size_text(size),
        )
        return Refusal("files_too_large", reason, rule=RULE, field="file")
    return None


def differs(proposal: Proposal, name: str, sha256: str) -> Refusal | None:
    """Why a file cannot stand beside those there: its name or its content is among them."""
    for file in proposal.draft_files.all():
        if file.sha256 == sha256:
            reason = say("This file is attached already, as “{name}”.", name=file.name)
            return Refusal("file_there", reason, rule=RULE, field="file")
        if file.name == name:
            reason = say(
                "Another file called “{name}” is attached. Remove it first, or rename this.",
                name=name,
            )
            return Refusal("file_name_taken", reason, rule=RULE, field="file")
    return None


def size_text(size: int) -> str:
    """Bytes as people read them: “640 bytes”, “12 kB”, “2.4 MB”."""
    if size < 1_000:
        return say_n(size, "{n} byte", "{n} bytes")
    if size < 1_000_000:
        return say("{size:.0f} kB", size=size / 1000)
    return f"{size / 1_000_000:.1f}".removesuffix(".0") + " MB"


@blobs.referenced_by
def _named() -> Iterator[str]:
    """Every content that a draft or a version names."""
    yield from DraftFile.objects.order_by().values_list("sha256", flat=True)
    lists = ProposalVersion.objects.exclude(attachments=[]).order_by()
    for entries in lists.values_list("attachments", flat=True).iterator():
        yield from (entry["sha256"] for entry in entries)
