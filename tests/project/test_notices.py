"""Whoever is told of something and given a link may open that link."""

from __future__ import annotations

import ast
import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from access import services as access
from access.models import Grant
from fellowship.accounts import roles
from fellowship.accounts.models import ApiToken, Conflict, User
from fellowship.accounts.services import create_token, grant_role, leave
from fellowship.accounts.signin import told
from fellowship.clocks import queries as clocks
from fellowship.clocks.services import sweep
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Attempt, Notice
from fellowship.notices.services import add_endpoint, note_failing, send_test
from fellowship.programs import people_csv
from fellowship.programs.services import (
    extend_call,
    found_program,
    import_people,
    name_sponsor,
)
from fellowship.web.tasks import warn_of_tokens
from governance import founding
from governance import services as governance
from governance.models import Matter
from governance.services.access_reviews import open_access_review
from oversight import services as oversight
from oversight.demo.preparation import DATABASE
from oversight.export import making
from oversight.persons import copying
from proposals import services as proposals
from scoping import services as scoping
from tests.scenarios import access as access_scenes
from tests.scenarios import governance as governance_scenes
from tests.scenarios import proposals as proposal_scenes
from tests.scenarios import releases as release_scenes
from tests.scenarios.world import SETUP, World, make_person, make_world
from tests.support import demonstration

ROOT = Path(__file__).resolve().parent.parent.parent
DAY = dt.timedelta(days=1)


def notified() -> set[str]:
    """Every kind of notice that the source names; one a name is put into stands as its prefix."""
    found: set[str] = set()
    for path in sorted(path for top in OURS for path in (ROOT / top).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _called(node) in TELLING:
                found |= set(_kinds(node))
    return found


OURS = sorted({app.name.split(".")[0] for app in apps.get_app_configs()} & set(os.listdir(ROOT)))
TELLING = {"notify", "Message", "tell_manager", "_tell_managers"}


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


def _kinds(node: ast.Call) -> Iterator[str]:
    for keyword in node.keywords:
        if keyword.arg == "kind" and isinstance(keyword.value, ast.Constant):
            yield str(keyword.value.value)


def opened(notices: list[Notice]) -> dict[tuple[str, str, str], int]:
    """What each recipient gets at the link, where it is not the page; once for kind and person.

    A notice of a day to come is opened on that day.
    """
    clients: dict[int, Client] = {}
    wrong = {}
    latest = {(notice.kind, notice.recipient_id): notice for notice in notices if notice.url}
    for notice in latest.values():
        client = clients.setdefault(notice.recipient_id, Client())
        if not client.session.get("_auth_user_id"):
            client.force_login(notice.recipient)
        with frozen(max(notice.created_at, now())):
            status = client.get(notice.url).status_code
        if status != 200:
            wrong[notice.kind, notice.recipient.username, notice.url] = status
    return wrong


def _not_since_recused(notices: list[Notice]) -> list[Notice]:
    """Without those about what the person declared a conflict in after they were told."""
    people = {notice.recipient for notice in notices}
    shown = {
        pk for who in people for pk in Notice.objects.visible_to(who).values_list("pk", flat=True)
    }
    return [notice for notice in notices if notice.pk in shown]


def _all() -> list[Notice]:
    return list(Notice.objects.select_related("recipient").order_by("pk"))


def _of_systems(world: World) -> None:
    """A token in use that expires soon, and an address that takes no message for days."""
    token, _ = create_token(user=world.manager, scopes=["read"], by=world.manager, days=1)
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=now())
    assert warn_of_tokens(now()) > 0
    hook: dict[str, Any] = {"name": "Gone", "url": "https://gone.example/", "kinds": []}
    endpoint, _ = add_endpoint(realm=world.program.realm, by=world.steward, **hook)
    sent = send_test(endpoint=endpoint, by=world.steward)
    tried = {"at": now(), "url": endpoint.url, "taken": False, "milliseconds": 1}
    Attempt.objects.create(endpoint=endpoint, delivery=sent, **tried)
    with frozen(now() + 6 * DAY):
        note_failing(endpoint=endpoint, by=SETUP)


