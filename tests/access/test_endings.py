"""How a fellowship ends: who keeps what, deletion by its day, escrow, and what holds the close."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access import services
from access.certificate import facts, fingerprint
from access.deletion import duties
from access.ending import things
from access.models import DeletionCertificate, EscrowDeposit, Grant
from access.services.endings import DELETION_CLOCK
from fellowship.accounts.models import User
from fellowship.clocks.models import Clock
from fellowship.clocks.services import sweep
from fellowship.history import recorder
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from governance.models import Escalation
from scoping import closeout
from tests.scenarios import access
from tests.scenarios import releases as scenario
from tests.scenarios.governance import granted_exception
from tests.scenarios.world import World

DAY = dt.timedelta(days=1)


def code_of(call: Callable[[], Any]) -> str:
    """The code and field a verb is refused with."""
    with pytest.raises(Refused) as refused:
        call()
    refusal = refused.value.refusal
    return f"{refusal.code}/{refusal.field}" if refusal.field else refusal.code


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def open_labels(grant: Grant) -> list[str]:
    return [o.label for o in closeout.still_open(grant.fellowship) if o.key.startswith("access.")]


def confirm(grant: Grant, **values: Any) -> DeletionCertificate:
    defaults: dict[str, Any] = {
        "fellowship": grant.fellowship,
        "dataset": grant.dataset,
        "method": "secure_delete",
        "tool": "shred 9.1",
        "scope": "The volume and its nightly backup.",
        "by": grant.person,
    }
    return services.confirm_deletion(**{**defaults, **values})


# --- when data must be gone -------------------------------------------------------------------


def test_data_is_due_by_the_tiers_window_or_the_scope_whichever_comes_first(grant: Grant) -> None:
    (duty,) = duties(grant.fellowship)
    assert duty.ends_at == grant.ends_at
    assert duty.due_at == grant.ends_at + 14 * DAY
    assert duty.clause == "Data handling standard v1: within 14 calendar days of the end of access"
    assert duty.last_day == grant.request.ends_on + 14 * DAY, "as people count days"
    assert duty.state(now()) == ("In use", "plain")
    assert duty.state(grant.ends_at) == ("To be deleted", "warn")
    assert duty.state(duty.due_at) == ("Overdue", "bad")


def test_a_revocation_brings_the_day_forward(world: World, grant: Grant) -> None:
    services.revoke_grant(grant=grant, by=world.steward, reason="The purpose is over.")
    (duty,) = duties(grant.fellowship)
    grant.refresh_from_db()
    assert duty.ends_at == grant.revoked_at
    assert duty.due_at < grant.ends_at


def test_the_clock_runs_from_the_end_of_access_and_an_alarm_follows(
    world: World, grant: Grant
) -> None:
    with frozen(grant.ends_at - DAY):
        sweep(at=now())
        assert not Clock.objects.about(grant).filter(kind=DELETION_CLOCK).exists()
    with frozen(grant.ends_at + DAY):
        sweep(at=now())
        clock = Clock.objects.about(grant).get(kind=DELETION_CLOCK)
        assert (clock.due_at, clock.holder_user) == (grant.ends_at + 14 * DAY, grant.person)
    with frozen(grant.ends_at + 60 * DAY):
        sweep(at=now())
        sweep(at=now())
        alarm = Escalation.objects.get(subject_type="scoping.fellowship")
        assert alarm.summary.startswith(f"{grant.dataset} of {grant.fellowship.ref} should have")
        late = Notice.objects.filter(kind="access.deletion_overdue")
        assert {n.recipient for n in late} == {world.steward, world.applicant}
        assert late.count() == 2, "once"
        confirm(grant)
        assert not Clock.objects.about(grant).open().filter(kind=DELETION_CLOCK).exists()


def test_what_is_certified_in_time_raises_nothing(world: World, grant: Grant) -> None:
    with frozen(grant.ends_at + DAY):
        sweep(at=now())
        confirm(grant)
    with frozen(grant.ends_at + 60 * DAY):
        sweep(at=now())
        assert not Escalation.objects.exists()


def test_data_granted_again_is_not_due_by_the_day_of_the_grant_before(
    world: World, grant: Grant
) -> None:
    services.revoke_grant(grant=grant, by=world.steward, reason="The purpose is over.")
    with frozen(now() + DAY):
        sweep(at=now())
        assert Clock.objects.about(grant).open().filter(kind=DELETION_CLOCK).exists()
        again = access.granted(world, grant.fellowship, grant.dataset)
        assert again.pk != grant.pk
        sweep(at=now())
        assert not Clock.objects.about(grant).open().filter(kind=DELETION_CLOCK).exists()
    with frozen(again.ends_at - DAY):
        sweep(at=now())
        assert not Notice.objects.filter(kind="access.deletion_overdue").exists()
    with frozen(again.ends_at + DAY):
        sweep(at=now())
        assert Clock.objects.about(again).open().filter(kind=DELETION_CLOCK).exists()


def test_an_exception_keeps_data_while_it_lives_and_no_longer(world: World, grant: Grant) -> None:
    expires = grant.ends_at + 40 * DAY
    with frozen(grant.ends_at + DAY):
        sweep(at=now())
        exception = granted_exception(
            world, subject=grant, kind="retention", owner=world.mentor, expires_at=expires
        )
        assert "Refusal logs deleted" not in open_labels(grant)
        (duty,) = duties(grant.fellowship)
        assert duty.exception == exception
        assert (duty.state(now()), duty.until) == (("Kept by an exception", "warn"), expires)
        sweep(at=now())
        assert not Clock.objects.about(grant).open().filter(kind=DELETION_CLOCK).exists()
    with frozen(expires - DAY):
        sweep(at=now())
        assert not Escalation.objects.exists()
    with frozen(expires):
        assert "Refusal logs deleted" in open_labels(grant), "armed again at that instant"
        (duty,) = duties(grant.fellowship)
        assert duty.state(now()) == ("Overdue", "bad")
        sweep(at=now())
        sweep(at=now())
        assert Escalation.objects.count() == 1


# --- the certificate --------------------------------------------------------------------------


def test_a_certificate_names_method_tool_scope_people_dates_and_evidence(
    world: World, grant: Grant
) -> None:
    log = ContentFile(b"shred: /vol/data: removed\n", name="shred.txt")
    certificate = confirm(grant, evidence=log)
    services.verify_deletion(
        certificate=certificate, by=world.steward, reason="The volume is gone."
    )
    certificate.refresh_from_db()
    said = facts(certificate)
    assert set(said) == {
        "certificate",
        "fellowship",
        "dataset",
        "variant",
        "tier",
        "method",
        "tool",
        "scope",
        "performed_by",
        "performed_at",
        "evidence_sha256",
        "verified_by",
        "verified_at",
        "verified_how",
    }
    assert all(said.values())
    event = Event.objects.get(verb="access.verify_deletion")
    assert json.loads(event.body)["change"]["sha256"] == fingerprint(certificate) == digest(said)
    fellow = client_of(grant.person)
    paper = fellow.get(f"/access/deletions/{certificate.ref}/paper/").content.decode()
    assert fingerprint(certificate) in paper
    handed = fellow.get(f"/access/deletions/{certificate.ref}/evidence/")
    assert b"".join(handed.streaming_content) == b"shred: /vol/data: removed\n"


def test_evidence_of_a_strange_kind_is_refused_at_its_field(grant: Grant) -> None:
    strange = ContentFile(b"MZ", name="tool.exe")
    assert code_of(lambda: confirm(grant, evidence=strange)) == "file_kind/evidence"
    assert not DeletionCertificate.objects.exists()


# --- escrow -----------------------------------------------------------------------------------


def test_methods_are_laid_down_and_opened_only_with_a_second_person(
    world: World, grant: Grant
) -> None:
    assert open_labels(grant) == ["Refusal logs deleted", "Methods and notes in escrow, or waived"]
    made = scenario.deposited(grant)
    assert scenario.deposited(grant) == made, "the same file twice is one"
    assert open_labels(grant) == ["Refusal logs deleted"]
    assert code_of(lambda: services.take_escrow(deposit=made, by=world.oncall)) == "not_open"

    def ask(by: User, ground: str = "The result is to be replicated.") -> Any:
        return services.ask_to_open(deposit=made, ground=ground, by=by)

    assert code_of(lambda: ask(world.product_owner)) == "wrong_role"
    assert code_of(lambda: ask(world.steward, " ")) == "no_ground/ground"
    opening = ask(world.steward)
    assert ask(world.steward) == opening

    def decide(by: User, agreed: bool = True, reason: str = "It is due.") -> Any:
        return services.decide_opening(opening=opening, agreed=agreed, by=by, reason=reason)

    assert code_of(lambda: decide(world.steward)) == "separation"
    assert code_of(lambda: decide(world.oncall)) == "wrong_role"
    assert code_of(lambda: decide(world.manager, reason="")) == "no_reason/reason"
    decide(world.manager)
    events = Event.objects.count()
    decide(world.manager)
    assert Event.objects.count() == events
    services.take_escrow(deposit=made, by=world.steward)
    assert Event.objects.get(verb="access.take_escrow").actor == world.steward
    assert code_of(lambda: services.take_escrow(deposit=made, by=world.manager)) == "not_open"
    with frozen(now() + 15 * DAY):
        assert code_of(lambda: services.take_escrow(deposit=made, by=world.steward)) == "not_open"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"holds_no_raw_data": False}, "raw_data/holds_no_raw_data"),
        ({"file": scenario.file("a.md", b"write to ada@example.org\n")}, "raw_data/file"),
        ({"file": scenario.file("rows.csv")}, "file_kind/file"),
        ({"file": scenario.file("a.md", b"")}, "file_empty/file"),
        ({"kind": "data"}, "unknown_kind/kind"),
        ({"title": " "}, "no_title/title"),
        ({"review_on": dt.date(2020, 1, 1)}, "review_on/review_on"),
    ],
)
def test_escrow_takes_no_data(grant: Grant, values: dict[str, Any], code: str) -> None:
    assert code_of(lambda: scenario.deposited(grant, **values)) == code
    assert not EscrowDeposit.objects.exists()


def test_escrow_is_for_the_people_of_the_case(world: World, grant: Grant) -> None:
    assert code_of(lambda: scenario.deposited(grant, by=world.steward)) == "not_yours"
    made = scenario.deposited(grant)
    for person in (world.other_applicant, world.product_owner, world.stranger):
        assert client_of(person).get(made.get_absolute_url()).status_code == 404
        assert not EscrowDeposit.objects.visible_to(person).exists()


def test_the_database_takes_no_deposit_that_may_hold_raw_data(grant: Grant) -> None:
    made = scenario.deposited(grant)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_escrowdeposit SET holds_no_raw_data = %s WHERE id = %s",
            [False, made.pk],
        )


def test_a_deposit_is_looked_at_again_on_its_day(world: World, grant: Grant) -> None:
    made = scenario.deposited(grant)
    with frozen(now() + 400 * DAY):
        sweep(at=now())
        sweep(at=now())
        told = Notice.objects.filter(kind="access.escrow_review")
        assert [n.recipient for n in told] == [world.steward]
        assert told[0].title == f"{made.ref}: is it still needed in escrow?"


def test_a_waiver_needs_a_reason_and_a_keeper(world: World, grant: Grant) -> None:
    def waive(by: User, reason: str = "The paper says it all.") -> Any:
        return services.waive_escrow(fellowship=grant.fellowship, by=by, reason=reason)

    assert code_of(lambda: waive(world.applicant)) == "wrong_role"
    assert code_of(lambda: waive(world.steward, " ")) == "no_reason/reason"
    made = waive(world.steward)
    assert waive(world.steward) == made
    assert code_of(lambda: waive(world.manager)) == "waived"
    assert open_labels(grant) == ["Refusal logs deleted"]


# --- the table --------------------------------------------------------------------------------


def test_the_table_says_who_keeps_what_by_which_clause(world: World, grant: Grant) -> None:
    lines = {t.key: t for t in things(grant.fellowship)}
    data = lines[f"data.{grant.dataset.ref}"]
    assert (data.keeper, data.state) == ("nobody", "In use")
    assert (lines["code"].keeper, lines["notes"].state) == ("company", "Not in escrow yet")
    assert lines["code"].clause.startswith("Scope of work v1, ")

    def adjust(by: User, **values: Any) -> Any:
        defaults: dict[str, Any] = {
            "fellowship": grant.fellowship,
            "thing": "code",
            "keeper": "both",
            "reason": "It is generic and holds no secrets.",
        }
        return services.adjust_ending(**{**defaults, "by": by, **values})

    assert code_of(lambda: adjust(world.applicant)) == "wrong_role"
    assert code_of(lambda: adjust(world.manager, thing=data.key)) == "not_changeable/thing"
    assert code_of(lambda: adjust(world.manager, reason="")) == "no_reason/reason"
    past = dt.date(2020, 1, 1)
    assert code_of(lambda: adjust(world.manager, until=past)) == "in_the_past/until"
    made = adjust(world.manager)
    assert adjust(world.manager) == made
    line = {t.key: t for t in things(grant.fellowship)}["code"]
    assert (line.keeper, line.clause) == (
        "both",
        f"Decided by {world.manager}: It is generic and holds no secrets.",
    )


def test_an_open_request_to_release_holds_the_close(world: World, grant: Grant) -> None:
    request = scenario.sent(grant)
    assert f"{request.ref} released, refused or withdrawn" in open_labels(grant)
    scenario.review(request, world.steward)
    scenario.review(request, world.oncall)
    assert f"{request.ref} released, refused or withdrawn" not in open_labels(grant)


def test_pages_of_the_ending(world: World, grant: Grant) -> None:
    made = scenario.deposited(grant)
    case = grant.fellowship.ref
    pages = [f"/access/cases/{case}/{page}/" for page in ("ending", "escrow")]
    pages.append(f"/access/escrow/{made.ref}/")
    pages.append(f"/access/cases/{case}/deleted/{grant.dataset.ref}/")
    for person in (world.applicant, world.mentor, world.steward, world.auditor):
        client = client_of(person)
        for page in pages:
            client.get(page)
            with CaptureQueriesContext(connection) as seen:
                assert client.get(page).status_code == 200, page
            assert len(seen) <= 25, (page, len(seen))
    for person in (world.other_applicant, world.sponsor, world.product_owner):
        for page in pages:
            assert client_of(person).get(page).status_code == 404
    steward = client_of(world.steward)
    typed = {"thing": "code", "keeper": "", "reason": "I keep this"}
    answer = steward.post(pages[0], typed)
    assert answer.status_code == 422
    assert "I keep this" in answer.content.decode()
    steward.post(pages[0], {**typed, "keeper": "both"})
    assert "I keep this" in client_of(world.applicant).get(pages[0]).content.decode()


def test_with_a_failing_ledger_nothing_is_laid_down(grant: Grant) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("the ledger is full")

    journal.install(fail)
    try:
        for act in (lambda: scenario.deposited(grant), lambda: confirm(grant)):
            with pytest.raises(RuntimeError, match="the ledger is full"):
                act()
    finally:
        journal.install(recorder.record)
    assert not EscrowDeposit.objects.exists()
    assert not DeletionCertificate.objects.exists()
