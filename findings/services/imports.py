"""Files of findings: read and judged first, reported once the person confirms; each file once.

Why in two steps: docs/adr/0024-files-of-findings-read-then-confirmed.md.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders
from fellowship.history.bulk import create_many
from fellowship.history.references import next_reference, next_references
from fellowship.kernel import blobs, filekinds, journal
from fellowship.kernel.refusals import Refusal, Refused, refuse, said_by, unchanged
from fellowship.kernel.saying import clipped, joined, say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from findings import atlas, policy
from findings.importing import FORMATS, Candidate, Parsed, Unreadable
from findings.importing import Refused as RefusedRow
from findings.importing.matching import index
from findings.models import Finding, FindingEvidence, FindingImport, ImportRow
from findings.services.claims import Claim, finding_of, others_of
from findings.services.many import set_due_times, start_clocks
from findings.services.reports import register_artifact
from findings.states import Confidence, Harm, ImportFormat, RowOutcome, Severity
from scoping.models import Fellowship
from scoping.services import enter_stage

NOT_STATED: Final = say("not stated")
FORCED: Final = say("Reported all the same.")
LEFT_OUT: Final = say("Left out by the one who brought the file.")
BATCH: Final = 500
REASON: Final = 500
"""Letters of a row's reason that are kept."""


