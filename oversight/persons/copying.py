"""The copy of a person's data: a ZIP of JSON, the same to read, and the files handed in."""

from __future__ import annotations

import json
import logging
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string
from django.utils import timezone

from fellowship.accounts.models import User
from fellowship.history.models import Event
from fellowship.kernel import blobs, saying
from fellowship.kernel.journal import System
from fellowship.kernel.time import now
from oversight import services
from oversight.models import PersonalCopy
from oversight.persons import held
from proposals.models import DraftFile, ProposalVersion

log = logging.getLogger(__name__)
BY: Final = System("oversight.copies")
DETAILS: Final = (
    *("name", "email", "username", "orcid", "affiliation", "past_affiliations"),
    *("time_zone", "date_joined", "is_active", "directory_key"),
)


@blobs.referenced_by
def named() -> Iterator[str]:
    """The files of copies that are still kept."""
    yield from PersonalCopy.objects.kept(now()).order_by().values_list("sha256", flat=True)


def make_waiting() -> int:
    """Make every copy that waits; how many were ended. Two at once make it twice and keep one."""
    return sum(make(copy) for copy in PersonalCopy.objects.waiting().select_related("person"))


def make(copy: PersonalCopy) -> bool:
    """Make one; what goes wrong is in the log, and the person is told."""
    try:
        content, records = write(copy.person)
        blob = blobs.put([content])
    except Exception:
        log.exception("copy %d could not be made", copy.pk)
        services.fail_copy(copy=copy, by=BY)
        return True
    services.finish_copy(copy=copy, sha256=blob.sha256, size=blob.size, records=records, by=BY)
    return True


def write(person: User) -> tuple[bytes, int]:
    """The ZIP file, and how many records are in it."""
    own = list(held.own(person))
    acts = list(_acts(person))
    said = {
        "made_at": now(),
        "person": {name: getattr(person, name) for name in DETAILS},
        "records": _by_label(own),
        "acts": acts,
        "named_in": [{"kind": h.title, **h.values} for h in held.named(person)],
    }
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        text = json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
        bundle.writestr("your-data.json", text)
        for name, sha256 in _files(person):
            if blobs.kept(sha256):
                bundle.writestr(f"files/{name}", blobs.read(sha256))
        bundle.writestr("your-data.html", _page(person, own, said))
    return target.getvalue(), len(own) + len(acts)


def _by_label(own: list[held.Held]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in own:
        found[record.label].append(record.values)
    return found


def _acts(person: User) -> Iterator[dict[str, Any]]:
    """What they did, as the ledger tells it: when, what, to which record, and the reason given."""
    rows = Event.objects.filter(actor=person).order_by("id")
    for row in rows.values("at", "verb", "subject_type", "subject_ref", "reason"):
        yield {**row}


def _files(person: User) -> Iterator[tuple[str, str]]:
    """What they attached to their proposals, by name; the hash keeps two of a name apart."""
    seen: set[str] = set()
    drafts = DraftFile.objects.filter(proposal__applicant=person)
    entries = list(drafts.values("name", "sha256"))
    versions = ProposalVersion.objects.filter(proposal__applicant=person)
    for attached in versions.values_list("attachments", flat=True):
        entries += attached
    for entry in entries:
        if entry["sha256"] not in seen:
            seen.add(entry["sha256"])
            yield f"{entry['sha256'][:12]}-{entry['name']}", entry["sha256"]


@saying.in_source()
def _page(person: User, own: list[held.Held], said: dict[str, Any]) -> str:
    """The same to read, in the person's own zone."""
    groups: dict[str, list[list[tuple[str, Any]]]] = defaultdict(list)
    for record in own:
        groups[record.title].append(
            [(name.replace("_", " "), value) for name, value in record.values.items() if value]
        )
    context = {"person": said["person"], "groups": dict(groups), **said, "zone": person.time_zone}
    with timezone.override(person.time_zone or "UTC"):
        return render_to_string("oversight/your_data_copy.html", context)
