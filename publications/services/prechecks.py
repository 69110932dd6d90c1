"""The check of a version: kept as it is added, answered by its author, carried to the next one."""

from __future__ import annotations

from collections import Counter

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from publications import policy, precheck
from publications.models import Hit, PreCheck, Publication, Version
from publications.text_states import MASKED


def keep(version: Version, patterns: list[precheck.Found]) -> dict[str, int]:
    """Keep what was found in a version just added, within that verb. Tells how much of each kind.

    What an author said of the same words in the version before still stands.
    """
    publication = version.publication
    known = precheck.known(
        publication, version.text, file_sha256=version.file_sha256, at=version.added_at
    )
    beneath = [
        precheck.Found(one.kind, one.rule, say("In the file, on none of its pages"))
        for one in dict.fromkeys(
            precheck.Found(one.kind, one.rule) for one in precheck.patterns(version.beneath)
        )
    ]
    found = [*known, *patterns, *beneath]
    check = PreCheck.objects.create(
        version=version,
        ran_at=version.added_at,
        checks=precheck.checks(),
        left_out=max(0, len(found) - precheck.HITS_MAX),
    )
    said = _said_before(version)
    for one in found[: precheck.HITS_MAX]:
        hit = _hit(check, one)
        if before := said.get(key_of(hit, version.text)):
            hit.answer, hit.reason = before.answer, before.reason
            hit.answered_at, hit.answered_by_id = before.answered_at, before.answered_by_id
        hit.save()
    return dict(sorted(Counter(one.kind for one in found).items()))


def check_again(publication: Publication) -> None:
    """Hold the newest version against its sources and the records anew, within another verb."""
    version = publication.latest
    check = PreCheck.objects.filter(version=version).first() if version else None
    if version is None or check is None:
        return
    at = now()
    wanted = precheck.known(publication, version.text, file_sha256=version.file_sha256, at=at)
    there = {(h.kind, h.rule, h.about, h.start, h.end): h for h in check.hits.all() if not h.masked}
    for key, hit in there.items():
        if key not in {(f.kind, f.rule, f.about, f.start, f.end) for f in wanted}:
            hit.delete()
    for one in wanted[: precheck.HITS_MAX]:
        if (one.kind, one.rule, one.about, one.start, one.end) not in there:
            _hit(check, one).save()
    check.checks, check.ran_at = precheck.checks(), at
    check.save()


@journal.verb("publications.answer_hit")
def answer_hit(*, hit: Hit, answer: str, reason: str, by: User) -> Hit:
    """Say what a hit is: not what it looks like, or known and wanted; with the reason.

    Reviewers read it beside the hit once the work is submitted.
    """
    rows = Hit.objects.locked().select_related("precheck__version__publication__fellowship")
    hit = rows.get(pk=hit.pk)
    if (hit.answer, hit.reason) == (answer, reason):
        return unchanged(hit, policy.may_answer_hit(hit, by))
    refuse(policy.may_answer_hit(hit, by))
    refuse(policy.hit_said(answer, reason))
    hit.answer, hit.reason = answer, reason
    hit.answered_at, hit.answered_by = now(), by
    hit.save()
    journal.record(
        subject=hit,
        realm_id=hit.program_id,
        change={"hit": hit.kind, "check": hit.rule, "answer": answer},
    )
    return hit


def key_of(hit: Hit, text: str) -> tuple[str, str, str]:
    """What makes a hit the same in another version: its kind, what it is about, and its words."""
    if hit.start is None or hit.end is None:
        return hit.kind, hit.rule, hit.about
    words = " ".join(text[hit.start : hit.end].split()).casefold()
    return hit.kind, words, "" if hit.kind in MASKED else hit.about


def _said_before(version: Version) -> dict[tuple[str, str, str], Hit]:
    """What was answered of the version before, by what makes a hit the same."""
    before = version.publication.versions.filter(number=version.number - 1).first()
    if before is None:
        return {}
    answered = Hit.objects.filter(precheck__version=before).exclude(answer="")
    return {key_of(hit, before.text): hit for hit in answered}


def _hit(check: PreCheck, one: precheck.Found) -> Hit:
    return Hit(
        precheck=check,
        kind=one.kind,
        rule=one.rule,
        about=one.about,
        start=one.start,
        end=one.end,
        sure=one.sure,
        finding_id=one.finding_id,
        dataset_id=one.dataset_id,
        sha256=one.sha256,
    )
