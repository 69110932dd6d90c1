"""What a release certificate says: facts of a released work as they stood at its release.

All of it is computed as of the instant of the release, so the same work gives the same bytes today
and in ten years, whether or not anybody recorded that silence released it. It holds nothing that
is not public: no passage, no harm, no reviewer, no dataset beyond the public tier by name.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from access.models import Dataset
from access.states import Tier
from fellowship.clocks.models import Clock
from fellowship.clocks.registry import label
from fellowship.kernel import saying
from fellowship.kernel.canonical import canonical, digest, plain
from fellowship.kernel.time import now
from governance.models import RuleVersion
from publications import credit, terms
from publications.models import Mediation, Objection, Publication, Version
from publications.states import (
    UNSETTLED,
    Ask,
    Ground,
    ObjectionState,
    PublicationState,
    ReleasedBy,
    WorkClass,
)

SCHEMA: Final = "fellowship-release-certificate"
VERSION: Final = 1
UNSETTLED_YET: Final = "unsettled"
BY_BOARD: Final = (ObjectionState.UPHELD, ObjectionState.OVERRULED)

Facts = dict[str, Any]


def released_at(publication: Publication) -> dt.datetime:
    """The instant of its release. Raises ValueError for a work that is not released."""
    at = publication.released_at or publication.window_ends_at
    if publication.effective_state() != PublicationState.RELEASED or at is None:
        raise ValueError(f"{publication.ref} is not released")
    return at


@saying.in_source()
def body(publication: Publication) -> Facts:
    """The certificate as JSON's own types. Raises ValueError for a work that is not released."""
    at = released_at(publication)
    version = publication.versions.filter(added_at__lte=at).first()
    objections = _objections(publication, at)
    told = passages(objections, version, at)
    said: Facts = plain(
        {
            "schema": SCHEMA,
            "schema_version": VERSION,
            "work": _work(publication, version),
            "authors": _authors(publication),
            "policy": _policy(publication),
            "review": _review(publication, at),
            "release": _release(publication, at),
            "objections": counted(objections, at),
            "passages": told,
            "access": _access(publication, at),
            "funding": {
                "programme": publication.program.name,
                "fellowship": publication.fellowship.ref,
            },
            "independence": statements(publication, told, counted(objections, at)),
        }
    )
    return said


def _objections(publication: Publication, at: dt.datetime) -> list[Objection]:
    """The objections as they stood at `at`: what was settled, or put off, later is not counted."""
    return _as_of(Objection, at, publication_id=publication.pk)


def _as_of(model: Any, at: dt.datetime, **narrowed: Any) -> list[Any]:
    """Records as they were at `at`, by key. Of two changes at one instant the later one counts."""
    rows = model.history.filter(history_date__lte=at, **narrowed)
    latest = {row.id: row for row in rows.order_by("history_date", "history_id")}
    return [latest[key].instance for key in sorted(latest) if latest[key].history_type != "-"]


def text(said: Facts) -> bytes:
    """The certificate as a file: canonical JSON (RFC 8785)."""
    return canonical(said)


def fingerprint(said: Facts) -> str:
    """The SHA-256 of that file."""
    return digest(said)


def _work(publication: Publication, version: Version | None) -> Mapping[str, Any]:
    return {
        "ref": publication.ref,
        "title": publication.title,
        "kind": publication.kind,
        "class": publication.work_class,
        "text_version": version.number if version else None,
        "text_sha256": version.text_hash if version else None,
    }


def _authors(publication: Publication) -> list[Mapping[str, Any]]:
    return [
        {
            "name": author.name,
            "orcid": f"https://orcid.org/{author.orcid}" if author.orcid else None,
            "credit": [
                {"role": credit.label(role), "uri": credit.uri(role)} for role in author.credit
            ],
        }
        for author in publication.authors.all()
    ]


