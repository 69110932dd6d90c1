"""A grant goes on: renewed by a new decision, or narrowed at once."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoDbBlocker

from access import services, usage
from access.decisions import decide
from access.models import AccessRequest, Grant
from fellowship.accounts.models import User
from fellowship.kernel.time import frozen, now
from tests.access.test_asking import narrow, page_of, told, use
from tests.access.test_requests import code_of
from tests.scenarios import access as scenario
from tests.scenarios import scoping as scopes
from tests.scenarios.world import World
from tests.support import kept


def renew(grant: Grant, **changes: Any) -> AccessRequest:
    """The fellow asks for the query alone for thirty days more."""
    end = grant.request.ends_on
    asked: dict[str, Any] = {
        "operations": ["query"],
        "fields": ["turn"],
        "purpose": grant.purpose,
        "why_less_would_not_do": "The last turns are still to be counted.",
        "ends_on": end + dt.timedelta(days=30),
        "by": grant.fellowship.fellow,
    }
    return services.renew_grant(grant=grant, **{**asked, **changes})


@pytest.fixture(scope="module")
def kept_short(kept_world: World, django_db_blocker: DjangoDbBlocker) -> Iterator[Grant]:
    """A grant of ten days, of which the query was used on one field."""

    def build() -> Grant:
        case = scopes.signed_fellowship(kept_world)
        today = case.program.calendar().local(now()).date()
        grant = scenario.granted(kept_world, case, ends_on=today + dt.timedelta(days=10))
        use(grant, "query", fields=["turn"])
        return grant

    with kept.built(build, django_db_blocker) as grant:
        yield grant


@pytest.fixture
def short(kept_short: Grant, world: World) -> Grant:
    """The short grant, as each test has it."""
    return copy.deepcopy(kept_short)


def test_a_renewal_is_a_new_decision_that_follows_without_gap_or_overlap(
    world: World, short: Grant
) -> None:
    request = renew(short)
    assert (request.renews, request.earlier, request.state) == (short, 0, "requested")
    assert renew(short) == request, "asked for twice is once"
    request = scenario.decided(world, request)
    scenario.accept(request.agreement)
    follows = request.grant
    assert follows.starts_at == short.ends_at
    short.refresh_from_db()
    assert short.revoked_at is None, "the old one ends by its own date"
    ask = {"person": world.applicant, "dataset": short.dataset}
    before, after = short.ends_at - dt.timedelta(seconds=1), short.ends_at
    assert decide(**ask, operation="view", at=before).allowed
    assert not decide(**ask, operation="view", at=after).allowed
    assert decide(**ask, operation="query", at=after).allowed
    assert f"it follows on {short.ref}" in follows.agreement.text
    with frozen(follows.starts_at):
        again = renew(follows, why_unused_is_kept="It has only begun.")
    assert (again.renews, again.earlier) == (follows, 1)


def test_what_was_never_used_is_left_out_or_its_reason_given(world: World, short: Grant) -> None:
    wide: dict[str, Any] = {"operations": ["query", "view"], "fields": ["turn", "refused"]}
    assert code_of(lambda: renew(short, **wide)) == "unused_kept/why_unused_is_kept"
    request = renew(short, **wide, why_unused_is_kept="The second half reads both.")
    assert request.why_unused_is_kept == "The second half reads both."
    assert renew(short).pk == request.pk


def test_the_board_decides_on_a_renewal_with_the_use_before_it(world: World, short: Grant) -> None:
    from access.board import AccessMatter

    sections = AccessMatter().dossier(renew(short))["sections"]
    used = next(s for s in sections if s["heading"].startswith("Used of"))
    assert ["Query", "1 within, 0 outside"] in used["rows"]
    assert ["Renewed before", "0 times"] in used["rows"]


@pytest.mark.parametrize("who", ["steward", "manager", "stranger", "other_applicant"])
def test_a_renewal_is_asked_for_by_those_of_the_case(world: World, short: Grant, who: str) -> None:
    assert code_of(lambda: renew(short, by=getattr(world, who))) == "not_yours"


def test_what_has_ended_or_was_revoked_is_not_renewed(world: World, short: Grant) -> None:
    with frozen(short.ends_at):
        assert code_of(lambda: renew(short)) == "ended"
    services.revoke_grant(grant=short, by=world.steward, reason="A leak.")
    assert code_of(lambda: renew(short)) == "revoked"


def test_of_an_end_that_is_renewed_or_no_end_nothing_is_told(world: World, short: Grant) -> None:
    renew(short)
    assert told(world, short, 3) == []


@pytest.mark.parametrize("who", ["applicant", "steward"])
def test_a_grant_is_narrowed_at_once_and_the_past_stays_as_it_was(
    world: World, short: Grant, who: str
) -> None:
    ask = {"person": world.applicant, "dataset": short.dataset, "operation": "view"}
    then = now()
    assert decide(**ask).allowed
    with frozen(then + dt.timedelta(hours=1)):
        made = narrow(short, getattr(world, who))
        assert not decide(**ask).allowed
        assert decide(**{**ask, "operation": "query"}).allowed
        assert decide(**ask, at=then).allowed, "then it was wide"
        assert narrow(short, world.steward) == made, "a second press does nothing"
    assert (made.narrows, made.ends_at, made.decision) == (short, short.ends_at, short.decision)
    assert (made.agreement, made.request) == (short.agreement, short.request)
    assert usage.of(made).total == 1, "what was used of the wider one counts"
    assert short.request.grant == made


@pytest.mark.parametrize(
    ("left", "code"),
    [
        ({"operations": []}, "no_operation/operations"),
        ({"operations": ["query", "export"]}, "wider/operations"),
        ({"fields": ["turn", "text"]}, "wider/fields_wanted"),
        ({"fields": []}, "wider/fields_wanted"),
        (
            {"operations": ["view", "query", "run_code"], "fields": ["turn", "refused"]},
            "nothing_left_out",
        ),
        ({"reason": " "}, "no_reason/reason"),
    ],
)
def test_narrowing_only_narrows(
    world: World, short: Grant, left: dict[str, Any], code: str
) -> None:
    assert code_of(lambda: narrow(short, world.steward, **left)) == code


@pytest.mark.parametrize("who", ["mentor", "manager", "auditor", "stranger"])
def test_others_narrow_nothing(world: World, short: Grant, who: str) -> None:
    assert code_of(lambda: narrow(short, getattr(world, who))) == "wrong_role"


def test_the_whole_way_by_the_api(world: World, short: Grant) -> None:
    """Renewal, sent back, revised, checked; the grant narrowed; its use read."""

    def client(who: str) -> Any:
        found = Client()
        found.force_login(User.objects.get(pk=getattr(world, who).pk))
        return lambda url, body=None: (
            found.post(f"/api/v1/access/{url}", body, content_type="application/json")
            if body is not None
            else found.get(f"/api/v1/access/{url}")
        )

    fellow, steward = client("applicant"), client("steward")
    used = fellow(f"grants/{short.pk}/usage/").json()
    assert {row["key"]: row["within"] for row in used["operations"]}["query"] == 1
    body = {
        "operations": ["query", "view"],
        "fields_wanted": ["turn"],
        "purpose": "The second half.",
        "why_less_would_not_do": "Rare events.",
        "ends_on": (short.request.ends_on + dt.timedelta(days=9)).isoformat(),
    }
    kept = fellow(f"grants/{short.pk}/renew/", body)
    assert (kept.status_code, kept.json()["code"]) == (409, "unused_kept")
    made = fellow(f"grants/{short.pk}/renew/", {**body, "operations": ["query"]})
    assert (made.status_code, made.json()["renews"]) == (201, short.ref)
    one = f"requests/{made.json()['id']}/"
    no = {"reason": "A shorter time.", "answers": {"fields": {"holds": False, "note": "One."}}}
    assert fellow(f"{one}send-back/", no).status_code == 403
    assert steward(f"{one}send-back/", no).json()["state"] == "changes"
    again = {**body, "operations": ["query"], "starts_on": made.json()["starts_on"]}
    assert fellow(f"{one}revise/", again).json()["state"] == "requested"
    narrowed = {"operations": ["query"], "fields_wanted": ["turn"], "reason": "Enough."}
    assert fellow(f"grants/{short.pk}/narrow/", narrowed).status_code == 200
    assert Grant.objects.get(narrows=short).operations == ["query"]


def test_the_renewal_page_shows_the_use_and_starts_from_it(world: World, short: Grant) -> None:
    answer = page_of(world.applicant, f"{short.get_absolute_url()}renew/")
    page = answer.content.decode()
    assert page.count("Never used") >= 2
    assert "Never renewed before." in page
    form = answer.context["form"]
    assert (form["operations"].value(), form["fields_wanted"].value()) == (["query"], ["turn"])
    empty = page_of(world.applicant, f"{short.get_absolute_url()}renew/", {"purpose": "Half two."})
    assert empty.status_code == 422
    assert "Half two." in empty.content.decode()


def test_the_narrowing_page(world: World, short: Grant) -> None:
    url = f"{short.get_absolute_url()}narrow/"
    assert page_of(world.steward, url).status_code == 200
    wrong = page_of(world.steward, url, {"operations": ["query"], "reason": ""})
    assert set(wrong.context["form"].errors) == {"fields_wanted", "reason"}
    sent = {"operations": ["query"], "fields_wanted": ["turn"], "reason": "Enough."}
    done = page_of(world.steward, url, sent)
    assert done.status_code == 302
    page = page_of(world.applicant, short.get_absolute_url()).content.decode()
    assert "stands in its place" in page
