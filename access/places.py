"""Where data access appears: navigation, the pages of a case, the words of its verbs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, QuerySet

from access.cells import LIVE, standing
from access.ending import CHANGEABLE
from access.models import AccessRequest
from access.models.datasets import CATALOGUE_READERS
from access.models.requests import ACCESS_STAFF
from access.models.targets import TARGET_READERS
from access.reach import grants_of, what_may
from access.release_policy import REVIEWERS
from access.release_states import Keeper, ReleaseState, ReleaseVerdict
from access.states import (
    AnomalyKind,
    ClassificationState,
    DeletionMethod,
    Operation,
    RequestState,
    TargetKind,
    Tier,
    Variant,
    Verdict,
)
from fellowship.accounts import roles
from fellowship.accounts.queries import has_role, holds_anywhere, realm_ids_where
from fellowship.kernel.prepared import read
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web import nav, verbs
from fellowship.web.items import Link
from scoping import casefile, panels
from scoping.models import Fellowship


def _waiting(user: Any) -> int:
    return sum(_requested(sorted(realm_ids_where(user, roles.STEWARD))))


@read
def _requested(programs: list[int]) -> QuerySet[AccessRequest, Any]:
    """How many requests wait for the programmes' stewards, by programme."""
    rows = AccessRequest.objects.filter(
        fellowship__program_id__in=programs, state=RequestState.REQUESTED
    )
    counted = rows.order_by().values("fellowship__program_id").annotate(waiting=Count("pk"))
    return counted.values_list("waiting", flat=True)


nav.register(
    say("Datasets"),
    "access:catalogue",
    visible=lambda user: holds_anywhere(user, *CATALOGUE_READERS),
    section="access",
    order=40,
)
nav.register(
    say("Data desk"),
    "access:desk",
    visible=lambda user: holds_anywhere(user, roles.STEWARD, roles.MANAGER),
    section="access",
    order=42,
    badge=_waiting,
)


nav.register(
    say("Release desk"),
    "access:releases",
    visible=lambda user: holds_anywhere(user, *REVIEWERS),
    section="access",
    order=43,
)
nav.register(
    say("My releases"),
    "access:releases",
    visible=lambda user: holds_anywhere(user, roles.FELLOW),
    section="portal",
    order=42,
    rail=True,
)
nav.register(
    say("Access trail"),
    "access:trail",
    visible=lambda user: holds_anywhere(user, *ACCESS_STAFF),
    section="access",
    order=44,
)
nav.register(
    say("Target systems"),
    "access:targets",
    visible=lambda user: holds_anywhere(user, *TARGET_READERS),
    section="access",
    order=46,
)
nav.register(
    say("Suspensions"),
    "access:suspensions",
    visible=lambda user: holds_anywhere(user, *ACCESS_STAFF),
    section="access",
    order=46,
)
nav.register(
    say("My data"),
    "access:grants",
    visible=lambda user: holds_anywhere(user, roles.FELLOW, roles.COLLABORATOR),
    section="portal",
    order=40,
    rail=True,
)


def reads(fellowship: Fellowship, user: Any) -> bool:
    """As `fellowships_of`, of a fellowship the person sees: no query."""
    own = user.pk in (fellowship.fellow_id, fellowship.mentor_id)
    return own or has_role(user, fellowship.program_id, *ACCESS_STAFF)


def case_links(fellowship: Fellowship, user: Any, at: dt.datetime) -> Iterator[Link]:
    """The case's data page."""
    if reads(fellowship, user):
        live = sum(standing(grant, at) == LIVE for grant in grants_of(fellowship))
        yield Link(say("Data access"), route_to("access:case", fellowship.ref), count=live)
        yield Link(say("Activity"), route_to("access:case_activity", fellowship.ref))


def may(fellowship: Fellowship, user: Any, at: dt.datetime) -> Iterator[panels.Panel]:
    """“What may I do?”: each dataset by operation, with the clause."""
    if reads(fellowship, user):
        yield panels.Panel(
            "access.may",
            say("What may I do with which data?"),
            "access/_may.html",
            {
                "may": what_may(fellowship, at, casefile.of(fellowship).signed),
                "calendar": fellowship.program.calendar(),
            },
            order=20,
        )


def next_steps(fellowship: Fellowship, user: Any, at: dt.datetime) -> Iterator[panels.NextStep]:
    """Agreements to accept and grants that end."""
    if not reads(fellowship, user):
        return
    grants = grants_of(fellowship)
    for grant in grants:
        if grant.request.state == RequestState.APPROVED:
            yield panels.NextStep(
                say("Accept the agreement for {dataset}", dataset=grant.dataset),
                url=route_to("access:agreement", grant.agreement.ref),
                mine=grant.person_id == user.pk,
            )
    for grant in [grant for grant in grants if standing(grant, at) == LIVE][:3]:
        yield panels.NextStep(
            say("Access to {dataset} ends", dataset=grant.dataset),
            due=grant.ends_at,
            url=route_to("access:grant", grant.ref),
        )


panels.register_links(case_links)
panels.register(may, place="may")
panels.register_next(next_steps)

