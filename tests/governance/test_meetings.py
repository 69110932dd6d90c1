"""Meetings: a generated agenda, minutes approved once; deputies for absent members."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.services import declare_conflict
from fellowship.history.queries import timeline
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from governance import agenda as agendas
from governance import ballot_box, services
from governance.agenda import agenda
from governance.models import Delegation, Matter, Meeting
from tests.governance.conftest import RenameKind
from tests.scenarios.governance import granted_exception, raised_escalation, vote
from tests.scenarios.world import World, make_world
from tests.support.api_calls import Api, tried

DAY = dt.timedelta(days=1)


def refused(call: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal


# --- agenda and minutes ---------------------------------------------------------------------


def test_the_agenda_is_what_waits_for_the_board(world: World, matter: Matter) -> None:
    exception = granted_exception(world, expires_at=now() + 20 * DAY)
    escalation = raised_escalation(world)
    sections = {s.heading: s.items for s in agenda(world.program, world.chair)}
    assert sections == {
        "Renaming": [matter],
        "Risk escalations": [escalation],
        "Exceptions about to end": [exception],
    }


def test_other_applications_put_items_on_the_agenda_in_their_place(
    world: World, matter: Matter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agendas, "_registered", {})
    item = agendas.AgendaItem("Scores far apart", "/proposals/", ref="PRO-1", note="spread 3")
    agendas.register("tests", heading="To discuss", order=15, source=lambda *_: [item])
    agendas.register("none", heading="Nothing", order=1, source=lambda *_: [])
    raised_escalation(world)
    assert [s.heading for s in agenda(world.program, world.chair)] == [
        "To discuss",
        "Risk escalations",
        "Renaming",
    ]
    meeting = services.call_meeting(program=world.program, starts_at=now() + DAY, by=world.manager)
    page = client_of(world, "chair").get(meeting.get_absolute_url()).content.decode()
    assert '<a href="/proposals/">Scores far apart</a>' in page


def test_the_agenda_leaves_out_what_one_is_recused_from(world: World, matter: Matter) -> None:
    services.recuse(matter=matter, by=world.board_legal, kind="other", statement="A friend.")
    assert agenda(world.program, world.fresh("board_legal")) == []


def test_the_agenda_s_queries_do_not_grow(world: World) -> None:
    counts = []
    for number in (1, 2):
        for i in range(number):
            granted_exception(world, title=f"{number}{i}", expires_at=now() + 20 * DAY)
        user = world.fresh("chair")
        with CaptureQueriesContext(connection) as queries:
            for section in agenda(world.program, user):
                assert [str(getattr(item, "owner", "")) for item in section.items]
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5 + len(agendas._registered)  # one for each other source


def test_minutes_are_approved_once_and_never_change_again(world: World) -> None:
    when = now() + DAY
    meeting = services.call_meeting(program=world.program, starts_at=when, by=world.manager)
    assert services.call_meeting(program=world.program, starts_at=when, by=world.chair) == meeting
    assert (
        refused(lambda: services.approve_minutes(meeting=meeting, by=world.chair)).code
        == "no_minutes"
    )
    present = [user.pk for user in world.board]
    for _ in range(2):
        services.write_minutes(
            meeting=meeting, minutes="All matters taken.", attendance=present, by=world.manager
        )
    assert (
        refused(lambda: services.approve_minutes(meeting=meeting, by=world.manager)).code
        == "wrong_role"
    )
    for _ in range(2):
        services.approve_minutes(meeting=meeting, by=world.chair)
    assert (
        refused(
            lambda: services.write_minutes(
                meeting=meeting, minutes="Other.", attendance=[], by=world.chair
            )
        ).code
        == "minutes_approved"
    )
    assert [e.verb for e in timeline(meeting)] == [
        "governance.approve_minutes",
        "governance.write_minutes",
        "governance.call_meeting",
    ]
    assert meeting in Meeting.objects.visible_to(world.board_legal)
    assert meeting not in Meeting.objects.visible_to(world.mentor)


def test_meetings_are_called_by_chair_or_manager(world: World) -> None:
    refusal = refused(
        lambda: services.call_meeting(program=world.program, starts_at=now(), by=world.board_legal)
    )
    assert refusal.code == "wrong_role"


def test_a_meeting_is_called_for_a_time_to_come_and_the_form_says_so(world: World) -> None:
    call = lambda: services.call_meeting(  # noqa: E731
        program=world.program, starts_at=now() - DAY, by=world.chair
    )
    assert (refused(call).code, refused(call).field) == ("in_the_past", "starts_at")
    data = {"program": world.program.pk, "starts_at": "2020-01-02T10:00"}
    page = client_of(world, "chair").post("/board/meetings/new/", data)
    assert page.status_code == 422
    assert 'href="#id_starts_at"' in page.content.decode()
    assert not Meeting.objects.exists()


def test_a_meeting_is_cancelled_with_a_reason_and_may_be_called_anew(world: World) -> None:
    when = now() + DAY
    meeting = services.call_meeting(program=world.program, starts_at=when, by=world.chair)
    chair = client_of(world, "chair")
    url = meeting.get_absolute_url()
    assert "Cancel the meeting" in chair.get(url).content.decode()
    chair.post(f"{url}cancel/", {"reason": "", "_page": url})
    assert "Say why it is cancelled" in chair.get(url).content.decode()
    for _ in range(2):
        assert chair.post(f"{url}cancel/", {"reason": "No quorum."}).status_code == 302
    told = Notice.objects.filter(kind="governance.meeting_cancelled")
    assert {n.recipient for n in told} == {*world.board, world.chair, world.manager}
    text = chair.get(url).content.decode()
    assert "This meeting was cancelled" in text
    assert "Write the minutes" not in text
    write = lambda: services.write_minutes(  # noqa: E731
        meeting=meeting, minutes="It was.", attendance=[], by=world.chair
    )
    assert refused(write).code == "cancelled"
    again = services.call_meeting(program=world.program, starts_at=when, by=world.chair)
    assert again != meeting
    cancel = lambda by: services.cancel_meeting(meeting=again, by=by, reason="x")  # noqa: E731
    assert refused(lambda: cancel(world.board_legal)).code == "wrong_role"
    services.write_minutes(meeting=again, minutes="Held.", attendance=[], by=world.chair)
    assert refused(lambda: cancel(world.chair)).code == "took_place"


# --- deputies -------------------------------------------------------------------------------


def client_of(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.fresh(name))
    return client


@pytest.fixture
def deputies(db: None, rename: RenameKind, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose ballot rule for renaming knows deputies."""
    rule = dataclasses.replace(RenameKind.founding_rule, delegation="named_deputy")
    monkeypatch.setattr(RenameKind, "founding_rule", rule)
    return make_world()


