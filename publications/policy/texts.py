"""What a work of a kind must say, what stops its submission, and who answers what a check found."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection

from access.models import Release
from fellowship.accounts.models import Actor
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from findings.models import Artifact
from publications import terms
from publications.models import DisclosureStep, Hit, Publication, Version
from publications.states import Kind, PublicationState
from publications.text_states import ARTEFACTS, HitAnswer, HitKind
from scoping.models import Fellowship

REASON_MAX = 2_000
RELEASE_RULE = say("nothing leaves before the release desk let it out")


def may_be(kind: str, *, event: str, event_on: dt.date | None, licence: str) -> Refusal | None:
    """Why a work of this kind lacks something: a talk its event, files their licence."""
    return first(
        Refusal("no_event", say("Name the event at which the talk is given."), field="event")
        if kind == Kind.TALK and not event.strip()
        else None,
        Refusal("no_day", say("Say on which day the talk is given."), field="event_on")
        if kind == Kind.TALK and event_on is None
        else None,
        Refusal(
            "no_licence",
            say("Say under which licence it comes, such as Apache-2.0."),
            field="licence",
        )
        if kind in ARTEFACTS and not licence.strip()
        else None,
    )


def may_link(link: str, sha256: str) -> Refusal | None:
    """Why an address and a hash do not go together."""
    return first(
        Refusal("hash", say("A SHA-256 has 64 hexadecimal digits."), field="link_sha256")
        if sha256 and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256)
        else None,
        Refusal("no_link", say("Say where the files with this hash are."), field="link")
        if sha256 and not link
        else None,
    )


def may_build_on(
    fellowship: Fellowship, *, artifacts: Collection[Artifact], releases: Collection[Release]
) -> Refusal | None:
    """Why a work may not name these artifacts or outputs: they are another case's."""
    strange = [one.name for one in artifacts if one.fellowship_id != fellowship.pk]
    if strange:
        said = say("{strange} belongs to another case.", strange=joined(", ", strange))
        return Refusal("not_of_the_case", said, field="artifacts")
    strange = [str(one) for one in releases if one.request.fellowship_id != fellowship.pk]
    if strange:
        said = say("{strange} was released for another case.", strange=joined(", ", strange))
        return Refusal("not_of_the_case", said, field="releases")
    return None


def has_files(publication: Publication) -> Refusal | None:
    """Why a work that is more than its text lacks what it is about."""
    if publication.kind not in ARTEFACTS or publication.link_sha256:
        return None
    newest = publication.versions.order_by("-number").values_list("file_sha256", flat=True).first()
    if newest:
        return None
    return Refusal(
        "no_files",
        say(
            "Attach the archive to a version, or give the address of the files with their SHA-256."
        ),
        field="file",
    )


def stopped(publication: Publication) -> Refusal | None:
    """Why the check stops the submission: an output that was not let out, an embargoed finding.

    A hit by name alone ends with its answer “not what it looks like”. An embargo is no reason where
    a step of the disclosure plan puts the finding's passage off until it ends.
    """
    newest = Version.objects.filter(publication=publication).order_by("-number").values("pk")[:1]
    hits = (
        Hit.objects.filter(
            precheck__version__in=newest, kind__in=terms.stops_submission(publication.fellowship)
        )
        .standing()
        .exclude(answer=HitAnswer.FALSE, sure=False)
        .select_related("finding")
        .order_by("-kind", "id")
    )
    planned = {
        step.finding_id: step.on
        for step in DisclosureStep.objects.filter(publication=publication, finding__isnull=False)
    }
    for hit in hits:
        ends = hit.finding.embargo_until if hit.finding else None
        step = planned.get(hit.finding_id)
        if hit.kind == HitKind.EMBARGO and ends and step and step >= ends:
            continue
        return _stop(publication, hit)
    return None


def _stop(publication: Publication, hit: Hit) -> Refusal:
    policy = str(terms.policy_of(publication.fellowship))
    if hit.kind == HitKind.EMBARGO:
        return Refusal(
            "embargoed",
            say(
                "{about}. Plan a later date for its passage in the disclosure plan, wait "
                "until the embargo ends, or leave the finding out.",
                about=hit.about,
            ),
            rule=policy,
            field="text",
        )
    if hit.kind == HitKind.OUTPUT:
        return Refusal(
            "unreleased",
            say(
                "{about}: the release desk has not let it out. Ask the desk to release "
                "it, or take it out of the work and add a version.",
                about=hit.about,
            ),
            rule=RELEASE_RULE,
            field="text",
        )
    return Refusal("stopped", f"{hit.get_kind_display()}: {hit.about}", rule=policy, field="text")


def may_answer_hit(hit: Hit, by: Actor) -> Refusal | None:
    """Why `by` may not say what a hit is: the author does, while the work is open."""
    publication = hit.precheck.version.publication
    return first(
        None
        if by == publication.fellowship.fellow
        else Refusal("not_yours", say("The author says what a hit is.")),
        Refusal("wrong_state", say("This work is no longer in review."))
        if publication.effective_state() in (PublicationState.RELEASED, PublicationState.WITHDRAWN)
        else None,
    )


def hit_said(answer: str, reason: str) -> Refusal | None:
    """Why an answer to a hit is none: it is one of two, and has its reason."""
    return first(
        None
        if answer in HitAnswer.values
        else Refusal("no_answer", say("Choose what it is."), field="answer"),
        None
        if reason.strip()
        else Refusal(
            "no_reason", say("Say why; reviewers read it beside the hit."), field="reason"
        ),
        None
        if len(reason) <= REASON_MAX
        else Refusal(
            "too_long",
            say("Say it in at most {REASON_MAX:,} characters.", REASON_MAX=REASON_MAX),
            field="reason",
        ),
    )


def may_save_file(unanswered: Collection[Hit]) -> Refusal | None:
    """Why others than the author may not have the file of a version yet.

    It may hold a secret that the author has said nothing to. Its text is read with that dotted out.
    """
    if not any(hit.kind == HitKind.SECRET for hit in unanswered):
        return None
    return Refusal(
        "may_hold_a_secret",
        say(
            "The file may hold a secret. It can be saved once the author has answered "
            "the check; until then its text is read with that dotted out."
        ),
    )