def _policy(publication: Publication) -> Mapping[str, Any]:
    rule: RuleVersion = terms.policy_of(publication.fellowship)
    return {
        "name": rule.title,
        "version": rule.version,
        "in_force_since": rule.effective_at,
        "sha256": rule.text_hash,
        "default": "permitted",
        "window": str(terms.window(publication.fellowship, publication.work_class)),
        "silence": _silence(publication),
        "mirrors": terms.params_of(publication.fellowship).code_of_practice.source,
    }


def _silence(publication: Publication) -> str:
    releases = terms.silence_releases(publication.fellowship, publication.work_class)
    return "releases" if releases else "escalates to the board"


def _review(publication: Publication, at: dt.datetime) -> Mapping[str, Any]:
    """Both tracks' clocks as they ran until the release, and what the scientific review gave."""
    clocks = Clock.objects.filter(
        subject_type=Publication._meta.label_lower,
        subject_id=publication.pk,
        kind__startswith="publications.",
        starts_at__lt=at,
    ).order_by("starts_at", "id")
    return {
        "submitted_at": publication.submitted_at,
        "windows": [_clock(clock, at) for clock in clocks.prefetch_related("extensions", "pauses")],
        "scientific_advice": publication.scientific_reviews.filter(given_at__lte=at).count(),
        "policy_review_ended_at": _before(publication.policy_cleared_at, at),
    }


def _before(instant: dt.datetime | None, at: dt.datetime) -> dt.datetime | None:
    return instant if instant and instant <= at else None


def _clock(clock: Clock, at: dt.datetime) -> Mapping[str, Any]:
    return {
        "clock": label(clock.kind),
        "from": clock.starts_at,
        "due": clock.due_at,
        "window": clock.window,
        "extensions": [
            {"ground": _ground(e.ground), "from": e.old_due, "to": e.new_due}
            for e in clock.extensions.all()
            if e.at <= at
        ],
        "pauses": len([p for p in clock.pauses.all() if p.paused_at < at]),
    }


def _ground(said: str) -> str | None:
    """A ground of the closed list; words of a reviewer's own are nobody else's to read."""
    return next((g.value for g in Ground if said in (g.value, g.label)), None)


def _release(publication: Publication, at: dt.datetime) -> Mapping[str, Any]:
    kind = publication.release_kind or ReleasedBy.SILENCE
    start = publication.submitted_at or at
    return {"at": at, "by": kind, "days_from_submission": (at - start).days}


def state_at(objection: Objection, at: dt.datetime) -> str:
    """How an objection, as it stood at `at`, had been settled; silence counted."""
    state = objection.effective_state(at)
    return UNSETTLED_YET if state in UNSETTLED else state


def counted(objections: Sequence[Objection], at: dt.datetime) -> Mapping[str, Any]:
    """Objections in numbers: by ground, by what they asked, by how they stood at the release."""
    grounds = Counter(o.ground for o in objections)
    asks = Counter(o.ask for o in objections)
    states = Counter(state_at(o, at) for o in objections)
    return {
        "raised": len(objections),
        "by_ground": {key: grounds[key] for key in Ground.values},
        "by_ask": {key: asks[key] for key in Ask.values},
        "by_state": dict(sorted(states.items())),
        "contested": sum(_contested(o, at) for o in objections),
        "decided_by_the_board": {
            "upheld": states[ObjectionState.UPHELD],
            "overruled": states[ObjectionState.OVERRULED],
        },
    }


def _contested(objection: Objection, at: dt.datetime) -> bool:
    """Whether the author had contested it by `at`: then it went to a mediator."""
    begun = Mediation.objects.filter(objection_id=objection.pk, begun_at__lte=at)
    return objection.state in BY_BOARD or begun.exists()


