"""What makes up for an exception is tested: due by the rule, recorded, and told where it fails."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from fellowship.accounts.services import declare_conflict
from fellowship.clocks import queries as clocks
from fellowship.clocks.services import sweep
from fellowship.history.queries import timeline
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from governance import rearming, repeats, services
from governance.models import ExceptionRecord, Matter, MeasureTest
from governance.services.measures import MEASURE_CLOCK
from governance.states import ExceptionKind
from tests.scenarios.governance import granted_exception, requested_exception
from tests.scenarios.world import World

DAY = dt.timedelta(days=1)


def refused(call: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal


def record(world: World, exception: ExceptionRecord, **values: Any) -> MeasureTest:
    given = {"held": True, "found": "Twelve turns: it ended after ten.", "by": world.product_owner}
    return services.record_measure_test(exception=exception, **{**given, **values})


def due(exception: ExceptionRecord) -> dt.datetime | None:
    clock = clocks.current(exception, MEASURE_CLOCK)
    exception.refresh_from_db()
    assert (clock.due_at if clock else None) == exception.measure_due_at
    return exception.measure_due_at


def test_each_test_makes_the_next_one_due_until_none_is_due_before_the_end(
    world: World, exception: ExceptionRecord
) -> None:
    first = due(exception)
    assert first is not None
    assert (first - exception.starts_at).days == 30
    with frozen(exception.starts_at + 10 * DAY):
        for _ in range(2):
            test = record(world, exception)
        second = due(exception)
        assert second is not None
        assert (test.number, exception.measure_held) == (1, True)
        assert second.date() == (test.tested_at + 30 * DAY).date()
    with frozen(exception.starts_at + 35 * DAY):
        record(world, exception, found="Again.")
        assert due(exception) is None
    verbs = [event.verb for event in timeline(exception)]
    assert verbs.count("governance.test_measure") == 2


def test_one_not_tested_in_time_is_told_once_and_listed(
    world: World, exception: ExceptionRecord
) -> None:
    at = due(exception)
    assert at is not None
    assert not ExceptionRecord.objects.untested(at - dt.timedelta(microseconds=1)).exists()
    assert ExceptionRecord.objects.untested(at).get() == exception
    for _ in range(2):
        sweep(at)
    told = Notice.objects.filter(kind="governance.measure_untested")
    assert {n.recipient for n in told} == {world.product_owner, world.chair, world.manager}
    assert told.count() == 3
    with frozen(at + DAY):
        record(world, exception)
    assert not ExceptionRecord.objects.untested(at + 2 * DAY).exists()


def test_the_owner_finds_it_on_the_first_page(world: World) -> None:
    exception = granted_exception(world, expires_at=now() + 90 * DAY)
    client = Client()
    client.force_login(world.fresh("product_owner"))
    said = f"Test what makes up for it: {exception.title}"
    assert said not in client.get("/").content.decode()
    with frozen(now() + 24 * DAY):
        client.force_login(world.fresh("product_owner"))
        assert said in client.get("/").content.decode()


def test_one_that_did_not_hold_is_told_to_those_who_can_end_it(
    world: World, exception: ExceptionRecord
) -> None:
    record(world, exception, held=False, found="The session went on.")
    told = Notice.objects.filter(kind="governance.measure_failed")
    assert {n.recipient for n in told} == {
        *(world.product_owner, world.chair, world.manager, world.oncall)
    }
    assert ExceptionRecord.objects.failing().get() == exception
    assert exception.is_live(), "people end it; a failed test does not"
    client = Client()
    client.force_login(world.fresh("product_owner"))
    home = client.get("/").content.decode()
    assert f"End it, or mend what makes up for it: {exception.title}" in home
    assert "Exception ends" not in home, "one thing to do is said once"
    page = client.get(exception.get_absolute_url()).content.decode()
    banner = page.partition("Why the rule cannot be kept")[0]
    assert "What makes up for it did not hold" in banner
    assert "working days. It applies until it ends by itself" in banner
    services.end_exception(exception=exception, by=world.oncall, reason="It does not hold.")
    assert due(exception) is None
    assert not ExceptionRecord.objects.failing().exists()


def test_who_records_and_what(world: World, exception: ExceptionRecord) -> None:
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"by": world.mentor}, "wrong_role", ""),
        ({"found": " "}, "no_found", "found"),
        ({"tested_at": now() + DAY}, "in_the_future", "tested_at"),
        ({"tested_at": exception.starts_at - DAY}, "too_early", "tested_at"),
    ]
    for values, code, field in cases:
        refusal = refused(lambda values=values: record(world, exception, **values))
        assert (refusal.code, refusal.field) == (code, field)
    with frozen(exception.expires_at):
        assert refused(lambda: record(world, exception)).code == "not_live"
    asked = requested_exception(world, title="Another")
    assert refused(lambda: record(world, asked)).code == "not_live"
    assert not MeasureTest.objects.exists()


def test_when_it_ends_by_itself_nobody_waits_for_its_test_any_more(
    world: World, exception: ExceptionRecord
) -> None:
    assert due(exception)
    with frozen(exception.expires_at):
        sweep()
        assert clocks.current(exception, MEASURE_CLOCK) is None


@pytest.mark.parametrize(
    "bend",
    [
        {"measure_test": ""},
        {"measure_held": True},
        {"measure_tested_at": now()},
        {"measure_due_at": dt.datetime(2100, 1, 1, tzinfo=dt.UTC)},
        {"renewals": 2},
    ],
)
def test_the_database_refuses_halves(
    world: World, exception: ExceptionRecord, bend: dict[str, Any]
) -> None:
    for name, value in bend.items():
        setattr(exception, name, value)
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        journal.acting("tests.bend", by=world.admin),
    ):
        exception.save()


# --- what the end shuts -----------------------------------------------------------------------


def test_every_kind_but_other_names_the_gate_that_asks_for_it() -> None:
    without = {kind for kind in ExceptionKind.values if rearming.gate(kind) is rearming.UNWATCHED}
    assert without == {ExceptionKind.OTHER}
    with pytest.raises(ValueError, match="has its gate"):
        rearming.register(ExceptionKind.LAUNCH_GAP, opens="x", again="y")


def ends(name: str, world: World) -> str:
    """What the person last read of ends."""
    rows = Notice.objects.filter(kind="governance.exception_ends", recipient=world.people[name])
    return rows.order_by("-id")[0].body


def test_the_digest_says_what_applies_again_and_what_another_still_covers(world: World) -> None:
    first = granted_exception(world, expires_at=now() + 20 * DAY)
    alone = granted_exception(world, subject=world.call, expires_at=now() + 20 * DAY)
    second = granted_exception(world, extends=first, expires_at=now() + 90 * DAY)
    with frozen(first.expires_at + DAY):
        sweep()
        said = ends("chair", world).split("\n")
        told = Notice.objects.filter(kind="governance.exception_ends", recipient=world.chair)
        notice = told.latest("id")
        assert notice.title == "2 exceptions ended: for 1 the rule applies again"
        until = f"{second.expires_at:%-d %B %Y}"
        assert said[0].endswith(f"{second.ref} still covers it, until {until}.")
        assert said[1].startswith(alone.ref)
        assert "is open again" in said[1]
        assert ends("board_legal", world) == ends("chair", world), "the whole board reads it"
        client = Client()
        client.force_login(world.fresh("manager"))
        page = client.get(first.get_absolute_url()).content.decode()
        assert "the rule does not apply yet" in page
        assert second.ref in page


def test_a_member_reads_nothing_of_what_a_conflict_closes(world: World) -> None:
    granted_exception(world, expires_at=now() + 20 * DAY)
    other = granted_exception(world, subject=world.call, expires_at=now() + 20 * DAY)
    declare_conflict(
        user=world.board_legal,
        subject=world.cohort,
        realm=world.program.pk,
        kind="personal",
        statement="A friend.",
        by=world.board_legal,
    )
    with frozen(now() + 21 * DAY):
        sweep()
    assert len(ends("board_policy", world).split("\n")) == 2
    assert ends("board_legal", world).split("\n") == [ends("board_policy", world).split("\n")[1]]
    assert other.ref in ends("board_legal", world)


# --- repeated -----------------------------------------------------------------------------------


def test_what_is_granted_so_often_that_it_is_no_exception(world: World) -> None:
    user = world.fresh("manager")
    chain = granted_exception(world, expires_at=now() + 10 * DAY)
    for days in (20, 30):
        assert not repeats.groups(user, "record").exists()
        chain = granted_exception(world, extends=chain, expires_at=now() + days * DAY)
    for by in repeats.BY:
        found, in_all = repeats.rows(repeats.groups(user, by), "times", 0, 5)
        assert [(r.latest, r.times, r.extended) for r in found] == [(chain, 3, 2)]
        assert in_all == 1
        assert found[0].last_at == chain.expires_at
    assert not repeats.groups(world.fresh("stranger"), "record").exists()


def test_asked_anew_it_is_a_repeat_as_well_and_the_board_sees_it(world: World) -> None:
    first = granted_exception(world, expires_at=now() + 10 * DAY)
    record(world, first, held=False, found="The session went on.")
    extended = requested_exception(world, extends=first, expires_at=now() + 20 * DAY)
    anew = requested_exception(world, title="Again", expires_at=now() + 30 * DAY)

    def sections(exception: ExceptionRecord) -> dict[str, Any]:
        matter = Matter.objects.get(kind="governance.exception", subject_id=exception.pk)
        return {s["heading"]: s for s in matter.dossier.body["sections"]}

    before = sections(anew)["The same was excepted before"]["rows"]
    assert before[0][0] == first.ref
    told = sections(extended)
    assert "The same was excepted before" not in told
    assert told["Earlier exceptions it extends"]["rows"][0][0] == first.ref
    assert told["How the earlier measures did"]["rows"][0][2] == "Did not hold"


def test_the_pages(world: World, exception: ExceptionRecord) -> None:
    owner, mentor = Client(), Client()
    owner.force_login(world.fresh("product_owner"))
    mentor.force_login(world.fresh("mentor"))
    url = f"/exceptions/{exception.ref}/test/"
    assert mentor.get(url).status_code == 404
    assert "did not hold" in owner.get(url).content.decode()
    wrong = owner.post(url, {"found": "Kept text."})
    assert wrong.status_code == 422
    assert "Kept text." in wrong.content.decode()
    future = {"held": "no", "found": "x", "tested_at": (now() + 3 * DAY).date().isoformat()}
    assert "once it was made" in owner.post(url, future).content.decode()
    assert owner.post(url, {"held": "no", "found": "It went on."}).status_code == 302
    page = owner.get(exception.get_absolute_url()).content.decode()
    assert "It did not hold when it was tested last." in page
    assert "It went on." in page
    lists = {
        "?measure=failing": True,
        "?measure=untested": False,
        "?measure=late": False,
        "?renewed=1": False,
        "?mine=true": True,
    }
    for query, there in lists.items():
        assert (exception.title in owner.get(f"/exceptions/{query}").content.decode()) is there
    for days in (70, 80):
        exception = granted_exception(world, extends=exception, expires_at=now() + days * DAY)
    for by in ("record", "owner", "asker", "nonsense"):
        page = owner.get(f"/exceptions/repeats/?by={by}").content.decode()
        assert exception.ref in page
        assert "3 times" in page


def test_by_the_api(world: World, exception: ExceptionRecord) -> None:
    client = Client()
    client.force_login(world.fresh("product_owner"))
    url = f"/api/v1/exceptions/{exception.ref}/"

    def post(path: str, **data: Any) -> Any:
        json = {"content_type": "application/json", "headers": {"If-Match": "*"}}
        return client.post(path, data, **json)

    assert post(f"{url}test/", held=False, found="").status_code == 400
    done = post(f"{url}test/", held=False, found="It went on.")
    assert (done.status_code, done.json()["measure_held"]) == (200, False)
    tests = client.get(f"{url}tests/").json()
    assert [(t["number"], t["held"], t["tested_by"]) for t in tests] == [
        (1, False, world.product_owner.username)
    ]
    assert client.get("/api/v1/exceptions/repeats/?by=owner").json() == []
    asked = {
        "kind": exception.kind,
        "title": "Longer",
        "owner": world.product_owner.username,
        "rationale": "More time.",
        "risk": "The same.",
        "compensating_measure": "The same.",
        "measure_test": "The same.",
        "expires_at": (now() + 90 * DAY).isoformat(),
    }
    unknown = post("/api/v1/exceptions/", **asked, extends="EXC-1999-001").json()
    assert unknown["code"] == "unknown_exception"
    other = granted_exception(world, subject=world.program)
    more = post("/api/v1/exceptions/", **asked, extends=other.ref)
    assert (more.status_code, more.json()["renewals"]) == (201, 1)
    changed = {name: asked[name] for name in ("title", "rationale", "risk", "expires_at")}
    again = post(
        f"/api/v1/exceptions/{more.json()['ref']}/amend/",
        **changed,
        compensating_measure="More of it.",
        measure_test="Twice a week.",
        reason="Asked by the security seat.",
    )
    assert (again.status_code, again.json()["measure_test"]) == (200, "Twice a week.")


def test_what_is_continued_says_so_once_and_what_is_over_is_held_by_nobody(world: World) -> None:
    first = granted_exception(world, expires_at=now() + 10 * DAY)
    after = granted_exception(world, extends=first, expires_at=now() + 20 * DAY)
    owner = Client()
    owner.force_login(world.fresh("product_owner"))
    shown = owner.get(first.get_absolute_url())
    page = shown.content.decode()
    assert f"{after.ref} continues it." in page
    assert (page.count("asked for anew"), shown.context["offer_extend"]) == (0, False)
    assert shown.context["standing"].holder == f"Its owner, {first.owner}"
    assert owner.get(after.get_absolute_url()).context["offer_extend"] is True
    home = owner.get("/").content.decode()
    assert (first.ref in home, after.ref in home) == (False, True)
    with frozen(now() + 11 * DAY):
        over = owner.get(first.get_absolute_url()).context["standing"]
    assert (over.where, over.holder, over.blockers) == ("Over", "Nobody: it is closed.", ())
    assert (over.due, over.silence) == (None, "The rule applies.")


def test_the_board_reads_that_an_earlier_measure_was_never_tested(world: World) -> None:
    first = granted_exception(world, expires_at=now() + 10 * DAY)
    asked = requested_exception(world, extends=first, expires_at=now() + 20 * DAY)
    matter = Matter.objects.get(kind="governance.exception", subject_id=asked.pk)
    told = {s["heading"]: s for s in matter.dossier.body["sections"]}
    assert told["How the earlier measures did"]["text"] == "None of them was ever tested."