@dataclass
class Outcome:
    """What became of one file: counts, each refusal by its place, and the warnings."""

    new: int = 0
    duplicates: int = 0
    refused: int = 0
    reasons: list[tuple[int, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def parse(data: bytes, file_format: str) -> Parsed:
    """What a file holds. Refuses one that cannot be read, at the field `file`."""
    try:
        return FORMATS[file_format](data)
    except Unreadable as error:
        label = ImportFormat(file_format).label
        raise Refused(
            Refusal("unreadable", joined(": ", (label, said_by(error))), field="file")
        ) from None


@journal.verb("findings.read_import")
def read_import(
    *, fellowship: Fellowship, file_format: str, name: str, data: bytes, by: Actor
) -> FindingImport:
    """Read a file and judge its rows; nothing is reported yet.

    The same file is one import: sent again, what stands is returned, and where it was not
    confirmed its rows are judged again.
    """
    refuse(policy.may_report(fellowship, by))
    name = filekinds.clean_name(name)
    digest = hashlib.sha256(data).hexdigest()
    Fellowship.objects.locked().get(pk=fellowship.pk)
    there = FindingImport.objects.filter(
        fellowship=fellowship, file_format=file_format, sha256=digest
    ).first()
    if there is not None and there.confirmed_at:
        return there
    parsed = parse(data, file_format)
    blob = blobs.put([data])
    brought = there or FindingImport(
        fellowship=fellowship,
        program_id=fellowship.program_id,
        ref=next_reference("IMP"),
        file_format=file_format,
        name=name,
        sha256=blob.sha256,
        size=blob.size,
        brought_by=by if isinstance(by, User) else None,
    )
    brought.warnings = parsed.warnings[:100]
    brought.read_at = now()
    brought.save()
    brought.rows.all().delete()
    rows = [_row(brought, place, one) for place, one in enumerate(parsed.rows, 1)]
    _judge(brought, rows, by)
    ImportRow.objects.bulk_create(rows, batch_size=BATCH)
    _count(brought, rows)
    journal.record(subject=brought, change={"sha256": digest, "rows": len(rows)})
    return brought


@journal.verb("findings.mark_import_row")
def mark_row(*, row: ImportRow, mark: str, by: Actor) -> ImportRow:
    """Before it is confirmed: leave a row out (`leave`), report it all the same (`report`) though
    it repeats something, or let the rules judge it again (`judge`)."""
    brought = _locked(row.belongs_to)
    refuse(policy.may_settle(brought, by))
    row = ImportRow.objects.get(pk=row.pk)
    if not row.candidate:
        refuse(
            Refusal("nothing_read", say("Nothing was read there, so there is nothing to report."))
        )
    if mark == "leave":
        row.outcome, row.finding = RowOutcome.REFUSED, None
        _because(row, LEFT_OUT)
    elif mark == "report":
        row.outcome, row.finding = RowOutcome.NEW, None
        _because(row, FORCED)
    else:
        row.outcome, row.finding = RowOutcome.NEW, None
        _because(row, "")
        others = list(brought.rows.filter(place__lt=row.place, outcome=RowOutcome.NEW))
        _judge(brought, [*others, row], by)
    row.save()
    _count(brought, brought.rows.only("outcome", "belongs_to"))
    journal.record(subject=brought, change={"row": row.place, "outcome": row.outcome})
    return row


@journal.verb("findings.import")
def confirm_import(
    *,
    brought: FindingImport,
    by: Actor,
    severity: str = "",
    system: str = "",
    system_version: str = "",
    finding_class: str = "",
) -> FindingImport:
    """Report what is new in a file. Severity, system, version and class hold where the file says
    nothing, and the class only where the technique means none.

    What was reported meanwhile is found to be a duplicate now. Product owners get one notice.
    """
    brought = _locked(brought)
    if brought.confirmed_at:
        return unchanged(brought, policy.may_settle(brought, by))
    case = brought.fellowship
    refuse(policy.may_settle(brought, by))
    rows = list(brought.rows.order_by("place"))
    _judge(brought, rows, by)
    new = [row for row in rows if row.outcome == RowOutcome.NEW]
    brought.defaults = {
        "severity": severity,
        "system": system,
        "system_version": system_version,
        "finding_class": finding_class,
    }
    _refuse_unsaid(new, brought.defaults)
    brought.artifact = register_artifact(
        fellowship=case,
        name=brought.name,
        kind="scan",
        sha256=brought.sha256,
        size=brought.size,
        by=by,
    )
    claims = _claims(new, brought.defaults)
    found = _report(case, [claim for _, claim in claims], brought, by)
    for (row, _), finding in zip(claims, found, strict=True):
        row.finding = finding
    made = {row.place: row.finding for row in new}
    for row in rows:
        if row.outcome == RowOutcome.DUPLICATE and row.finding_id is None:
            row.finding = made.get(row.candidate.get("repeats", 0))
    fields = ["outcome", "reason", "words", "finding", "candidate"]
    ImportRow.objects.bulk_update(rows, fields, batch_size=BATCH)
    brought.confirmed_at = now()
    counts = _count(brought, rows)
    journal.record(subject=brought, change={**counts, "sha256": brought.sha256})
    if found:
        _tell(brought, found, by)
        enter_stage(
            fellowship=case, stage="review", by=by, reason=say("{ref} imported", ref=brought.ref)
        )
    return brought


def outcome_of(brought: FindingImport, *, again: bool = False) -> Outcome:
    """What became of a file; `again` where it was confirmed before: then nothing of it is new."""
    rows = brought.rows.filter(outcome=RowOutcome.REFUSED).order_by("place")
    return Outcome(
        new=0 if again else brought.new,
        duplicates=brought.duplicates + (brought.new if again else 0),
        refused=brought.refused,
        reasons=list(rows.values_list("place", "reason")),
        warnings=list(brought.warnings),
    )


def unsaid(rows: Iterable[ImportRow]) -> Mapping[str, int]:
    """How many of the new rows say no severity, no system, no version, and not what it is about."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts["severity"] += not row.candidate.get("severity")
        systems = row.candidate.get("systems")
        counts["system"] += not systems
        counts["version"] += not systems or not systems[0][1]
        counts["class"] += atlas.class_of(row.candidate.get("technique", "")) is None
    return counts


# --- reading and judging ------------------------------------------------------------------------


def _locked(brought: FindingImport) -> FindingImport:
    """The import, its case locked before it: two imports of a case go one after the other."""
    Fellowship.objects.locked().get(pk=brought.fellowship_id)
    rows = FindingImport.objects.locked().select_related("fellowship__program__realm")
    return rows.select_related("fellowship__fellow", "program").get(pk=brought.pk)


def _row(brought: FindingImport, place: int, one: Candidate | RefusedRow) -> ImportRow:
    row = ImportRow(
        belongs_to=brought, program_id=brought.program_id, place=place, title=one.title[:250]
    )
    if isinstance(one, RefusedRow):
        row.outcome = RowOutcome.REFUSED
        _because(row, one.reason)
    else:
        row.outcome, row.identity, row.spot = RowOutcome.NEW, one.identity, one.spot
        row.candidate = one.kept()
    return row


def _because(row: ImportRow, reason: str) -> None:
    """Keep why the row is what it is, with its words where there is room for all of it."""
    row.put(reason=clipped(reason, REASON))


def _judge(brought: FindingImport, rows: Sequence[ImportRow], by: Actor) -> None:
    """Find the duplicates among rows that are new; those reported all the same stay."""
    read = {row.place: _candidate(row) for row in rows if row.outcome == RowOutcome.NEW}
    known = index(brought.fellowship, read.values(), by)
    for row in rows:
        candidate = read.get(row.place)
        if candidate is None:
            continue
        match = None if row.reason == FORCED else known.find(candidate)
        if match is None:
            known.take(row.place, candidate)
            continue
        row.outcome = RowOutcome.DUPLICATE
        _because(row, match.reason)
        row.finding_id = match.finding_id
        row.candidate = {**row.candidate, **({"repeats": match.row} if match.row else {})}


def _candidate(row: ImportRow) -> Candidate:
    return Candidate.again({key: v for key, v in row.candidate.items() if key != "repeats"})


def _count(brought: FindingImport, rows: Iterable[ImportRow]) -> dict[str, int]:
    counts = Counter(row.outcome for row in rows)
    brought.new = counts[RowOutcome.NEW]
    brought.duplicates = counts[RowOutcome.DUPLICATE]
    brought.refused = counts[RowOutcome.REFUSED]
    brought.save()
    return {"new": brought.new, "duplicate": brought.duplicates, "refused": brought.refused}


# --- reporting ----------------------------------------------------------------------------------


def _refuse_unsaid(rows: Sequence[ImportRow], defaults: Mapping[str, str]) -> None:
    """A severity or a system that the file does not say is said by the person, never guessed."""
    missing = unsaid(rows)
    for name, words in (("severity", say("how severe")), ("system", say("of which system"))):
        if missing[name] and not defaults[name].strip():
            said = say(
                "The file does not say {words} {missing} of its findings are: say it.",
                words=words,
                missing=missing[name],
            )
            refuse(Refusal(f"no_{name}", said, field=name))
    if defaults["severity"] and defaults["severity"] not in Severity.values:
        refuse(Refusal("severity", say("Choose one of the four severities."), field="severity"))


def _claims(
    rows: Sequence[ImportRow], defaults: Mapping[str, str]
) -> list[tuple[ImportRow, Claim]]:
    return [(row, _claim(_candidate(row), defaults)) for row in rows]


def _claim(one: Candidate, defaults: Mapping[str, str]) -> Claim:
    first, *others = one.systems or ((defaults["system"], defaults["system_version"]),)
    vector, severity = one.cvss_vector, one.severity or defaults["severity"]
    return Claim(
        title=one.title,
        claim=one.claim,
        system=first[0],
        system_version=first[1] or defaults["system_version"].strip() or NOT_STATED,
        severity=severity,
        conditions=one.conditions,
        setting=[{"name": name, "value": value} for name, value in one.setting],
        hits=one.hits,
        trials=one.trials,
        also=[{"name": name, "version": version} for name, version in others],
        cvss_vector=vector,
        severity_reason=one.severity_reason
        or ("" if one.severity else say("Chosen for the whole file by the one who brought it.")),
        harm=one.harm or Harm.NOT_JUDGED,
        confidence=Confidence.NOT_STATED,
        technique=one.technique,
        finding_class="" if atlas.class_of(one.technique) else defaults["finding_class"],
        reproduction=one.reproduction,
    )


def _report(
    case: Fellowship, claims: Sequence[Claim], brought: FindingImport, by: Actor
) -> list[Finding]:
    """The findings, each with history, clock, evidence and event, in a number of queries that
    grows with batches."""
    if not claims:
        return []
    refs = next_references("F", len(claims))
    made = [
        finding_of(claim, fellowship=case, ref=ref, by=by)
        for claim, ref in zip(claims, refs, strict=True)
    ]
    set_due_times(made, now())
    said: dict[str, Any] = {"verb": "findings.report", "by": by, "realm_id": case.program_id}
    create_many(made, change=lambda f: {"severity": f.severity, "due_at": f.due_at}, **said)
    start_clocks(made, by)
    evidence = [FindingEvidence(finding=f, artifact=brought.artifact) for f in made]
    create_many(evidence, **said)
    others = [o for f, c in zip(made, claims, strict=True) for o in others_of(f, c)]
    create_many(others, **said)
    return made


def _tell(brought: FindingImport, found: Sequence[Finding], by: Actor) -> None:
    worst = Counter(finding.severity for finding in found)
    told = joined(", ", (f"{worst[s]} {s.label.lower()}" for s in Severity if worst[s]))
    notify(
        kind="findings.imported",
        to=holders(brought.program_id, roles.PRODUCT_OWNER),
        subject_obj=brought,
        realm=brought.program_id,
        title=say("{n} findings imported into {ref}", n=len(found), ref=brought.fellowship.ref),
        body=say(
            "{name}: {told}. {duplicates} were known already.",
            name=brought.name,
            told=told,
            duplicates=brought.duplicates,
        ),
        url=brought.get_absolute_url(),
        urgent=bool(worst[Severity.CRITICAL]),
    )