def _the_rest(world: World) -> None:
    """What the told year leaves out: late, revoked, revised, recused, extended, met about."""
    first = proposal_scenes.submitted_proposal(world)
    asked = proposal_scenes.assigned(world, first)
    other = proposal_scenes.assigned(world, first, world.reviewer_two, cleared=False)
    proposals.declare(
        assignment=other, kind="coauthor", statement="We wrote together.", by=world.reviewer_two
    )
    assert asked.due_at is not None
    for at in (asked.due_at - DAY / 2, asked.due_at + DAY):
        with frozen(at):
            sweep()
    proposal_scenes.drafted_proposal(world, world.other_applicant)
    extend_call(
        call=world.call, closes_at=world.call.closes_at + DAY, by=world.manager, reason="Asked for."
    )
    deferred = proposal_scenes.decided_proposal(world, "defer", make_person("late", "-rest"))
    revising = proposal_scenes.decided_proposal(world, "defer", make_person("revising", "-rest"))
    answers = {**proposal_scenes.ANSWERS, "budget": "20,000 EUR"}
    proposals.begin_revision(proposal=revising, by=revising.applicant)
    proposals.save_answers(proposal=revising, raw=answers, by=revising.applicant)
    proposals.submit_proposal(proposal=revising, by=revising.applicant)
    reply = clocks.current(deferred, "proposals.revision")
    assert reply is not None
    standard = clocks.current(first, "proposals.decision")
    assert standard is not None
    for due in (reply.due_at, standard.due_at):
        with frozen(due - DAY / 2):
            sweep()
    _a_changed_request(world)
    _an_export(world)
    _of_systems(world)
    grant = access_scenes.granted(world)
    _outputs(world, grant)
    grant = _changed_access(world, grant)
    access.change_dataset(
        dataset=grant.dataset, tier="highly_restricted", by=world.steward, reason="Names found."
    )
    access_scenes.deleted(world, grant)
    access.suspend_person(
        program=world.program, person=grant.person, by=world.oncall, reason="Keys were lost."
    )
    closed = access.suspend_dataset(dataset=grant.dataset, by=world.steward, reason="Names in it.")
    access.lift_suspension(suspension=closed, by=world.manager, reason="They are gone.")
    access.revoke_grant(grant=grant, by=world.steward, reason="The project ended.")
    _seen_differently(world)
    scoping.record_training(
        person=grant.person,
        program=world.program,
        kind="incidents",
        expires_at=now() + 30 * DAY,
        by=world.steward,
        evidence="List of those present.",
    )
    meeting = governance.call_meeting(program=world.program, starts_at=now() + DAY, by=world.chair)
    governance.move_meeting(
        meeting=meeting, starts_at=now() + 2 * DAY, by=world.chair, reason="Travel."
    )
    governance.cancel_meeting(meeting=meeting, by=world.chair, reason="No quorum.")
    _overridden(world, Conflict.objects.get(user=world.reviewer_two, subject_id=first.pk))
    _a_changed_rule(world)
    silent = proposal_scenes.referred_proposal(world, make_person("silent", "-rest"))
    bound = proposal_scenes.referred_proposal(world, make_person("bound", "-rest"))
    people = {"owner": world.steward.pk, "verifier": world.manager.pk}
    condition = {**governance_scenes.CONDITION, **people}
    outcome = "approve_with_conditions"
    decision = governance_scenes.decide_on(world, bound, outcome, conditions=[condition])
    party = bound.applicant
    governance.reply_to_decision(decision=decision, by=party, text="One is met already.")
    governance.ask_review(
        decision=decision, by=party, ground="fact_wrong", text="The second is met already."
    )
    matter = Matter.objects.get(subject_type="proposals.proposal", subject_id=silent.pk)
    governance.open_ballot(matter=matter, by=world.manager)
    alarm = governance_scenes.raised_escalation(world)
    governance.note_harm(escalation=alarm, harm="death", by=world.oncall)
    listed = "email,role\ninvited-rest@example.org,mentor\nsteward@example.org,mentor\n"
    import_people(program=world.program, rows=people_csv.read(listed), by=world.admin)
    oversight.recommend(
        cohort=world.cohort,
        text="Say how many days a review takes",
        why="Two answers of the survey.",
        owner=world.steward,
        due_on=(now() + 30 * DAY).date(),
        by=world.manager,
    )
    with frozen(now() + 90 * DAY):
        sweep()


