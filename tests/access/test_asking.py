"""The steward’s check question by question; sent back and sent again; use counted, ends told."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import override

from access import services, usage
from access.checks import Answer
from access.models import AccessRequest, Grant, GrantReminder
from access.services.reminding import remind
from fellowship.accounts.models import User
from fellowship.history.models import Event
from fellowship.kernel.journal import System
from fellowship.kernel.prepared import read
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from scoping.models import Fellowship
from tests.access.test_requests import code_of
from tests.governance.test_board_race import at_once
from tests.scenarios import access as scenario
from tests.scenarios import scoping as scopes
from tests.scenarios.world import World, make_world

ROWS = [
    {"key": "english", "label": "Dialogues in English", "description": ""},
    {"key": "late", "label": "Dialogues of 20 turns or more", "description": "By turn count."},
]


def said(request: AccessRequest, **changes: Any) -> dict[str, Any]:
    """What a request says, as the verb that revises it takes it."""
    names = ("operations", "fields", "row_filters", "purpose", "why_less_would_not_do")
    return {
        **{name: getattr(request, name) for name in (*names, "starts_on", "ends_on")},
        **changes,
    }


def test_every_question_is_answered_and_every_one_by_yes(world: World) -> None:
    request = scenario.requested(world)
    all_hold = scenario.all_hold(request.dataset)
    assert list(all_hold) == ["purpose", "fields", "lesser", "handling"], "no codes, no question"

    def check(**answers: Answer) -> Any:
        given = {**all_hold, **answers}
        return services.check_request(
            request=request,
            answers={key: answer for key, answer in given.items() if answer},
            by=world.steward,
            reason="Looked.",
        )

    assert code_of(lambda: check(lesser=None)) == "unanswered/holds_lesser"  # type: ignore[arg-type]
    assert code_of(lambda: check(fields=Answer(False, "Too many."))) == (
        "does_not_hold/holds_fields"
    )
    checked = check(purpose=Answer(True, "Question 1.2."))
    first = checked.checklist[0]
    assert (first["key"], first["holds"], first["note"]) == ("purpose", True, "Question 1.2.")


def test_data_with_use_codes_is_checked_against_them(world: World) -> None:
    data = scenario.dataset(world, "coded", duo=["DUO:0000046"])
    assert "duo" in scenario.all_hold(data)


def test_sent_back_changed_and_sent_again_loses_nothing(world: World) -> None:
    request = scenario.requested(world)
    no = {"fields": Answer(False, "Only “refused” is counted.")}
    bare = {"fields": Answer(False)}
    back = services.send_back_request
    assert code_of(
        lambda: back(request=request, by=world.steward, reason="Fewer.", answers=bare)
    ) == ("no_note/note_fields")
    request = back(request=request, by=world.steward, reason="Fewer fields.", answers=no)
    assert (request.state, request.sent_back_because) == ("changes", "Fewer fields.")
    events = Event.objects.count()
    assert back(request=request, by=world.steward, reason="Again.").sent_back_because == (
        "Fewer fields."
    )
    assert Event.objects.count() == events, "a second press does nothing"
    assert code_of(lambda: scenario.requested(world, request.fellowship)) == "already_asked"
    assert (
        code_of(lambda: services.revise_request(request=request, by=world.mentor, **said(request)))
        == "not_yours"
    )
    revised = services.revise_request(
        request=request, by=world.applicant, **said(request, fields=["refused"])
    )
    assert (revised.state, revised.fields, revised.purpose) == (
        "requested",
        ["refused"],
        request.purpose,
    )
    history = AccessRequest.history.filter(id=request.pk)  # type: ignore[attr-defined]
    assert ["turn", "refused"] in [row.fields for row in history]
    assert Notice.objects.filter(kind="access.sent_back", recipient=world.applicant).count() == 1
    assert scenario.decided(world, revised).grant.fields == ["refused"]


def test_the_check_is_taken_back_with_the_request(world: World) -> None:
    request = scenario.checked(world)
    sent = services.send_back_request(request=request, by=world.manager, reason="A shorter time.")
    assert (sent.checked_at, sent.checked_by, sent.steward_check) == (None, None, "")


@pytest.mark.parametrize("who", ["applicant", "mentor", "stranger", "auditor", "chair"])
def test_others_send_nothing_back(world: World, who: str) -> None:
    request = scenario.requested(world)
    person = getattr(world, who)
    code = code_of(
        lambda: services.send_back_request(request=request, by=person, reason="I say so.")
    )
    assert code in ("wrong_role", "separation")


def test_rows_are_chosen_from_what_the_dataset_offers_and_stand_in_the_agreement(
    world: World,
) -> None:
    data = scenario.dataset(world, row_filters=ROWS)
    case = scopes.signed_fellowship(world)
    assert code_of(lambda: scenario.requested(world, case, data, row_filters=["french"])) == (
        "unknown_row_filter/row_filters"
    )
    grant = scenario.granted(world, case, data, row_filters=["late"])
    assert (grant.row_filters, grant.purpose) == (["late"], grant.request.purpose)
    assert "Rows: these and no others." in grant.agreement.text
    assert "- Dialogues of 20 turns or more: By turn count." in grant.agreement.text
    assert "English" not in grant.agreement.text


NUMBERS = count(1_000)


def use(grant: Grant, *kinds: str, **details: Any) -> None:
    """The environment reports an act of each kind."""
    services.ingest(
        program=grant.fellowship.program,
        events=[scenario.event(grant, next(NUMBERS), kind=kind, details=details) for kind in kinds],
        source="test",
        by=System("test"),
    )


def test_usage_counts_operations_fields_and_months(world: World, grant: Grant) -> None:
    use(grant, "query", "query", fields=["turn"])
    use(grant, "export")
    found = usage.of(grant)
    counted = {row.key: (row.within, row.outside, row.unused) for row in found.operations}
    assert counted == {
        "view": (0, 0, True),
        "query": (2, 0, False),
        "run_code": (0, 0, True),
        "export": (0, 1, False),
    }
    assert {row.key: row.within for row in found.fields} == {"turn": 2, "refused": 0}
    assert [(within, outside) for _, within, outside in found.months] == [(2, 1)]
    assert (found.total, found.outside) == (2, 1)


def test_a_month_is_the_readers_and_fields_are_of_the_latest_acts(
    world: World, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "_naming", read(usage._naming.__wrapped__))  # type: ignore[attr-defined]
    monkeypatch.setattr(usage, "LOOKED_AT", 2)
    began = grant.starts_at
    turn = (began.astimezone(dt.UTC).replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    end = turn.replace(hour=0, minute=30)
    with frozen(end), override("Pacific/Auckland"):
        use(grant, "query", fields=["refused"])
    with frozen(end + dt.timedelta(minutes=5)), override("America/New_York"):
        use(grant, "query", "query", fields=["turn"])
        use(grant, "export")
        west = usage.of(grant)
    with frozen(end + dt.timedelta(minutes=5)), override("Pacific/Auckland"):
        east = usage.of(grant)
    assert [(m.month, *rest) for m, *rest in east.months] == [(turn.month, 3, 1)]
    before = (turn - dt.timedelta(days=1)).month
    assert [(m.month, *rest) for m, *rest in west.months] == [(before, 3, 1)]
    assert (west.looked_at, [row.key for row in west.fields if row.within]) == (2, ["turn"])


def test_of_fields_nothing_is_known_where_no_act_names_them(world: World, grant: Grant) -> None:
    use(grant, "query")
    assert usage.of(grant).fields == []


def told(world: World, grant: Grant, days: int) -> list[str]:
    """The titles of what the person hears in the sweep so many days before the end."""
    known = set(Notice.objects.values_list("pk", flat=True))
    with frozen(grant.ends_at - dt.timedelta(days=days, minutes=-5)):
        remind(now())
        assert remind(now()) == 0, "told once"
    new = Notice.objects.filter(kind="access.grant_ends", recipient=grant.person)
    return [notice.title for notice in new.exclude(pk__in=known)]


def test_its_end_is_told_30_and_7_days_before_by_threshold(world: World, grant: Grant) -> None:
    assert told(world, grant, 31) == []
    assert told(world, grant, 30) == ["Access to Refusal logs ends within 30 days"]
    assert told(world, grant, 20) == []
    made = narrow(grant, world.steward)
    assert told(world, made, 12) == [], "narrowed is not told of again"
    assert told(world, made, 5) == ["Access to Refusal logs ends within 7 days"]
    reminders = GrantReminder.objects.order_by("pk").values_list("grant__ref", "days")
    assert list(reminders) == [(grant.ref, 30), (made.ref, 7)]
    events = Event.objects.filter(verb="access.remind")
    assert {event.realm_id for event in events} == {world.program.pk}


def test_after_an_outage_the_nearest_end_alone_is_told(world: World, grant: Grant) -> None:
    assert told(world, grant, 2) == ["Access to Refusal logs ends within 7 days"]


def narrow(grant: Grant, by: User, **left: Any) -> Grant:
    """Only the query goes on, on one field."""
    given = {"operations": ["query"], "fields": ["turn"], "reason": "Enough."}
    return services.narrow_grant(grant=grant, by=by, **{**given, **left})


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_decide_at_once_and_there_is_one_grant() -> None:
    world = make_world()
    data = scenario.dataset(world, tier="internal")
    request = scenario.checked(world, scenario.requested(world, data=data))
    done = at_once(
        lambda: services.approve_request(request=request, by=world.manager, reason="Yes."),
        lambda: services.refuse_request(request=request, by=world.manager, reason="No."),
        lambda: services.send_back_request(request=request, by=world.steward, reason="Less."),
    )
    request.refresh_from_db()
    assert Grant.objects.count() == (1 if request.state == "approved" else 0)
    held = sum(not isinstance(result, Exception) for result in done)
    # What was sent back may still be refused: then both hold, one after the other.
    assert held == 1 or (held == 2 and request.state == "refused" and request.sent_back_at), done


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_revoked_and_narrowed_at_once_leaves_nothing_open_or_the_narrow_one_alone() -> None:
    world = make_world()
    grant = scenario.granted(world, data=scenario.dataset(world, tier="internal"))
    at_once(
        lambda: services.revoke_grant(grant=grant, by=world.steward, reason="A leak."),
        lambda: narrow(grant, world.applicant),
    )
    grant.refresh_from_db()
    assert grant.revoked_at is not None
    assert list(Grant.objects.filter(revoked_at=None).values_list("narrows", flat=True)) in (
        [],
        [grant.pk],
    )


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_accepted_twice_at_once_is_accepted_once() -> None:
    world = make_world()
    data = scenario.dataset(world, tier="internal")
    agreement = scenario.decided(world, scenario.requested(world, data=data)).agreement
    at_once(lambda: scenario.accept(agreement), lambda: scenario.accept(agreement))
    assert Event.objects.filter(verb="access.accept_agreement").count() == 1
    assert Fellowship.objects.get().state == "research"


def page_of(user: User, url: str, data: Any = None) -> Any:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client.get(url) if data is None else client.post(url, data)


def test_the_check_page_lays_evidence_beside_each_question(world: World) -> None:
    data = scenario.dataset(world, row_filters=ROWS, duo=["DUO:0000046"])
    request = scenario.requested(world, data=data, row_filters=["late"])
    url = f"{request.get_absolute_url()}check/"
    page = page_of(world.steward, url).content.decode()
    for said in (
        "2 of 3 fields: turn, refused",
        "Rows: Dialogues of 20 turns or more",
        "Scope of work v1, 1.2 Research question",
        "NCU, non-commercial use only",
        "Query: yes",
    ):
        assert said in page, said
    assert "checked" not in page.partition("<form")[2].partition("</form>")[0], "nothing is chosen"
    back = {"outcome": "send_back", "holds_fields": "no", "reason": "Fewer."}
    answer = page_of(world.steward, url, back)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"note_fields"}
    assert page_of(world.steward, url, {**back, "note_fields": "One is enough."}).status_code == 302
    page = page_of(world.applicant, request.get_absolute_url()).content.decode()
    assert "With you: change it and send it again" in page
    form = page_of(world.applicant, f"{request.get_absolute_url()}revise/")
    assert form.context["form"]["purpose"].value() == request.purpose
    assert "One is enough." in form.content.decode()
