"""Attaching files to a draft, and removing them. No events: drafts are not tracked."""

from __future__ import annotations

from django.core.files import File
from django.db import transaction

from fellowship.accounts.models import User
from fellowship.kernel import blobs, filekinds
from fellowship.kernel.refusals import refuse
from proposals import attachments
from proposals.models import DraftFile, Proposal


def attach_file(*, proposal: Proposal, file: File[bytes], by: User) -> DraftFile:
    """Attach a file to the draft. The same file sent again under its name is the one there.

    Its content is stored, whole, before the record is written. Raises Refused with what to do
    instead: for a name, kind, size, number or content that is not taken, or a full disk.
    """
    name = filekinds.clean_name(file.name or "")
    refuse(attachments.may_write(proposal, by) or attachments.fits(proposal, file.size))
    kind = filekinds.judge(name, file)
    blob = blobs.put(file.chunks())
    with transaction.atomic():
        proposal = Proposal.objects.locked().select_related("call__program").get(pk=proposal.pk)
        refuse(attachments.may_write(proposal, by))
        same = proposal.draft_files.filter(name=name, sha256=blob.sha256).first()
        if same:
            return same
        refuse(attachments.differs(proposal, name, blob.sha256))
        refuse(attachments.fits(proposal, blob.size))
        return DraftFile.objects.create(
            proposal=proposal, name=name, mime=kind.mime, size=blob.size, sha256=blob.sha256
        )


def remove_file(*, proposal: Proposal, sha256: str, by: User) -> Proposal:
    """Take a file from the draft; one taken already is no error. Submitted versions keep theirs."""
    with transaction.atomic():
        proposal = Proposal.objects.locked().select_related("call__program").get(pk=proposal.pk)
        refuse(attachments.may_write(proposal, by))
        proposal.draft_files.filter(sha256=sha256).delete()
    return proposal