def _an_export(world: World) -> None:
    """The record, made into a file while its auditor was elsewhere."""
    auditor, asked = world.fresh("auditor"), {"reference": world.call.ref}
    extract = oversight.ask_export(
        program=world.program, scope=asked, file_format="csv", by=auditor
    )
    assert making.make_waiting() >= 1
    extract.refresh_from_db()
    assert extract.made_at
    oversight.ask_copy(by=auditor)
    assert copying.make_waiting() == 1
    erasure = oversight.ask_erasure(person=auditor, reason="I move on.", by=auditor)
    oversight.refuse_erasure(erasure=erasure, reason="An audit runs.", by=world.fresh("admin"))
    until, said = (now() + 30 * DAY).date(), {"ground": "legal", "reason": "A claim."}
    oversight.hold_data(
        person=auditor, program=world.program, until=until, by=world.fresh("admin"), **said
    )


def _a_changed_rule(world: World) -> None:
    """A draft commented on and answered, and a version adopted that some do not acknowledge."""
    comment = governance_scenes.commented_rule(world)
    governance.answer_comment(
        comment=comment, by=world.manager, outcome="not_taken_up", answer="Ninety it was."
    )
    amendment = governance_scenes.offered_rule(world)
    governance.decline_amendment(amendment=amendment, by=amendment.party)
    with frozen(now() + 40 * DAY):
        sweep()


def _outputs(world: World, grant: Grant) -> None:
    """Outputs reviewed late, and settled; a deposit opened, and looked at again."""
    request = release_scenes.sent(grant)
    assert request.due_at is not None
    with frozen(request.due_at + DAY):
        sweep()
    release_scenes.review(request, world.steward)
    release_scenes.review(request, world.oncall, "return")
    access.settle_release(request=request, verdict="release", by=world.manager, reason="Clear now.")
    deposit = release_scenes.deposited(grant)
    opening = access.ask_to_open(deposit=deposit, ground="A replication.", by=world.steward)
    access.decide_opening(opening=opening, agreed=True, by=world.manager, reason="It is due.")
    access.adjust_ending(
        fellowship=grant.fellowship,
        thing="code",
        keeper="both",
        by=world.manager,
        reason="It is generic.",
    )
    with frozen(now() + 400 * DAY):
        sweep()


def _changed_access(world: World, grant: Grant) -> Grant:
    """A request sent back, a grant narrowed, one about to end, and a collaborator who leaves."""
    other = access_scenes.dataset(world, "refusal-logs")
    helper = access_scenes.collaborator(world, grant.fellowship)
    asked = access_scenes.requested(world, grant.fellowship, other, person=helper.person)
    access.send_back_request(request=asked, by=world.steward, reason="Fewer fields.")
    with frozen(grant.ends_at - 3 * DAY):
        sweep()
    narrowed = access.narrow_grant(
        grant=grant, operations=["query"], fields=["turn"], by=world.steward, reason="Enough."
    )
    scoping.remove_collaborator(collaborator=helper, by=world.manager, reason="They left.")
    return narrowed


def _seen_differently(world: World) -> None:
    """A dataset about which two people answer the questions of its class differently."""
    unclassified = access_scenes.dataset(world, "unsettled", tier="")
    found = access.open_classification(dataset=unclassified, by=world.steward)
    for person, tier in ((world.steward, "internal"), (world.oncall, "restricted")):
        answers = access_scenes.answers_for(found.rule.params, tier)
        found = access.send_answers(classification=found, answers=answers, by=person)


def _a_changed_request(world: World) -> None:
    """A request changed after the first vote."""
    exception = governance_scenes.requested_exception(world)
    matter = Matter.objects.get(kind="governance.exception", subject_id=exception.pk)
    governance_scenes.vote(matter, world.board_legal)
    names = ("title", "rationale", "risk", "compensating_measure", "measure_test", "expires_at")
    kept = {name: getattr(exception, name) for name in names}
    kept["risk"] += " And another."
    governance.amend_exception(
        exception=exception, by=exception.requested_by, reason="A risk was missing.", **kept
    )