verbs.register(
    {
        "access.acknowledge_target": say("acknowledged what it enforces"),
        "access.add_target": say("set up the target system"),
        "access.alarm_target": say("raised the alarm about the target system"),
        "access.change_target": say("changed the target system"),
        "access.export_events": say("exported the access trail"),
        "access.retire_target": say("retired the target system"),
        "access.review_anomaly": say("looked into what was unusual"),
        "access.sync_target": say("told the target system what changed"),
        "access.register_dataset": say("put the dataset into the catalogue"),
        "access.change_dataset": say("changed the dataset"),
        "access.retire_dataset": say("took the dataset out of the catalogue"),
        "access.restore_dataset": say("put the dataset back into the catalogue"),
        "access.open_classification": say("put the questions of the classification to two roles"),
        "access.send_answers": say("answered the questions of the classification"),
        "access.settle_classification": say("settled what two people saw differently"),
        "access.call_off_classification": say("called off the classification"),
        "access.request": say("asked for data"),
        "access.check": say("checked that nothing less serves"),
        "access.send_back": say("sent the request back for changes"),
        "access.revise": say("changed the request and sent it again"),
        "access.renew": say("asked for a renewal"),
        "access.take_back": say("took the request back, its person having left"),
        "access.end_with_person": say("ended the grant, its person having left"),
        "access.narrow": say("narrowed the grant"),
        "access.remind": say("reminded of the end of a grant"),
        "access.refer": say("referred the request to the board"),
        "access.approve": say("approved the request"),
        "access.refuse": say("refused the request"),
        "access.withdraw": say("withdrew the request"),
        "access.grant_by_board": say("granted by decision of the board"),
        "access.refuse_by_board": say("refused by decision of the board"),
        "access.return_from_board": say("returned it from the board"),
        "access.reconsider": say("put it before the board again"),
        "access.accept_agreement": say("accepted the agreement"),
        "access.revoke": say("revoked the grant"),
        "access.suspend_person": say("suspended all access of the person"),
        "access.suspend_dataset": say("suspended the dataset for everyone"),
        "access.lift": say("lifted the suspension"),
        "access.ingest": say("recorded reported access events"),
        "access.name_identity": say("said whom a source means"),
        "access.forget_identity": say("took back whom a source means"),
        "access.confirm_deletion": say("certified the deletion"),
        "access.verify_deletion": say("verified the deletion"),
        "access.deposit": say("laid a file down in escrow"),
        "access.ask_to_open_escrow": say("asked to open a deposit"),
        "access.decide_escrow_opening": say("decided on opening a deposit"),
        "access.take_escrow": say("took a file out of escrow"),
        "access.waive_escrow": say("waived the deposit in escrow"),
        "access.adjust_ending": say("decided that it ends otherwise than agreed"),
        "access.ask_release": say("began a request to release outputs"),
        "access.add_output": say("added a file to be released"),
        "access.remove_output": say("took a file out"),
        "access.explain_output": say("answered what was found in a file"),
        "access.send_release": say("sent it to two reviewers"),
        "access.withdraw_release": say("withdrew the request"),
        "access.send_release_review": say("sent a sealed review"),
        "access.open_release_reviews": say("opened both reviews"),
        "access.revise_release_review": say("revised a review"),
        "access.settle_release": say("settled the disagreement"),
        "access.conclude_release": say("concluded the request"),
        "access.take_released": say("took a released file"),
        "access.look_at_output": say("opened a file not released"),
    }
)
verbs.register_values(
    {
        "tier": Tier.choices,
        "variant": Variant.choices,
        "operations": Operation.choices,
        "access.method": DeletionMethod.choices,
        "access.answered_by": roles.CHOICES,
        "access.state": [
            *RequestState.choices,
            *ReleaseState.choices,
            *ClassificationState.choices,
        ],
        "access.review_anomaly.kind": AnomalyKind.choices,
        "access.verdicts": Verdict.choices,
        "access.agreed": [*ReleaseVerdict.choices, ("True", say("yes")), ("False", say("no"))],
        "access.keeper": Keeper.choices,
        "access.thing": CHANGEABLE.items(),
        "access.add_target.kind": TargetKind.choices,
    }
)


def _reached(recorded: str) -> str:
    """A part of a line such as “DS-2026-001: view, query”, its operation in words."""
    dataset, colon, operation = recorded.rpartition(": ")
    return f"{dataset}{colon}{dict(Operation.choices).get(operation, operation)}"


verbs.register_words("access.reached", _reached)
verbs.register_words("scoping.reached", _reached)
verbs.register_fields(
    {
        "access.told": say("what it is told (SHA-256)"),
        "access.agreement": say("agreement (SHA-256)"),
        "access.root": say("root of the rows"),
        "access.sha256": "SHA-256",
        "access.reachable": say("datasets reachable until then"),
        "access.reached": say("reachable until then"),
        "access.reached_digest": say("what was reachable (SHA-256)"),
        "scoping.reachable": say("datasets reachable until then"),
        "scoping.reached": say("reachable until then"),
        "scoping.reached_digest": say("what was reachable (SHA-256)"),
    }
)