def named(world: World, **values: Any) -> Delegation:
    defaults: dict[str, Any] = {
        "program": world.program,
        "deputy": world.steward,
        "starts_at": now(),
        "ends_at": now() + 5 * DAY,
        "by": world.board_legal,
    }
    return services.name_deputy(**{**defaults, **values})


def test_a_deputy_is_named_by_the_member_by_api(deputies: World) -> None:
    world = deputies
    said = {
        "program": world.program.slug,
        "deputy": world.steward.email,
        "starts_at": now().isoformat(),
        "ends_at": (now() + dt.timedelta(days=1)).isoformat(),
    }
    who = {"by": world.board_legal, "refused": world.manager}
    made = tried("deputies/", said, code=201, hidden=world.stranger, hidden_code=400, **who)
    assert (made["member"], made["deputy"]) == ("board-legal", "steward")
    assert [d["id"] for d in Api(world.steward).get("deputies/")["results"]] == [made["id"]]
    assert Api(world.stranger).get("deputies/")["results"] == []


def test_a_deputy_reads_and_votes_for_the_seat_during_the_absence(deputies: World) -> None:
    world = deputies
    matter = services.refer(
        kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
    )
    assert named(world) == named(
        world,
        starts_at=Delegation.objects.get().starts_at,
        ends_at=Delegation.objects.get().ends_at,
    )
    steward = world.fresh("steward")
    assert matter in Matter.objects.opened_to(steward)
    cast = vote(matter, steward)
    assert (cast.ballot_seat.seat, cast.cast_by) == ("legal", steward)
    with frozen(now() + 6 * DAY):
        assert matter not in Matter.objects.opened_to(world.fresh("steward"))
        assert refused(lambda: vote(matter, steward, "deny")).code == "wrong_role"


def test_a_deputy_with_a_conflict_neither_sees_nor_votes(deputies: World) -> None:
    world = deputies
    matter = services.refer(
        kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
    )
    named(world)
    services.recuse(matter=matter, by=world.steward, kind="other", statement="A friend.")
    assert matter not in Matter.objects.opened_to(world.fresh("steward"))
    assert refused(lambda: vote(matter, world.steward)).code == "separation_recused"


