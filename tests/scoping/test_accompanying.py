"""Evidence and verdicts, reviewers, months of check-ins, mentors and their promises."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.test import Client

from fellowship.accounts import roles
from fellowship.accounts.services import grant_role
from fellowship.clocks.models import Clock
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import blobs, journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen
from fellowship.notices.models import Notice
from governance.models import Escalation
from scoping import services
from scoping.mentoring import months
from scoping.models import CheckIn, Fellowship, Mentorship, Milestone, Training
from scoping.services import rounds
from tests.governance.test_board_race import at_once
from tests.scenarios.scoping import checked_in, signed_fellowship
from tests.scenarios.world import SETUP, World, make_person, make_world


def refused(call: Any) -> str:
    """The code with which `call` is refused."""
    with pytest.raises(Refused) as error:
        call()
    return error.value.refusal.code


def recorded(call: Any) -> int:
    """How many events `call` writes."""
    before = Event.objects.count()
    call()
    return Event.objects.count() - before


def forced(row: Any, **values: Any) -> None:
    """Save a record past every rule of ours: only the database is left to refuse it."""
    for name, value in values.items():
        setattr(row, name, value)
    with journal.acting("tests.force", by=journal.System("tests")):
        row.save()
        journal.record(subject=row)


def client(person: Any) -> Client:
    """A browser signed in as this person."""
    browser = Client()
    browser.force_login(person)
    return browser


def csv(name: str = "raters.csv", text: str = "a,b\n1,2\n") -> ContentFile[bytes]:
    """A small table as a file."""
    return ContentFile(text.encode(), name=name)


@pytest.fixture
def milestone(signed: Fellowship) -> Milestone:
    """The first deliverable of a signed fellowship."""
    return signed.milestones.filter(kind="deliverable")[0]


@pytest.fixture
def checkpoint(signed: Fellowship) -> Milestone:
    """A review checkpoint that was delivered."""
    found = signed.milestones.filter(kind="checkpoint")[0]
    return services.deliver_milestone(milestone=found, evidence="Slides.", by=signed.fellow)


# --- evidence -------------------------------------------------------------------------------


def test_files_are_handed_in_with_the_milestone_and_stay(
    world: World, milestone: Milestone
) -> None:
    attach = lambda: services.attach_evidence(  # noqa: E731
        milestone=milestone, file=csv(), by=world.applicant
    )
    assert recorded(attach) == 1
    assert recorded(attach) == 0
    (file,) = attach().files
    assert blobs.read(file["sha256"]) == b"a,b\n1,2\n"
    services.attach_evidence(milestone=milestone, file=csv("b.csv", "x\n"), by=world.applicant)
    services.remove_evidence(milestone=milestone, sha256=file["sha256"], by=world.applicant)
    again = attach()
    assert [f["name"] for f in again.files] == ["b.csv", "raters.csv"]
    given = services.deliver_milestone(milestone=milestone, evidence="Both.", by=world.applicant)
    services.return_milestone(milestone=given, by=world.mentor, reason="One rater is missing.")
    take = lambda: services.remove_evidence(  # noqa: E731
        milestone=milestone, sha256=file["sha256"], by=world.applicant
    )
    assert refused(take) == "handed_in"


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [("a.exe", "x", "file_kind"), ("a.csv", "", "file_empty"), ("a.pdf", "text", "file_content")],
)
def test_what_is_no_evidence_file(
    world: World, milestone: Milestone, name: str, text: str, code: str
) -> None:
    call = lambda: services.attach_evidence(  # noqa: E731
        milestone=milestone, file=csv(name, text), by=world.applicant
    )
    assert refused(call) == code


def test_only_the_fellow_attaches_and_only_readers_download(
    world: World, milestone: Milestone
) -> None:
    call = lambda: services.attach_evidence(  # noqa: E731
        milestone=milestone, file=csv(), by=world.mentor
    )
    assert refused(call) == "not_yours"
    base = f"/fellowships/{milestone.fellowship.ref}/milestones/{milestone.pk}/"
    fellow = client(world.applicant)
    assert fellow.post(f"{base}files/", {"file": csv("a.exe")}).status_code == 422
    assert fellow.post(f"{base}files/", {"file": csv()}).status_code == 302
    (file,) = Milestone.objects.get(pk=milestone.pk).files
    got = client(world.mentor).get(f"{base}files/{file['sha256']}/")
    assert got.headers["Content-Disposition"] == 'attachment; filename="raters.csv"'
    assert client(world.mentor).get(f"{base}files/{'0' * 64}/").status_code == 404
    assert client(world.other_applicant).get(f"{base}files/{file['sha256']}/").status_code == 404
    assert "raters.csv" in fellow.get(f"{base}deliver/").content.decode()
    assert fellow.post(f"{base}files/{file['sha256']}/remove/").status_code == 302
    assert Milestone.objects.get(pk=milestone.pk).files == []


def test_what_is_typed_stands_again_beside_a_file_and_a_chosen_file_is_handed_in(
    world: World, milestone: Milestone
) -> None:
    base = f"/fellowships/{milestone.fellowship.ref}/milestones/{milestone.pk}/"
    fellow, typed = client(world.applicant), {"evidence": "Long and dear.", "evidence_hash": "ab"}
    wrong = fellow.post(f"{base}files/", {**typed, "file": csv("a.exe")})
    assert list(wrong.context["form"].errors) == ["file"]
    right = fellow.post(f"{base}files/", {**typed, "file": csv("one.csv", "a,b\n1,2\n")})
    for page in (wrong, right):
        assert page.context["form"]["evidence"].value() == "Long and dear."
        assert page.context["form"]["evidence_hash"].value() == "ab"
    assert b"one.csv" in right.content
    said = {"evidence": "Long and dear.", "file": csv("two.csv", "a,b\n3,4\n")}
    assert fellow.post(f"{base}deliver/", said).status_code == 302
    milestone.refresh_from_db()
    assert (milestone.state, milestone.evidence) == ("delivered", "Long and dear.")
    assert [file["name"] for file in milestone.files] == ["one.csv", "two.csv"]


def test_a_link_is_a_whole_address(world: World, milestone: Milestone) -> None:
    call = lambda: services.deliver_milestone(  # noqa: E731
        milestone=milestone, evidence="x", evidence_url="javascript:alert(1)", by=world.applicant
    )
    assert refused(call) == "bad_link"


# --- who judges, and what a checkpoint decides ----------------------------------------------


def test_a_named_reviewer_judges_and_holds_the_clock(world: World, milestone: Milestone) -> None:
    services.deliver_milestone(milestone=milestone, evidence="Here.", by=world.applicant)
    name = lambda who, by=world.manager: services.name_reviewer(  # noqa: E731
        milestone=milestone, reviewer=who, by=by
    )
    assert refused(lambda: name(world.steward, world.mentor)) == "wrong_role"
    assert refused(lambda: name(world.applicant)) == "own_work"
    assert refused(lambda: name(world.other_applicant)) == "no_role"
    name(world.steward)
    assert recorded(lambda: name(world.steward)) == 0
    clock = Clock.objects.about(milestone).running().get()
    assert clock.holder_user == world.steward
    assert "Judge “" in client(world.steward).get("/").content.decode()
    services.accept_milestone(milestone=milestone, by=world.steward, reason="Sound.")
    assert not Clock.objects.about(milestone).running().exists()


def test_a_verdict_has_its_reason(world: World, milestone: Milestone) -> None:
    services.deliver_milestone(milestone=milestone, evidence="Here.", by=world.applicant)
    accept = lambda **more: services.accept_milestone(  # noqa: E731
        milestone=milestone, by=world.mentor, **more
    )
    assert refused(lambda: accept(reason=" ")) == "no_reason"
    assert refused(lambda: accept(reason="Fine.", outcome="continue")) == "no_checkpoint"


def test_a_checkpoint_decides_what_follows(world: World, checkpoint: Milestone) -> None:
    judge = lambda outcome: services.accept_milestone(  # noqa: E731
        milestone=checkpoint, by=world.mentor, reason="Two exposures.", outcome=outcome
    )
    assert refused(lambda: judge("")) == "no_outcome"
    assert judge("stop").outcome == "stop"
    alarm = Escalation.objects.get()
    assert "decided to stop the work" in alarm.summary
    assert recorded(lambda: judge("stop")) == 0
    assert Escalation.objects.count() == 1
    page = client(world.applicant).get(f"/fellowships/{checkpoint.fellowship.ref}/milestones/")
    assert "Stop and escalate" in page.content.decode()


def test_the_database_keeps_outcomes_to_accepted_checkpoints(
    checkpoint: Milestone, milestone: Milestone
) -> None:
    for row in (checkpoint, milestone):
        with pytest.raises(IntegrityError), transaction.atomic():
            forced(row, outcome="continue")


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_verdicts_at_once_are_one() -> None:
    world = make_world("-race")
    signed = signed_fellowship(world)
    milestone = signed.milestones.filter(kind="deliverable")[0]
    services.deliver_milestone(milestone=milestone, evidence="Here.", by=signed.fellow)
    at_once(
        lambda: services.accept_milestone(milestone=milestone, by=world.mentor, reason="Fine."),
        lambda: services.return_milestone(milestone=milestone, by=world.manager, reason="No."),
    )
    verbs = Event.objects.filter(verb__in=["scoping.accept_milestone", "scoping.return_milestone"])
    assert verbs.count() == 1


# --- check-ins ------------------------------------------------------------------------------


def test_a_month_without_a_check_in_is_told_and_the_next_is_waited_for(
    world: World, signed: Fellowship
) -> None:
    mentorship = Mentorship.objects.get()
    held = Clock.objects.about(mentorship).running()
    assert {(c.kind, c.holder_user) for c in held} == {
        (rounds.FELLOW, world.applicant),
        (rounds.MENTOR, world.mentor),
    }
    checked_in(world, signed)
    fellow = held.get(kind=rounds.FELLOW)
    mentor = held.get(kind=rounds.MENTOR)
    assert fellow.due_at > mentor.due_at
    with frozen(mentor.due_at + dt.timedelta(days=1)):
        sweep()
        sweep()
        waited = held.get(kind=rounds.MENTOR)
        assert waited.due_at == fellow.due_at
        page = client(world.applicant).get(f"/fellowships/{signed.ref}/check-ins/")
        assert "Nothing of the mentor." in page.content.decode()
        week = client(world.mentor).get("/fellowships/mentoring/").content.decode()
        assert "Write your check-in for" in week
    told = Notice.objects.filter(kind="scoping.check_in_missing")
    assert {n.recipient for n in told} == {world.applicant, world.mentor, world.manager}


def test_no_check_in_is_waited_for_after_the_end(world: World, signed: Fellowship) -> None:
    services.end(fellowship=signed, by=world.applicant, reason="A new post.")
    assert not Clock.objects.about(Mentorship.objects.get()).running().exists()


def test_a_blocker_has_its_owner_and_says_how_it_was_cleared(
    world: World, signed: Fellowship
) -> None:
    row = checked_in(world, signed, blockers="No quota.")
    assert row.owner == world.mentor
    call = lambda who: services.check_in(  # noqa: E731
        fellowship=signed, by=signed.fellow, notes="Halfway.", blockers="No quota.", owner=who
    )
    assert refused(lambda: call(world.other_applicant)) == "no_role"
    assert call(world.manager).owner == world.manager
    clear = lambda how: services.clear_blocker(  # noqa: E731
        check_in=row, by=world.manager, reason=how
    )
    assert refused(lambda: clear(" ")) == "no_reason"
    assert clear("Raised to 40.").cleared_how == "Raised to 40."
    url = f"/fellowships/{signed.ref}/check-ins/"
    assert "Raised to 40." in client(world.applicant).get(url).content.decode()


def test_the_database_keeps_blocker_and_owner_together(world: World, signed: Fellowship) -> None:
    row = checked_in(world, signed, blockers="No quota.")
    for change in ({"owner": None}, {"blockers": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            forced(CheckIn.objects.get(pk=row.pk), **change)


# --- mentors --------------------------------------------------------------------------------


def test_another_mentor_finds_a_handover(world: World, signed: Fellowship) -> None:
    other = make_person("mentor-next")
    grant_role(user=other, realm=world.program.realm, role=roles.MENTOR, by=SETUP)
    name = lambda **more: services.assign_mentor(  # noqa: E731
        fellowship=signed, mentor=other, by=world.manager, **more
    )
    assert refused(name) == "no_handover"
    assert refused(lambda: name(handover="All.", hours=161)) == "bad_hours"
    name(handover="Coding is half done; the quota is asked for.", hours=6)
    assert recorded(lambda: name(hours=6)) == 0
    now_, before = Mentorship.objects.order_by("-id")
    assert (now_.mentor, now_.hours, now_.ends_at) == (other, 6, None)
    assert (before.mentor, before.handover) == (
        world.mentor,
        "Coding is half done; the quota is asked for.",
    )
    assert before.ends_at is not None
    clocks = Clock.objects.running().filter(kind=rounds.MENTOR)
    assert [clock.holder_user for clock in clocks] == [other]
    for person in (other, world.applicant, world.manager):
        page = client(person).get(f"/fellowships/{signed.ref}/people/").content.decode()
        assert "Coding is half done" in page


def test_the_database_keeps_one_mentorship_in_force(world: World, signed: Fellowship) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        forced(Mentorship(fellowship=signed, mentor=world.mentor, hours=1))


def test_hours_are_promised_and_given_month_by_month(world: World, signed: Fellowship) -> None:
    checked_in(world, signed)
    services.check_in(fellowship=signed, by=world.mentor, notes="Two calls.", hours=Decimal("2.5"))
    (month,) = months(signed, CheckIn.objects.all(), list(signed.mentorships.all()))
    assert (month.promised, month.given, month.kept) == (4, Decimal("2.5"), True)
    page = client(world.manager).get(f"/fellowships/{signed.ref}/check-ins/").content.decode()
    assert "2.5 of 4 promised hours given in 1 months." in page
    later = signed.starts_on + dt.timedelta(days=45)
    with frozen(dt.datetime.combine(later, dt.time(12), tzinfo=dt.UTC)):
        told = months(signed, CheckIn.objects.all(), list(signed.mentorships.all()))
    assert [m.kept for m in told] == [True] + [False] * (len(told) - 1)


# --- training -------------------------------------------------------------------------------


def test_a_training_is_renewed_by_its_clock(world: World, signed: Fellowship) -> None:
    training = Training.objects.get(person=signed.fellow)
    clock = Clock.objects.about(training).running().get()
    assert (clock.due_at, clock.holder_user) == (training.expires_at, signed.fellow)
    with frozen(training.expires_at + dt.timedelta(minutes=1)):
        sweep()
        sweep()
        told = Notice.objects.filter(kind="scoping.training_expired")
        assert {n.recipient for n in told} == {signed.fellow, world.manager, world.steward}
        services.record_training(
            person=signed.fellow,
            program=world.program,
            by=world.steward,
            evidence="Session of May.",
        )
    assert not Clock.objects.about(training).open().exists()


def test_a_training_has_evidence_and_another_recorder(world: World, signed: Fellowship) -> None:
    call = lambda: services.record_training(  # noqa: E731
        person=signed.fellow, program=world.program, by=world.steward, evidence=" "
    )
    assert refused(call) == "no_evidence"
    row = Training.objects.get(person=signed.fellow)
    for change in ({"evidence": ""}, {"recorded_by": signed.fellow}):
        with pytest.raises(IntegrityError), transaction.atomic():
            forced(Training.objects.get(pk=row.pk), **change)
