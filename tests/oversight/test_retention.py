"""The retention rule: who is due and why, what holds them back, and that two people decide."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from access.changes import unheard
from fellowship.accounts import roles
from fellowship.accounts.models import ApiToken, RoleAssignment, User
from fellowship.accounts.services import create_token, end_role, grant_role, leave
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.kernel.worktime import Window
from fellowship.notices.models import Notice
from fellowship.notices.services import notify
from fellowship.web import work
from governance import founding
from governance.retention_terms import retention as usual
from oversight import services, whatif
from oversight.demo import forgetting
from oversight.demo.story import Story
from oversight.models import DueErasure, Erasure, Hold, RetentionRun
from oversight.persons import parts
from oversight.services import retention
from oversight.states import Ground
from oversight.tasks import keep_to_retention
from proposals import services as proposals
from publications.models import Author
from tests.governance.test_board_race import at_once
from tests.scenarios.governance import adopted_rule
from tests.scenarios.oversight import settle, whole_case
from tests.scenarios.proposals import drafted_proposal, submitted_proposal
from tests.scenarios.world import SETUP, World, make_person, make_world

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def second_admin(world: World) -> User:
    person = make_person("admin-two")
    grant_role(user=person, realm=world.program.realm, role=roles.ADMINISTRATOR, by=SETUP)
    return User.objects.get(pk=person.pk)


def due_at(at: dt.datetime) -> dict[str, str]:
    """Who is due at an instant, with the ground."""
    with frozen(at):
        names = dict(User.objects.values_list("pk", "username"))
        return {names[one.person].rstrip("0123456789-"): one.ground.value for one in parts.due(at)}


def withdrawn(world: World) -> dt.datetime:
    """An applicant who withdrew; returns the instant from which they are due."""
    proposal = submitted_proposal(world, world.applicant)
    proposals.withdraw_proposal(proposal=proposal, by=world.applicant)
    return world.program.calendar().add_calendar_days(world.call.closes_at, 365)


@pytest.fixture
def past(world: World) -> Iterator[dt.datetime]:
    """A day on which the applicant is due, with its clock."""
    with frozen(withdrawn(world) + DAY) as at:
        yield at


def proposed(world: World, at: dt.datetime) -> DueErasure:
    keep_to_retention(at)
    return DueErasure.objects.get(person=world.applicant)


def test_an_applicant_is_due_once_the_days_after_the_call_are_over(world: World) -> None:
    at = withdrawn(world)
    assert "applicant" not in due_at(at - DAY)
    assert due_at(at)["applicant"] == "applicant"


@pytest.mark.parametrize("open_still", ["draft", "undecided"])
def test_what_goes_on_keeps_its_person_however_long(world: World, open_still: str) -> None:
    withdrawn(world)
    if open_still == "undecided":
        submitted_proposal(world, world.applicant, title="Another")
        assert "applicant" not in due_at(now() + 9_999 * DAY)
    else:
        drafted_proposal(world, world.applicant, title="Another")
        assert "applicant" not in due_at(world.call.closes_at - DAY)
        assert due_at(now() + 9_999 * DAY)["applicant"] == "applicant"


def test_a_fellow_is_due_after_the_closeout_and_not_before(world: World) -> None:
    case = settle(world, whole_case(world))
    assert "applicant" not in due_at(now() + 9_999 * DAY), "ended, and not closed"
    services.close_fellowship(fellowship=case.fellowship, by=world.manager, reason="Done.")
    assert "applicant" not in due_at(now() + 1_824 * DAY)
    assert due_at(now() + 1_826 * DAY)["applicant"] == "fellow"


def test_an_author_is_kept_until_the_case_is_closed(world: World) -> None:
    """Also one who has no role here: they are named in its work."""
    case = whole_case(world)
    with journal.acting("tests.author", by=SETUP):
        Author.objects.create(
            publication=case.publication, user=world.stranger, name="Stranger", position=9
        )
        journal.record(subject=case.publication)
    assert "stranger" not in due_at(now() + 9_999 * DAY)
    settle(world, case)
    services.close_fellowship(fellowship=case.fellowship, by=world.manager, reason="Done.")
    assert due_at(now() + 1_826 * DAY)["stranger"] == "fellow"


def test_the_longest_of_several_parts_counts(world: World) -> None:
    """A reviewer who leaves is kept for two years, and as an applicant for one."""
    at = withdrawn(world)
    grant_role(user=world.applicant, realm=world.program.realm, role="reviewer", by=world.admin)
    assert "applicant" not in due_at(at + DAY), "still a reviewer"
    held = RoleAssignment.objects.get(user=world.applicant, role="reviewer")
    end_role(assignment=held, by=world.admin, reason="Done.", at=at)
    assert "applicant" not in due_at(at + 729 * DAY)
    assert due_at(at + 731 * DAY)["applicant"] == "left"


def test_who_left_and_who_never_took_a_part(world: World) -> None:
    leave(user=world.reviewer, by=world.admin, reason="Left.")
    later = due_at(now() + 731 * DAY)
    assert (later["reviewer"], later["stranger"]) == ("left", "newcomer")
    assert {"admin", "chair", "manager"} & later.keys() == set()
    person = world.stranger
    person.directory_key = "known-to-the-company"
    person.save()
    assert "stranger" not in due_at(now() + 731 * DAY), "leaves when the directory says so"


def test_each_case_is_held_to_the_rule_it_began_under(world: World) -> None:
    """A longer period that came later does not apply to who was promised a shorter one."""
    at = withdrawn(world)
    longer = {**founding.parameters("retention"), "applicants": "900 calendar days"}
    adopted_rule(world, "retention", longer)
    assert due_at(at + DAY)["applicant"] == "applicant"
    later = make_person("later")
    proposal = submitted_proposal(world, later)
    proposals.withdraw_proposal(proposal=proposal, by=later)
    assert "later" not in due_at(at + DAY)
    assert "later" in due_at(at + 536 * DAY)


def test_the_sweep_proposes_once_a_day_and_tells_administrators(
    world: World, past: dt.datetime
) -> None:
    assert keep_to_retention(past) == 3, "the applicant, and two who never took a part"
    assert keep_to_retention(past) == 0
    found = DueErasure.objects.get(person=world.applicant)
    assert (found.ground, found.rule) == ("applicant", "Retention of personal data v1")
    told = Notice.objects.get(kind="oversight.retention", recipient=world.admin)
    assert told.title.endswith(": 3 kept longer than the retention rule says")
    run = RetentionRun.objects.get()
    assert (run.waiting, run.told) == (3, True)
    event = Event.objects.get(verb="oversight.propose_erasure", subject_id=found.pk)
    assert event.actor_name == "oversight.retention"
    for days, told_by_then in ((1, 1), (13, 1), (14, 2)):
        keep_to_retention(past + days * DAY)
        assert Notice.objects.filter(kind="oversight.retention").count() == told_by_then
    assert Event.objects.filter(verb="oversight.propose_erasure").count() == 3
    assert not Erasure.objects.exists(), "nothing is asked by a clock"


def test_two_people_decide_and_then_nothing_is_due(world: World, past: dt.datetime) -> None:
    found, admin, second = proposed(world, past), world.fresh("admin"), second_admin(world)
    services.ask_due_erasure(due=found, by=admin)
    services.ask_due_erasure(due=found, by=second)
    erasure = Erasure.objects.get()
    assert (erasure.asked_by, erasure.person) == (admin, world.applicant)
    assert erasure.reason == "Retention of personal data v1: applied and was not accepted."
    with pytest.raises(Refused, match="second person"):
        services.approve_erasure(erasure=erasure, by=admin)
    with pytest.raises(Refused, match="hold it back first"):
        services.refuse_erasure(erasure=erasure, reason="Not yet.", by=second)
    services.approve_erasure(erasure=erasure, by=second)
    assert not RoleAssignment.objects.live().filter(user=world.applicant).exists()
    services.erase_person(erasure=erasure, by=services.ERASING)
    assert User.objects.get(pk=world.applicant.pk).name == f"Person {world.applicant.pk}"
    assert DueErasure.objects.get(pk=found.pk).ended_at == past
    keep_to_retention(past + DAY)
    assert not DueErasure.objects.open().filter(person=world.applicant).exists()


def test_who_never_took_a_part_is_answered_for_by_the_programme_that_keeps_longest(
    world: World, past: dt.datetime
) -> None:
    keep_to_retention(past)
    found = DueErasure.objects.get(person=world.stranger)
    services.ask_due_erasure(due=found, by=world.fresh("admin"))
    erasure = Erasure.objects.get()
    second = second_admin(world)
    assert Erasure.objects.visible_to(second).get() == erasure
    services.approve_erasure(erasure=erasure, by=second)
    assert services.erase_person(erasure=erasure, by=services.ERASING).done_at


def held(world: World, days: int = 30, **values: Any) -> Hold:
    said = {"ground": "legal", "reason": "A claim was announced.", "by": world.fresh("admin")}
    until = (now() + days * DAY).date()
    asked = {"person": world.applicant, "program": world.program, "until": until}
    return services.hold_data(**{**asked, **said, **values})


def test_a_hold_keeps_back_whoever_asks_until_its_day_and_no_longer(
    world: World, past: dt.datetime
) -> None:
    found, second = proposed(world, past), second_admin(world)
    hold = held(world)
    assert held(world) == hold, "sent twice"
    for ask in (
        lambda: services.ask_due_erasure(due=found, by=second),
        lambda: services.approve_erasure(erasure=_own_wish(world), by=second),
    ):
        with pytest.raises(Refused, match="held back until"):
            ask()
    assert not DueErasure.objects.waiting().filter(person=world.applicant).exists()
    with frozen(hold.until - dt.timedelta(seconds=1)):
        assert Hold.objects.live().get() == hold
    with frozen(hold.until):
        assert not Hold.objects.live().exists()
        assert DueErasure.objects.waiting().filter(person=world.applicant).exists()
        erasure = services.ask_due_erasure(due=found, by=second).erasure
        assert not DueErasure.objects.waiting().filter(person=world.applicant).exists()
        held(world, days=60)
        services.refuse_erasure(erasure=erasure, reason="A claim.", by=world.fresh("admin"))
    with frozen(hold.until + 62 * DAY):
        waiting = DueErasure.objects.waiting().filter(person=world.applicant)
        assert waiting.exists(), "asked again once the next hold is over"
    event = Event.objects.filter(verb="oversight.hold_data").earliest("pk")
    assert (event.actor_id, event.reason) == (world.admin.pk, "A claim was announced.")


def _own_wish(world: World) -> Erasure:
    return services.ask_erasure(
        person=world.applicant, reason="Please.", by=world.fresh("applicant")
    )


def test_a_hold_placed_after_the_approval_keeps_back_as_well(
    world: World, past: dt.datetime
) -> None:
    found, second = proposed(world, past), second_admin(world)
    services.ask_due_erasure(due=found, by=world.fresh("admin"))
    erasure = services.approve_erasure(erasure=Erasure.objects.get(), by=second)
    hold = held(world)
    assert services.erase_person(erasure=erasure, by=services.ERASING).done_at is None
    lifted = services.lift_hold(hold=hold, reason="It was settled.", by=second)
    assert services.lift_hold(hold=lifted, reason="Again.", by=second).lifted_by == second
    assert Event.objects.filter(verb="oversight.lift_hold").count() == 1
    assert services.erase_person(erasure=erasure, by=services.ERASING).done_at


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"by": "manager"}, "wrong_role"),
        ({"person": "admin"}, "separation_own"),
        ({"person": "stranger"}, "no_part"),
        ({"ground": "because"}, "unknown_ground"),
        ({"reason": " "}, "no_reason"),
        ({"days": -2}, "past"),
        ({"days": 400}, "too_long"),
    ],
)
def test_a_hold_is_on_a_listed_ground_with_a_reason_and_a_day(
    world: World, values: dict[str, Any], code: str
) -> None:
    for name in ("by", "person"):
        if name in values:
            values = {**values, name: world.fresh(values[name])}
    submitted_proposal(world, world.applicant)
    with pytest.raises(Refused) as refused:
        held(world, **values)
    assert refused.value.refusal.code == code
    assert not Hold.objects.exists()


def test_one_who_comes_back_is_no_longer_due(world: World, past: dt.datetime) -> None:
    found = proposed(world, past)
    grant_role(user=world.applicant, realm=world.program.realm, role="reviewer", by=SETUP)
    keep_to_retention(past + DAY)
    found.refresh_from_db()
    assert found.ended_at is not None
    assert Event.objects.filter(verb="oversight.end_due_erasure").count() == 1
    with pytest.raises(Refused, match="no longer due"):
        services.ask_due_erasure(due=found, by=world.fresh("admin"))


def test_a_clock_that_jumps_proposes_and_takes_back_and_erases_nothing(world: World) -> None:
    at = withdrawn(world)
    people = User.objects.filter(is_active=True).count()
    notify(kind="tests.told", to=[world.manager], title="Told")
    with frozen(at + 3_000 * DAY) as far:
        keep_to_retention(far)
    assert DueErasure.objects.open().count() == 3
    assert Notice.objects.filter(kind="tests.told").exists(), "a clock that jumped removes nothing"
    with frozen(now()) as back:
        keep_to_retention(back)
    assert DueErasure.objects.open().count() == 0
    assert User.objects.filter(is_active=True).count() == people
    assert not Erasure.objects.exists()


def test_a_long_list_is_proposed_in_parts_and_the_day_is_done_with_the_last(
    world: World, past: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MOST", 2)
    assert keep_to_retention(past) == 2
    assert not RetentionRun.objects.exists()
    assert keep_to_retention(past) == 1
    assert RetentionRun.objects.get().waiting == 3


def test_what_machines_keep_goes_by_itself(world: World) -> None:
    realm = world.program.realm
    for told in (realm, None):
        notify(kind="tests.told", to=[world.manager], title="Told", realm=told)
    token, _ = create_token(user=world.manager, scopes=["read"], name="laptop", by=SETUP)
    for key in ("old", "new"):
        UserSession.objects.create(
            user=world.manager, session_key=key, ip="192.0.2.1", user_agent="x"
        )
    UserSession.objects.filter(session_key="new").update(last_seen_at=now() + 60 * DAY)
    kept_to(now() + 100 * DAY)
    assert set(UserSession.objects.values_list("session_key", flat=True)) == {"new"}
    assert Notice.objects.filter(kind="tests.told").count() == 2
    kept_to(token.expires_at + 364 * DAY)
    assert ApiToken.objects.get().name == "laptop"
    kept_to(token.expires_at + 366 * DAY)
    assert ApiToken.objects.get().name == ""
    assert not Notice.objects.filter(kind="tests.told").exists()


def kept_to(at: dt.datetime) -> None:
    """Two days of the sweep, the second at `at`."""
    for day in (at - DAY, at):
        with frozen(day):
            keep_to_retention(day)


def test_where_the_ledger_fails_nothing_changes(
    world: World, past: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, admin = proposed(world, past), world.fresh("admin")
    hold = held(world, days=2)
    other = parts.Due(world.reviewer.pk, world.program.pk, Ground.LEFT, past - DAY, past, None)

    def rows() -> list[Any]:
        models = (DueErasure, Erasure, Hold, Notice, Event)
        return [list(model._base_manager.values_list()) for model in models]

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("full")

    calls: list[Callable[[], Any]] = [
        lambda: services.propose_erasure(due=other, by=retention.KEEPER),
        lambda: services.end_due_erasure(due=found, by=retention.KEEPER),
        lambda: held(world, days=9),
        lambda: services.lift_hold(hold=hold, reason="x", by=admin),
    ]
    before = rows()
    with monkeypatch.context() as patch:
        patch.setattr(journal, "_recorder", [fail])
        for call in calls:
            with pytest.raises(RuntimeError, match="full"):
                call()
    assert rows() == before
    with frozen(hold.until), monkeypatch.context() as patch:
        patch.setattr(journal, "_recorder", [fail])
        with pytest.raises(RuntimeError, match="full"):
            services.ask_due_erasure(due=found, by=admin)
    assert rows() == before


def test_pages_of_what_is_due(world: World, past: dt.datetime) -> None:
    found = proposed(world, past)
    admin, auditor, manager = (signed_in(world, name) for name in ("admin", "auditor", "manager"))
    listed, page = reverse("oversight:due_erasures"), found.get_absolute_url()
    name = str(world.applicant)
    assert manager.get(listed).status_code == manager.get(page).status_code == 404
    for reader in (admin, auditor):
        there = reader.get(listed).content.decode()
        assert name in there
        everyone = reverse("oversight:erasures")
        assert (reader.get(everyone).status_code == 200) == (f'href="{everyone}"' in there)
        assert "Retention of personal data v1" in reader.get(page).content.decode()
    ask = reverse("oversight:ask_due", args=[found.pk])
    assert auditor.post(ask).status_code == 403
    item = next(i for i in work.of(world.fresh("admin"), now()).mine if i.kind == "retention")
    assert item.title == f"Retention: 3 erasures due in {world.program}"
    hold = reverse("oversight:hold_data", args=[world.applicant.pk])
    assert auditor.get(hold).status_code == 404
    assert admin.post(hold, {"reason": "x"}).status_code == 422
    said = {"program": world.program.pk, "ground": "conduct", "reason": "Open case."}
    sent = {**said, "until": (now() + 5 * DAY).date().isoformat()}
    assert admin.post(hold, sent).status_code == 302
    assert "Held back" in admin.get(listed).content.decode()
    lift = reverse("oversight:hold", args=[Hold.objects.get().pk])
    assert "Open case." in admin.get(lift).content.decode()
    assert name in auditor.get(reverse("oversight:holds")).content.decode()
    own = signed_in(world, "applicant").get(reverse("oversight:your_data")).content.decode()
    assert "An open matter of conduct" in own
    assert "Open case." not in own
    assert admin.post(lift, {"reason": "It is settled."}).status_code == 302
    assert admin.post(ask).status_code == 302
    assert Erasure.objects.get().asked_by == world.admin


def test_a_what_if_says_when_people_would_have_been_due(world: World, past: dt.datetime) -> None:
    found = proposed(world, past)
    assert list(whatif.people(world.program, usual(), usual())) == []
    later = dataclasses.replace(usual(), applicants=Window(400, "calendar_days"))
    [told] = whatif.people(world.program, usual(), later)
    assert (told.case, told.record) == (
        f"{world.applicant}: applied and was not accepted",
        found,
    )
    local = world.program.calendar().local
    assert told.before == f"kept until {local(found.due_at):%-d %B %Y}"
    assert told.after == f"kept until {local(found.due_at + 35 * DAY):%-d %B %Y}"


def signed_in(world: World, name: str) -> Client:
    found = Client()
    found.force_login(world.fresh(name))
    return found


@pytest.mark.parametrize("rows", [1, 3, 40])
def test_the_list_asks_as_many_queries_whatever_its_length(
    world: World, past: dt.datetime, rows: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(rows):
        person = make_person(f"gone-{number}")
        due = parts.Due(person.pk, world.program.pk, Ground.LEFT, past - DAY, past, None)
        services.propose_erasure(due=due, by=retention.KEEPER)
    browser = signed_in(world, "admin")
    browser.get(reverse("oversight:due_erasures"))
    with django_assert_max_num_queries(12):
        assert browser.get(reverse("oversight:due_erasures")).status_code == 200


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_sweeps_and_two_askers_at_once_do_it_once() -> None:
    world = make_world()
    with frozen(withdrawn(world) + DAY) as at:
        due = next(one for one in parts.due(at) if one.person == world.applicant.pk)
    first, second = at_once(*[lambda: services.propose_erasure(due=due, by=retention.KEEPER)] * 2)
    assert first == second == DueErasure.objects.get()
    other = second_admin(world)
    admin = world.fresh("admin")
    results = at_once(
        lambda: services.ask_due_erasure(due=first, by=admin),
        lambda: services.ask_due_erasure(due=first, by=other),
    )
    assert results == [first, first]
    assert Erasure.objects.count() == 1
    until = (now() + 9 * DAY).date()
    hold: dict[str, Any] = {"ground": "legal", "reason": "A claim.", "until": until, "by": admin}
    holds = at_once(
        *[lambda: services.hold_data(person=world.applicant, program=world.program, **hold)] * 2
    )
    assert holds[0] == holds[1] == Hold.objects.get()


@pytest.mark.once  # the demonstration is on SQLite; rule and hold are tried above on both
def test_the_demonstration_shows_one_who_is_due_and_one_held_back() -> None:
    story = Story()
    story.stage.at(-310, story._found)
    forgetting.plan(story)
    with unheard():
        story.stage.play()
    with frozen(story.stage.today):
        rows = DueErasure.objects.open().annotate_held().order_by("person__username")
        assert [(due.person.username, due.held) for due in rows] == [
            ("early-one", False),
            ("early-two", True),
        ]
        assert Hold.objects.get().reason == forgetting.CLAIM