def _overridden(world: World, conflict: Conflict) -> None:
    """A recusal set aside, and counting again."""
    ask = governance.request_override(conflict=conflict, by=world.manager, reason="Nobody else.")
    override = governance.approve_override(override=ask, by=world.chair)
    governance.revoke_override(override=override, by=world.manager, reason="Found somebody.")


def _a_split_panel(world: World) -> None:
    """Reviewers suggested for the call, all of whom score one first, and differ about it."""
    split = proposal_scenes.submitted_proposal(world, make_person("split", "-rest"))
    run = proposals.suggest_reviewers(call=world.call, by=world.manager)
    proposals.assign_suggested(run=run, by=world.manager)
    proposals.calibrate(proposal=split, by=world.manager)
    for score, reviewer in zip((1, 5, 5), proposal_scenes.panel(world), strict=True):
        proposal_scenes.review(proposal_scenes.assigned(world, split, reviewer), score)


def _somebody_leaves(world: World) -> None:
    """A reviewer with a review to write, and what everybody holds put before its owners."""
    open_access_review(program=world.program, by=world.chair)
    late = proposal_scenes.submitted_proposal(world, make_person("later", "-rest"))
    gone = make_person("gone", "-rest")
    grant_role(user=gone, realm=world.program.realm, role=roles.REVIEWER, by=SETUP)
    proposal_scenes.assigned(world, late, gone)
    leave(user=gone, by=world.admin, reason="Left the company.")


def _an_absence(world: World) -> None:
    """A programme whose ballot rules know deputies, with a member away."""
    program = found_program(slug="away", name="Away", purpose="Rest.", by=SETUP)
    seat = (roles.BOARD_MEMBER, roles.Seat.LEGAL)
    for user, (role, held) in ((world.board_legal, seat), (world.mentor, (roles.MENTOR, ""))):
        grant_role(user=user, realm=program.realm, role=role, seat=held, by=SETUP)
    name_sponsor(program=program, sponsor=world.sponsor, by=SETUP)
    rules = founding.parameters("ballot_rules")
    rules["matters"]["proposals.proposal"]["delegation"] = "named_deputy"
    governance.adopt_founding_rules(program=program, by=SETUP, overrides={"ballot_rules": rules})
    governance.name_deputy(
        program=program,
        deputy=world.mentor,
        starts_at=now() + DAY,
        ends_at=now() + 2 * DAY,
        by=world.fresh("board_legal"),
    )


@pytest.fixture
def told_year(
    tmp_path_factory: pytest.TempPathFactory,
    settings: Settings,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """The database is the demonstration's, its folder the site's, until the test ends."""
    folder = demonstration.told(tmp_path_factory)
    settings.VAR_DIR, settings.MEDIA_ROOT = folder, folder / "files"
    settings.LEDGER_KEY_FILE = folder / "ledger.pem"
    settings.SECRET_KEY = (folder / "secret_key").read_text().strip()
    with django_db_blocker.unblock():
        connection.close()
        own, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], folder / DATABASE
        ContentType.objects.clear_cache()
        try:
            with transaction.atomic():
                yield
                transaction.set_rollback(True)
        finally:
            connection.close()
            connection.settings_dict["NAME"] = own
            ContentType.objects.clear_cache()


@pytest.mark.sqlite  # and not `slow`: it would begin before the demonstration is told, and tell it
@pytest.mark.timeout(2400)
@pytest.mark.usefixtures("told_year")
def test_every_kind_of_notice_leads_its_reader_to_a_page() -> None:
    """Where a notice leads to is a word in its row; the verbs that tell it have tests of their own
    on both databases, the told year is one of SQLite.
    """
    world = make_world("-rest")
    _the_rest(world)
    _a_split_panel(world)
    _an_absence(world)
    _somebody_leaves(world)
    told.new_browser.send(sender=User, user=world.fresh("manager"), browser="Firefox on Windows")
    notices = _all()
    assert notified() - {notice.kind for notice in notices} == set()
    assert opened(_not_since_recused(notices)) == {}