def passages(
    objections: Sequence[Objection], version: Version | None, at: dt.datetime
) -> Mapping[str, Any]:
    """What was changed or kept out at the company's request, and how much of the text it is."""
    kept = [o for o in objections if o.withholds(at)]
    by_ask = Counter(o.ask for o in kept)
    return {
        "redacted": by_ask[Ask.REDACT],
        "staged": by_ask[Ask.STAGE],
        "delayed": by_ask[Ask.DELAY],
        "reworded": sum(state_at(o, at) == ObjectionState.AGREED for o in objections),
        "characters_withheld": sum(o.passage_end - o.passage_start for o in kept),
        "characters_in_all": len(version.text) if version else 0,
        "withheld": [
            {"public_summary": o.public_summary, "ground": o.ground, "until": o.until_at(at)}
            for o in kept
        ],
    }


def _access(publication: Publication, at: dt.datetime) -> Mapping[str, Any]:
    """The tiers of the data the work declares, as they were at the release; public data by name."""
    keys = publication.sources.filter(dataset__isnull=False).values_list("dataset_id", flat=True)
    rows = _as_of(Dataset, at, id__in=list(keys))
    tiers = Counter(row.tier for row in rows)
    return {
        "datasets": len(rows),
        "by_tier": {tier: tiers[tier] for tier in Tier.values},
        "public_datasets": sorted(row.name for row in rows if row.tier == Tier.PUBLIC),
        "findings_reported": publication.sources.filter(finding__isnull=False).count(),
        "restricted_data": WorkClass(publication.work_class) == WorkClass.RESTRICTED
        or any(tiers[tier] for tier in terms.HELD_CLOSELY),
    }


def statements(
    publication: Publication, told: Mapping[str, Any], objections: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What can be said of the work's independence, in sentences that follow from the record."""
    changed = told["redacted"] + told["staged"] + told["delayed"] + told["reworded"]
    return {
        "unchanged_by_the_company": changed == 0,
        "statements": [
            "Publication was permitted by default. Nobody could hold the work as a whole.",
            "The scientific review could advise and could not block.",
            "The policy review could ask for a change to a marked passage on one of four listed "
            "grounds. That a result was unwelcome was none of them.",
            _said_of_changes(told, changed),
            _said_of_contests(objections),
            f"The work was done in a fellowship of {publication.program.name}, which gave the "
            "access listed here. The fellow could publish under their own name alone.",
        ],
    }


def _said_of_changes(told: Mapping[str, Any], changed: int) -> str:
    if not changed:
        return "No passage was changed or withheld at the company’s request."
    parts = [
        (told["redacted"], "redacted"),
        (told["staged"], "kept for a later date"),
        (told["delayed"], "delayed"),
        (told["reworded"], "put in other words"),
    ]
    listed = ", ".join(f"{n} {what}" for n, what in parts if n)
    share = _share(told["characters_withheld"], told["characters_in_all"])
    passages_ = "1 passage was" if changed == 1 else f"{changed} passages were"
    return (
        f"{passages_} changed or withheld at the company’s request: {listed}. {share} of the "
        "text was kept out at the release."
    )


def _share(part: int, whole: int) -> str:
    if not whole or not part:
        return "Nothing"
    percent = 100 * part / whole
    return f"{percent:.1f} per cent" if percent >= 0.05 else "Less than 0.1 per cent"


def _said_of_contests(objections: Mapping[str, Any]) -> str:
    if not objections["raised"]:
        return "Nobody objected to any passage."
    board = objections["decided_by_the_board"]
    raised = objections["raised"]
    said = f"{raised} objection{'s were' if raised != 1 else ' was'} raised"
    if not objections["contested"]:
        return f"{said}. The author contested none of them."
    return (
        f"{said}, of which the author contested {objections['contested']}: the board upheld "
        f"{board['upheld']} and overruled {board['overruled']}."
    )


def released(ref: str) -> Publication | None:
    """The released work of this reference, for anybody; None where there is none."""
    if "\x00" in ref:
        return None
    rows = Publication.objects.released(now()).select_related("fellowship__fellow", "program")
    return rows.filter(ref=ref).first()
