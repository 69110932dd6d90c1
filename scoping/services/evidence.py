"""Files as evidence of a milestone: attached while it is planned, handed in with it, then kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.core.files import File

from fellowship.accounts.models import User
from fellowship.kernel import blobs, filekinds, journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from scoping import policy
from scoping.models import Milestone
from scoping.services.work import locked_milestone

FILES_MAX: Final = 10
RULE: Final = say("evidence of a milestone")


def attach_evidence(*, milestone: Milestone, file: File[bytes], by: User) -> Milestone:
    """Attach a file to a planned milestone. The same file sent again is the one there.

    Its content is stored, whole, before the record names it. Raises Refused with what to do
    instead: for a name, kind, size, number or content that is not taken, or a full disk.
    """
    name = filekinds.clean_name(file.name or "")
    refuse(policy.may_deliver(milestone, by) or _fits(milestone, name, file.size))
    kind = filekinds.judge(name, file)
    blob = blobs.put(file.chunks())
    entry = {"name": name, "mime": kind.mime, "size": blob.size, "sha256": blob.sha256}
    return _attach(milestone=milestone, entry=entry, by=by)


@journal.verb("scoping.attach_evidence")
def _attach(*, milestone: Milestone, entry: dict[str, Any], by: User) -> Milestone:
    milestone = locked_milestone(milestone)
    if any(file["sha256"] == entry["sha256"] for file in milestone.files):
        return unchanged(milestone, policy.may_deliver(milestone, by))
    refuse(policy.may_deliver(milestone, by))
    refuse(_fits(milestone, entry["name"], entry["size"]))
    milestone.files = [*milestone.files, {**entry, "at": now().isoformat()}]
    milestone.save()
    change = {"file": entry["name"], "sha256": entry["sha256"]}
    journal.record(subject=milestone, change=change)
    return milestone


@journal.verb("scoping.remove_evidence")
def remove_evidence(*, milestone: Milestone, sha256: str, by: User) -> Milestone:
    """Take a file away that was not handed in yet; one that is not there is no error."""
    milestone = locked_milestone(milestone)
    found = next((file for file in milestone.files if file["sha256"] == sha256), None)
    if found is None:
        return unchanged(milestone, policy.may_deliver(milestone, by))
    refuse(policy.may_deliver(milestone, by))
    refuse(_not_handed_in(milestone, found))
    milestone.files = [file for file in milestone.files if file["sha256"] != sha256]
    milestone.save()
    journal.record(subject=milestone, change={"removed": sha256})
    return milestone


def _fits(milestone: Milestone, name: str, size: int) -> Refusal | None:
    limit = settings.MAX_FILE_BYTES
    if size > limit:
        reason = say(
            "Choose a file of at most {limit} MB; hand in a link for a larger one.",
            limit=limit // 1000000,
        )
        return Refusal("file_too_large", reason, rule=RULE, field="file")
    if len(milestone.files) >= FILES_MAX:
        reason = say(
            "A milestone takes {FILES_MAX} files. Put more in one document, or hand in a link.",
            FILES_MAX=FILES_MAX,
        )
        return Refusal("too_many_files", reason, rule=RULE, field="file")
    if any(file["name"] == name for file in milestone.files):
        reason = say(
            "Another file called “{name}” is attached. Remove it first, or rename this.", name=name
        )
        return Refusal("file_name_taken", reason, rule=RULE, field="file")
    return None


def _not_handed_in(milestone: Milestone, file: dict[str, Any]) -> Refusal | None:
    if not milestone.handed_in(file):
        return None
    return Refusal(
        "handed_in", say("It was handed in and judged, so it stays in the record."), rule=RULE
    )


@blobs.referenced_by
def _named() -> Iterator[str]:
    """Every content that a milestone names, or named when it was delivered."""
    rows = Milestone.objects.exclude(files=[]).order_by().values_list("files", flat=True)
    for files in rows.iterator():
        yield from (file["sha256"] for file in files)
