"""From nothing to an open call by pages alone, and who may take which step."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest import mock

import lxml.html
import pytest
from django.core.management import call_command
from django.test import Client

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import has_role
from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from fellowship.programs.models import Call, Program
from fellowship.programs.services import found_program
from fellowship.programs.states import CallState, LaunchItem, Stage
from governance import founding
from governance.models import RuleVersion
from governance.states import RuleKind
from tests.scenarios.world import World, make_person, make_world

FOUND = "/calls/programmes/found/"
NEW = {
    "name": "Evaluations",
    "slug": "evaluations",
    "purpose": "Measure what the models hold back.",
    "sponsor": "",
    "zone": "Europe/London",
    "holidays": "2027-12-25\n2027-01-01",
}
PEOPLE = {
    "manager": (roles.MANAGER, ""),
    "chair": (roles.CHAIR, ""),
    "reviewer": (roles.REVIEWER, ""),
    "steward": (roles.STEWARD, ""),
    "product-owner": (roles.PRODUCT_OWNER, ""),
    **{f"board-{seat}": (roles.BOARD_MEMBER, seat) for seat in roles.Seat.values},
}
FURNITURE: dict[str, list[dict[str, str]]] = {
    "track": [
        {
            "key": "open_methods",
            "summary": "Methods.",
            "approval": "Nobody.",
            "communication": "All.",
        }
    ],
    "model": [
        {
            "key": "open_methods",
            "access_level": "Public data",
            "publication_freedom": "High",
            "best_for": "Benchmarks",
            "main_risk": "Low relevance",
        }
    ],
    "output": [
        {
            "name": "Evaluation harness",
            "access_level": "Internal",
            "reviews": "Scientific and policy",
            "publication_timeline": "30 days",
            "milestones": "Protocol\nWeek 12: Harness\nReport",
        }
    ],
    "step": [
        {
            "key": "short_term_fellow",
            "summary": "One scope.",
            "fellow_side": "The milestones.",
            "company_side": "A mentor.",
            "begins_and_ends": "With the scope.",
            "pay": "A stipend.",
        }
    ],
    "standard": [
        {"stage": stage, "owner": "manager", "standard": f"How we {stage}."}
        for stage in Stage.values
    ],
}


def client_of(user: User) -> Client:
    """A browser signed in as this person."""
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


@pytest.fixture
def operator(db: None) -> User:
    """Who runs the installation, before any programme is there."""
    call_command(
        "createsuperuser",
        interactive=False,
        email="op@example.org",
        username="op",
        name="Op Erator",
    )
    return User.objects.get(username="op")


def done(client: Client, url: str, data: dict[str, str]) -> str:
    """Post a form that is taken; where it leads."""
    response = client.post(url, data)
    assert response.status_code == 302, response.content.decode()
    return response["Location"]


def shown_as_typed_in_german(admin: Client) -> None:
    """What a German page shows in a field, it takes again, and keeps it as an English one does."""
    for kind in RuleKind.values:
        for _ in range(2):
            shape = f"/rules/first/evaluations/{kind}/"
            page = admin.get(shape, headers={"accept-language": "de"})
            html = lxml.html.fromstring(page.content.decode())
            form = next(f for f in html.forms if "title" in f.fields)
            typed = {name: value for name, value in form.form_values() if value is not None}
            answer = admin.post(shape, typed, headers={"accept-language": "de"})
            assert answer.status_code == 302, (kind, answer.context["form"].errors)
    drafts = RuleVersion.objects.filter(status="draft")
    kept = {draft.kind: draft.parameters for draft in drafts}
    founded = {kind: founding.parameters(kind) for kind in RuleKind.values}
    founded["fellowship_policy"]["longest_fellowship_months"] = 9
    assert kept == founded


def test_a_programme_is_founded_and_set_up_by_pages(operator: User) -> None:
    people = {name: make_person(name) for name in (*PEOPLE, "sponsor")}
    admin = client_of(operator)
    assert "Found the first programme" in admin.get("/").content.decode()
    assert FOUND in admin.get("/calls/programmes/").content.decode()
    page = done(admin, FOUND, NEW)
    program = Program.objects.get()
    wizard = page
    assert "Set up Evaluations" in admin.get("/").content.decode()
    page = f"/calls/programmes/{program.slug}/"
    assert wizard == f"{page}set-up/"
    assert next_of(admin, wizard) == "Name the sponsor"
    assert (program.zone, program.holidays) == ("Europe/London", ["2027-01-01", "2027-12-25"])
    assert has_role(User.objects.get(pk=operator.pk), program.pk, roles.ADMINISTRATOR)
    assert "Nobody is programme manager" in admin.get(page).content.decode()
    assert "Name the programme" in admin.get("/rules/first/evaluations/").content.decode()
    done(admin, f"{page}sponsor/", {"sponsor": "sponsor"})
    give = f"/accounts/roles/grant/?realm={program.slug}"
    assert give in admin.get(wizard).content.decode()
    assert admin.get(give).context["form"]["realm"].value() == program.slug
    for name, (role, seat) in PEOPLE.items():
        given = {"realm": program.slug, "person": name, "role": role, "seat": seat}
        done(admin, "/accounts/roles/grant/", {**given, "ends_at": "", "reason": "Joins."})
    home = client_of(people["manager"]).get("/").content.decode()
    assert "Set up Evaluations" in home
    assert f"{page}set-up/" in home
    assert "/rules/first/evaluations/" in admin.get("/rules/").content.decode()
    assert "Adopt them" in admin.get("/rules/first/evaluations/").content.decode()
    assert next_of(admin, wizard) == "Adopt the first rules"
    in_german = admin.get(wizard, headers={"accept-language": "de"}).content.decode()
    assert "Weiter: Die ersten Regeln beschließen" in in_german
    assert "Keine Fassung ist in Kraft von: Standard zur Datenklassifizierung" in in_german
    shape = "/rules/first/evaluations/fellowship_policy/"
    form = admin.get(shape).context["form"]
    shaped = {name: value for name, value in form.initial.items() if value is not None}
    months = next(f.name for f in form if f.label == "Longest fellowship, in months")
    assert shaped[months] == 12
    for _ in range(2):
        done(admin, shape, {**shaped, months: "9"})
    assert "Changed" in admin.get("/rules/first/evaluations/").content.decode()
    shown_as_typed_in_german(admin)
    assert admin.post(shape, {**shaped, months: "many"}).status_code == 422
    assert done(admin, "/rules/first/evaluations/", {}) == wizard
    policy = RuleVersion.objects.get(program=program, kind=RuleKind.FELLOWSHIP_POLICY)
    assert (policy.version, policy.params.longest_fellowship_months) == (1, 9)
    assert "from now on the board changes it" in admin.get(shape).content.decode()
    assert admin.post(shape, shaped).status_code == 422
    assert RuleVersion.objects.filter(program=program, version=1).count() == len(RuleKind)
    for part, rows in FURNITURE.items():
        for row in rows:
            done(admin, f"{page}add/{part}/", row)
    assert "All of them are here." in admin.get(f"{page}add/standard/").content.decode()
    assert program.output_types.get().key == "evaluation-harness"
    titles = [str(milestone) for milestone in program.output_types.get().template()]
    assert titles == ["Protocol", "Week 12: Harness", "Report"]

    manager = client_of(people["manager"])
    period = {"name": "Spring", "starts_on": "2027-01-01", "ends_on": "2027-06-30"}
    done(manager, f"{page}cohort/", period)
    assert "Setting it up" not in manager.get(page).content.decode()
    set_up = manager.get(wizard)
    assert (set_up.context["next"], set_up.context["stand"]) == (None, 0)
    assert "Go on to the launch" in set_up.content.decode()
    for item in LaunchItem.values:
        done(manager, f"{page}checklist/{item}/", {"evidence": "See the wiki."})
    at = now()
    call = {
        **dict.fromkeys(("title", "summary", "topics", "constraints", "eligibility"), "Text."),
        "publication_rules": "Published by default.",
        "places": "3",
        "opens_at": f"{at:%Y-%m-%dT%H:%M}",
        "closes_at": f"{at + dt.timedelta(days=30):%Y-%m-%dT%H:%M}",
    }
    address = done(manager, f"{page}call/", call)
    done(manager, f"{address}publish/", {})
    assert Call.objects.get().state == CallState.PUBLISHED


def next_of(client: Client, wizard: str) -> str:
    return str(client.get(wizard).context["next"].title)


def test_an_administrator_founds_the_next_programme_once(db: None) -> None:
    world = make_world()
    admin = client_of(world.admin)
    assert FOUND in admin.get("/accounts/roles/").content.decode()
    for _ in range(2):
        done(admin, FOUND, {**NEW, "sponsor": world.sponsor.email})
    program = Program.objects.get(realm__slug="evaluations")
    assert program.sponsor == world.sponsor
    events = Event.objects.filter(realm_id=program.pk)
    assert events.filter(verb="programs.found_program").count() == 1
    assert RoleAssignment.objects.filter(realm=program.pk).count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("slug", "found"),
        ("slug", "meridian"),
        ("slug", "two words"),
        ("sponsor", "nobody"),
        ("zone", "Mars/Olympus"),
        ("holidays", "Christmas"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(db: None, field: str, value: str) -> None:
    admin = client_of(make_world().admin)
    response = admin.post(FOUND, {**NEW, field: value})
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert Program.objects.count() == 1


@pytest.mark.parametrize("name", ["stranger", "applicant", "manager", "chair", "sponsor"])
def test_founding_is_for_administrators(db: None, name: str) -> None:
    world = make_world()
    client = client_of(world.people[name])
    assert client.get(FOUND).status_code == 404
    assert client.post(FOUND, NEW).status_code == 404
    with pytest.raises(Refused, match="Only an administrator founds a programme"):
        found_program(slug="x", name="X", purpose="X.", by=world.fresh(name))


def test_others_do_not_set_a_programme_up(db: None) -> None:
    world = make_world()
    page = f"/calls/programmes/{world.program.slug}/"
    chair = client_of(world.chair)
    before = Event.objects.count()
    for url, data in (
        (f"{page}sponsor/", {"sponsor": "chair"}),
        (f"{page}add/output/", FURNITURE["output"][0]),
        (f"{page}cohort/", {"name": "A", "starts_on": "2027-01-01", "ends_on": "2027-02-01"}),
    ):
        assert "Only a programme manager" in chair.get(url).content.decode()
        assert chair.post(url, data).status_code == 422, url
        assert client_of(world.stranger).get(url).status_code == 404
    assert client_of(world.stranger).get("/rules/first/meridian/").status_code == 404
    assert Event.objects.count() == before
    assert "Setting it up" not in chair.get(page).content.decode()


def test_an_output_or_cohort_of_the_same_name_is_named(world: World) -> None:
    page = f"/calls/programmes/{world.program.slug}/"
    manager = client_of(world.manager)
    same: list[tuple[str, dict[str, Any]]] = [
        ("add/output/", {**FURNITURE["output"][0], "name": "Eval harness"}),
        ("cohort/", {"name": "Spring", "starts_on": "2027-01-01", "ends_on": "2027-02-01"}),
    ]
    for url, data in same:
        response = manager.post(f"{page}{url}", data)
        assert (response.status_code, list(response.context["form"].errors)) == (422, ["name"])


def test_a_failing_ledger_founds_nothing(operator: User) -> None:
    with (
        mock.patch.object(Event, "save", side_effect=RuntimeError("disk full")),
        pytest.raises(RuntimeError),
    ):
        found_program(slug="x", name="X", purpose="X.", by=operator)
    assert not Program.objects.exists()
    assert not RoleAssignment.objects.exists()