@pytest.mark.parametrize("through_the_board", [True, False])
def test_the_vote_of_a_deputy_recused_since_counts_for_nothing(
    deputies: World, through_the_board: bool
) -> None:
    world, matter = deputies, referred(deputies)
    named(world)
    vote(matter, world.steward, "approve_with_conditions", rationale="Only with my condition.")
    for member in world.board[:3]:
        vote(matter, member)
    said = {"kind": "other", "statement": "A friend.", "by": world.steward}
    if through_the_board:
        services.recuse(matter=matter, **said)
        services.recuse(matter=matter, by=world.board_legal, kind="none")
        page = client_of(world, "board_legal").get(matter.get_absolute_url()).content.decode()
        assert "The deputy who cast it is recused" in page
    else:
        subject = {"user": world.steward, "subject": world.cohort, "realm": world.program}
        declare_conflict(**subject, **said)
    ballot = Matter.objects.get(pk=matter.pk).ballot
    assert ballot_box.count(ballot).taking_part == 3
    with frozen(ballot.closes_at):
        decision = services.record_decision(matter=matter, by=world.chair)
    assert (decision.outcome, decision.tally["stale"]) == ("approve", ["legal"])
    assert decision.tally["positions"]["approve_with_conditions"] == 0
    assert "Only with my condition." not in decision.letter


def test_a_vote_set_aside_counts_again_once_its_member_reaffirms_it(deputies: World) -> None:
    world, matter = deputies, referred(deputies)
    named(world)
    vote(matter, world.steward)
    services.recuse(matter=matter, by=world.steward, kind="other", statement="A friend.")
    services.open_dossier(matter=matter, by=world.board_legal)
    again = services.reaffirm_vote(matter=matter, by=world.board_legal)
    assert (again.cast_by, again.dossier_number) == (world.board_legal, 1)
    assert ballot_box.count(Matter.objects.get(pk=matter.pk).ballot).taking_part == 1


def referred(world: World) -> Matter:
    """The cohort's new name before the board."""
    return services.refer(
        kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
    )


def test_deputies_are_refused_where_they_make_no_sense(deputies: World) -> None:
    world = deputies
    for values, code in (
        ({"by": world.chair}, "wrong_role"),
        ({"deputy": world.board_legal}, "separation"),
        ({"deputy": world.board_policy}, "deputy_unfit"),
        ({"deputy": world.stranger}, "deputy_unfit"),
        ({"ends_at": now() - DAY}, "ends_before_start"),
    ):
        assert refused(lambda values=values: named(world, **values)).code == code


def test_a_member_names_a_deputy_by_page_and_the_deputy_reads_of_it(deputies: World) -> None:
    world, url = deputies, "/board/deputies/"
    start = now() + DAY
    sent = {
        "program": str(world.program.pk),
        "deputy": "steward",
        "starts_at": f"{start:%Y-%m-%dT%H:%M}",
        "ends_at": f"{start + 5 * DAY:%Y-%m-%dT%H:%M}",
        "reason": "On leave.",
    }
    steward, member = client_of(world, "steward"), client_of(world, "board_legal")
    assert steward.get(url).status_code == 404
    assert url in member.get("/board/").content.decode()
    assert "Name the deputy" in member.get(url).content.decode()
    for field, value in (("deputy", "board-policy"), ("deputy", "nobody"), ("ends_at", "soon")):
        response = member.post(url, {**sent, field: value})
        assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    for _ in range(2):
        assert member.post(url, sent).status_code == 302
    delegation = Delegation.objects.get()
    assert (delegation.seat, delegation.deputy) == ("legal", world.steward)
    told = Notice.objects.get(kind="governance.deputy")
    assert (told.recipient, told.url) == (world.steward, url)
    assert world.board_legal.name in steward.get(url).content.decode()
    assert "Name the deputy" not in client_of(world, "chair").get(url).content.decode()


def test_the_page_of_deputies_says_why_none_is_named(world: World) -> None:
    page = client_of(world, "board_legal").get("/board/deputies/").content.decode()
    assert "The ballot rules in force know no deputies." in page
    assert client_of(world, "stranger").get("/board/deputies/").status_code == 404


def test_without_a_rule_that_knows_them_nobody_names_deputies(world: World) -> None:
    assert refused(lambda: named(world)).code == "no_deputies"
