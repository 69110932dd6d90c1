"""Standing meetings, invitations, consent items, who is there, and minutes from the record."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from django.core import mail
from icalendar import Calendar

from fellowship.clocks.services import sweep
from fellowship.history.queries import timeline
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from fellowship.notices.services import deliver
from governance import minutes, room, services
from governance.letters import instant
from governance.models import Cadence, ConsentItem, Matter, Meeting, MinutesItem
from tests.governance.test_meetings import DAY, client_of, refused
from tests.scenarios.governance import vote, vote_all
from tests.scenarios.world import World

WEEK = dt.timedelta(weeks=1)


def cadence(world: World, **values: Any) -> Cadence:
    monday = now().date() + dt.timedelta(days=7 - now().weekday())
    given: dict[str, Any] = {"first_on": monday, "at": dt.time(10), "every_weeks": 2}
    given |= {"minutes": 45}
    given |= {"place": "Room 4", "by": world.chair}
    return services.set_cadence(program=world.program, **{**given, **values})


def called(world: World, starts_at: dt.datetime | None = None) -> Meeting:
    return services.call_meeting(
        program=world.program, starts_at=starts_at or now() + DAY, by=world.chair
    )


# --- standing meetings ----------------------------------------------------------------------


def test_a_cadence_calls_its_meetings_weeks_ahead_and_the_sweep_the_next(world: World) -> None:
    first = cadence(world)
    assert cadence(world) == first
    starts = list(Meeting.objects.order_by("starts_at").values_list("starts_at", flat=True))
    assert [b - a for a, b in itertools.pairwise(starts)] == [2 * WEEK] * 3
    assert (starts[0].weekday(), first.meetings.values_list("duration", flat=True)[0]) == (0, 45)
    with frozen(starts[0] + DAY):
        for _ in range(2):
            sweep()
    assert Meeting.objects.count() == 5
    told = Notice.objects.filter(kind="governance.meeting", recipient=world.board_legal)
    assert told.count() == 5
    assert [e.verb for e in timeline(first)].count("governance.call_ahead") == 2


def test_a_day_off_moves_a_meeting_to_the_next_working_day(world: World) -> None:
    monday = now().date() + dt.timedelta(days=7 - now().weekday())
    world.program.holidays = [str(monday)]
    with journal.acting("tests.holiday", by=world.admin):
        world.program.save()
        journal.record(subject=world.program)
    first = cadence(world).meetings.order_by("starts_at").select_related("program").first()
    assert first is not None
    assert (first.slot_on, first.starts_at.date()) == (monday, monday + DAY)
    assert first.moved
    page = client_of(world, "board_legal").get("/board/meetings/").content.decode()
    assert "moved for a day off" in page


def test_another_cadence_cancels_what_the_first_called(world: World) -> None:
    cadence(world)
    cadence(world, every_weeks=4)
    assert Cadence.objects.live().count() == 1
    assert Meeting.objects.exclude(cancelled_at=None).count() == 4
    live = Cadence.objects.live().get()
    for _ in range(2):
        services.end_cadence(cadence=live, by=world.manager, reason="The programme ends.")
    sweep()
    assert not Meeting.objects.filter(cancelled_at=None).exists()


def test_a_cadence_is_set_on_its_page_within_reason(world: World) -> None:
    url, chair = "/board/meetings/cadence/", client_of(world, "chair")
    assert client_of(world, "board_legal").get(url).status_code == 404
    sent = {
        "program": world.program.pk,
        "first_on": str(now().date() + 2 * DAY),
        "at": "10:00",
        "every_weeks": "2",
        "minutes": "60",
        "weeks_ahead": "6",
    }
    for field, value in (("at", "soon"), ("every_weeks", "0"), ("first_on", "2020-01-01")):
        response = chair.post(url, {**sent, field: value})
        assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    for _ in range(2):
        assert chair.post(url, sent).status_code == 302
    assert Cadence.objects.count() == 1
    live = Cadence.objects.get()
    assert "Every 2 weeks" in chair.get("/board/meetings/").content.decode()
    chair.post(f"{url}end/", {"cadence": live.pk, "reason": "Done."})
    live.refresh_from_db()
    assert live.ended_by == world.chair
    assert refused(lambda: cadence(world, by=world.board_legal)).code == "wrong_role"


# --- invitations ----------------------------------------------------------------------------


def event_of(content: bytes | str) -> tuple[str, Any]:
    parsed = Calendar.from_ical(content)
    return str(parsed["method"]), parsed.walk("VEVENT")[0]


def test_a_meeting_moves_and_its_invitation_follows(world: World) -> None:
    meeting = called(world)
    legal, chair = client_of(world, "board_legal"), client_of(world, "chair")
    url = meeting.get_absolute_url()
    method, first = event_of(legal.get(f"{url}invitation.ics").content)
    assert (method, first["sequence"]) == ("REQUEST", 0)
    assert first.decoded("dtstart") == meeting.starts_at.replace(microsecond=0)
    later = (now() + 3 * DAY).replace(second=0, microsecond=0)
    early = chair.post(f"{url}move/", {"starts_at": "2020-01-01T10:00", "reason": "x"})
    assert (early.status_code, list(early.context["form"].errors)) == (422, ["starts_at"])
    for _ in range(2):
        services.move_meeting(meeting=meeting, starts_at=later, by=world.chair, reason="Travel.")
    method, second = event_of(legal.get(f"{url}invitation.ics").content)
    assert (second["uid"], second["sequence"]) == (first["uid"], 1)
    services.cancel_meeting(meeting=meeting, by=world.chair, reason="No matter.")
    method, last = event_of(legal.get(f"{url}invitation.ics").content)
    assert (method, last["uid"], last["sequence"]) == ("CANCEL", first["uid"], 2)
    move = lambda: services.move_meeting(  # noqa: E731
        meeting=meeting, starts_at=now() + DAY, by=world.chair, reason="x"
    )
    assert refused(move).code == "cancelled"
    with frozen(now() + DAY):
        deliver()
    mine = [m for m in mail.outbox if m.to == [world.board_legal.email]]
    (name, content, kind) = mine[0].attachments[0]
    assert (name, kind) == (
        f"board-meeting-{meeting.pk}.ics",
        "text/calendar; method=CANCEL; charset=utf-8",
    )
    assert event_of(str(content))[1]["uid"] == first["uid"]


# --- the room -------------------------------------------------------------------------------


def test_the_room_says_for_each_matter_whether_enough_are_here(
    world: World, matter: Matter
) -> None:
    meeting = called(world)
    url = meeting.get_absolute_url()
    for user in world.board[2:]:
        for _ in range(2):
            services.mark_present(meeting=meeting, user=user, present=True, by=world.chair)
    meeting.refresh_from_db()
    assert room.quorums(meeting, [matter])[matter.pk] == room.QuorumHere(3, 3, ())
    services.recuse(matter=matter, by=world.board_legal, kind="other", statement="A friend.")
    here = room.quorums(meeting, [matter])[matter.pk]
    assert (here.here, here.met, here.leave) == (2, False, (f"{world.board_legal} (legal)",))
    chair, legal = client_of(world, "chair"), client_of(world, "board_legal")
    page = chair.get(url).content.decode()
    assert "Not enough are here" in page
    assert "leaves the room for this item" in page
    page = legal.get(url).content.decode()
    assert matter.title not in page
    assert "leaves the room" not in page
    gone = {"user": world.board_policy.pk, "present": "0"}
    assert chair.post(f"{url}present/", gone).status_code == 302
    assert legal.post(f"{url}present/", gone).status_code == 403
    for nobody in ("x", world.stranger.pk):
        assert chair.post(f"{url}present/", {"user": nobody}).status_code == 404
    stranger = lambda: services.mark_present(  # noqa: E731
        meeting=meeting, user=world.stranger, present=True, by=world.chair
    )
    assert refused(stranger).code == "wrong_person"
    assert [e.verb for e in timeline(meeting)].count("governance.mark_present") == 4


def test_consent_items_are_listed_by_the_chair_and_pulled_by_any_member(
    world: World, matter: Matter
) -> None:
    meeting = called(world)
    url = meeting.get_absolute_url()
    chair, legal = client_of(world, "chair"), client_of(world, "board_legal")
    assert legal.post(f"{url}consent/", {"matter": matter.ref}).status_code == 403
    for _ in range(2):
        assert chair.post(f"{url}consent/", {"matter": matter.ref}).status_code == 302
    item = ConsentItem.objects.get()
    assert "On the consent list" in chair.get(url).content.decode()
    services.recuse(matter=matter, by=world.board_policy, kind="other", statement="A friend.")
    recused = client_of(world, "board_policy")
    assert "Consent items" not in recused.get(url).content.decode()
    assert recused.post(f"{url}pull/", {"item": item.pk}).status_code == 404
    assert client_of(world, "auditor").post(f"{url}pull/", {"item": item.pk}).status_code == 403
    for _ in range(2):
        assert legal.post(f"{url}pull/", {"item": item.pk}).status_code == 302
    item.refresh_from_db()
    assert item.pulled_by == world.board_legal
    pulled = chair.get(url).content.decode()
    assert ("it is discussed" in pulled, "On the consent list" in pulled) == (True, False)
    chair.post(f"{url}record/")
    assert Matter.objects.get(pk=matter.pk).state == "voting"


def test_what_is_left_on_the_consent_list_is_recorded_with_reasons_for_the_rest(
    world: World, matter: Matter
) -> None:
    meeting = called(world)
    services.list_consent(meeting=meeting, matter=matter, by=world.chair)
    vote(matter, world.board_legal)
    done, not_done = services.record_consent(meeting=meeting, by=world.chair)
    assert (done, not_done[0][1].code) == ([], "quorum_not_met")
    vote_all(matter)
    done, not_done = services.record_consent(meeting=meeting, by=world.chair)
    assert ([d.matter for d in done], not_done) == ([matter], [])
    assert services.record_consent(meeting=meeting, by=world.chair) == ([], [])
    late = called(world, now() + 2 * DAY)
    again = lambda: services.list_consent(  # noqa: E731
        meeting=late, matter=matter, by=world.chair
    )
    assert refused(again).code == "not_voted_on"


# --- minutes --------------------------------------------------------------------------------


@pytest.fixture
def held(world: World, matter: Matter) -> Meeting:
    """A meeting with a decision made by ballot before it, drafted."""
    vote_all(matter)
    services.cast_vote(
        matter=matter, by=world.board_legal, position="deny", rationale="The canary sings."
    )
    services.record_decision(matter=matter, by=world.chair)
    meeting = called(world)
    early = refused(lambda: services.draft_minutes(meeting=meeting, by=world.manager))
    assert early.code == "not_begun"
    with frozen(meeting.starts_at):
        for user in (*world.board[:3], world.chair):
            services.mark_present(meeting=meeting, user=user, present=True, by=world.chair)
        for _ in range(2):
            services.draft_minutes(meeting=meeting, by=world.manager)
    meeting.refresh_from_db()
    return meeting


def test_minutes_are_drafted_from_the_record(world: World, matter: Matter, held: Meeting) -> None:
    assert "3 of 5 seats were present." in held.minutes
    assert f"- Research: {world.board_research}" in held.minutes
    assert f"Without a seat: {world.chair}" in held.minutes
    assert f"noted that {world.board_research} was there" in held.minutes
    text = MinutesItem.objects.get().text
    assert text.startswith(f"**Approved**, recorded by ballot before it by {world.chair}")
    assert "Votes: 4 approve, 1 deny; 5 seats took part, 3 needed. Under Ballot rules v1" in text
    assert matter.dossier_hash in text
    assert "Dissent, legal seat (deny): The canary sings." in text
    decision = matter.decision
    assert f"{world.chair}, {instant(decision.decided_at, world.program.calendar())}." in text
    assert [e.verb for e in timeline(held)].count("governance.draft_minutes") == 1


def test_minutes_name_whose_recusal_was_set_aside(world: World, matter: Matter) -> None:
    conflict = services.recuse(
        matter=matter, by=world.board_policy, kind="other", statement="A friend."
    )
    asked = services.request_override(conflict=conflict, by=world.manager, reason="No other seat.")
    services.approve_override(override=asked, by=world.chair)
    vote_all(matter)
    services.record_decision(matter=matter, by=world.chair)
    services.revoke_override(override=asked, by=world.chair, reason="Another seat is filled.")
    meeting = called(world)
    with frozen(meeting.starts_at):
        services.draft_minutes(meeting=meeting, by=world.manager)
    text = MinutesItem.objects.get().text
    assert f"The recusal of {world.board_policy} was set aside: No other seat." in text
    assert f"Asked by {world.manager}, approved by {world.chair}" in text
    assert f"Revoked by {world.chair}" in text


def test_who_is_recused_reads_nothing_of_it_in_the_minutes(
    world: World, matter: Matter, held: Meeting
) -> None:
    services.recuse(matter=matter, by=world.board_policy, kind="other", statement="A friend.")
    url = held.get_absolute_url()
    member, recused = client_of(world, "board_legal"), client_of(world, "board_policy")
    assert "canary" in member.get(url).content.decode()
    page = recused.get(url).content.decode()
    assert "canary" not in page
    assert matter.ref not in page
    services.recuse(matter=matter, by=world.manager, kind="other", statement="A friend.")
    item = MinutesItem.objects.get()
    services.write_minutes(
        meeting=held,
        minutes=held.minutes,
        attendance=held.attendance,
        items={item.pk: "Overwritten."},
        by=world.fresh("manager"),
    )
    item.refresh_from_db()
    assert "canary" in item.text


def test_minutes_are_edited_then_approved_and_sealed(world: World, held: Meeting) -> None:
    chair, url = client_of(world, "chair"), held.get_absolute_url()
    item = MinutesItem.objects.get()
    form = chair.get(f"{url}minutes/").context["form"]
    assert form.item_fields[0].initial == item.text
    with frozen(held.starts_at + DAY / 24):
        sent = {"minutes": "As drafted.", "attendance": [world.chair.pk]}
        assert chair.post(f"{url}minutes/", {**sent, f"item_{item.pk}": "Said."}).status_code == 302
        for _ in range(2):
            services.approve_minutes(meeting=held, by=world.chair)
    held.refresh_from_db()
    assert held.sha256 == digest(minutes.sealed(held)) == minutes.fingerprint(held)
    event = timeline(held).get(verb="governance.approve_minutes")
    assert held.sha256 in event.body
    page = chair.get(url).content.decode()
    assert "Sealed: SHA-256" in page
    assert "who was not present" not in page
    rewrite = lambda: services.write_minutes(  # noqa: E731
        meeting=held, minutes="x", attendance=[], items={item.pk: "y"}, by=world.chair
    )
    assert refused(rewrite).code == "minutes_approved"
