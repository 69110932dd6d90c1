"""People by a list: read from any spreadsheet, tried without a trace, brought once."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import has_role
from fellowship.accounts.services import create_token
from fellowship.history.models import Event
from fellowship.kernel import saying
from fellowship.kernel.refusals import Refused
from fellowship.notices.models import Notice
from fellowship.programs import people_csv, services
from fellowship.programs.people_csv import BadRow, PersonRow
from fellowship.programs.services.people import Fate, fingerprint
from tests.scenarios.world import SETUP, World

pytestmark = pytest.mark.django_db
LIST = (
    "email,name,affiliation,role,seat,until\n"
    "new@example.org,Zoë Lindqvist,Elsewhere,reviewer,,\n"
    "NEW@example.org,,,mentor,,2040-01-31\n"
    "reviewer@example.org,,,reviewer,,\n"
    "steward@example.org,,,mentor,,\n"
    "nobody,,,reviewer,,\n"
    "a@example.org,A,,wizard,,\n"
    "b@example.org,B,,board_member,,\n"
    "c@example.org,C,,board_member,legal,\n"
    'd@example.org,"=HYPERLINK(1)",,reviewer,,\n'
    "new@example.org,Zoë,,reviewer,,\n"
    "admin@example.org,,,mentor,,\n"
    "applicant@example.org,,,reviewer,,31.12.2040\n"
)
FATES = ["invited", "granted", "held", "granted", *["refused"] * 8]


def page(world: World) -> str:
    return f"/calls/programmes/{world.program.slug}/people/"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def counts() -> tuple[int, int, int, int]:
    models = (User, RoleAssignment, Event, Notice)
    return tuple(model.objects.count() for model in models)  # type: ignore[return-value]


@pytest.mark.parametrize(
    "data",
    [
        LIST.encode(),
        LIST.encode("utf-8-sig"),
        LIST.encode("utf-16"),
        LIST.encode("cp1252"),
        LIST.replace(",", ";").encode("utf-8-sig"),
        LIST.replace(",", "\t").replace("\n", "\r\n").encode(),
        LIST.replace("email,", "E-Mail Address,", 1)
        .replace(",reviewer,", ",Panel reviewer,")
        .encode(),
    ],
    ids=["plain", "marked", "utf-16", "windows-1252", "semicolons", "tabs", "labels"],
)
def test_what_spreadsheets_write_is_read(data: bytes) -> None:
    """The first row is the same person whatever the file's signs and separators."""
    rows = people_csv.read(people_csv.decoded(data))
    first = rows[0]
    assert isinstance(first, PersonRow)
    assert (first.line, first.email, first.name) == (2, "new@example.org", "Zoë Lindqvist")
    assert (first.affiliation, first.role, first.seat) == ("Elsewhere", "reviewer", "")
    assert len(rows) == 12


def test_each_bad_row_says_what_to_change() -> None:
    """At its line; the others are read."""
    said = {row.line: row.problem for row in people_csv.read(LIST) if isinstance(row, BadRow)}
    assert said == {
        6: "This is no e-mail address.",
        7: f"There is no role “wizard”. Write one of: {', '.join(roles.ROLES)}.",
        10: "A name does not begin with =: a spreadsheet takes it for a formula.",
        11: "Line 2 says the same.",
        13: "Write the day it ends as 2027-12-31.",
    }


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"name,affiliation\nA,B\n", "it lacks “email” and “role”"),
        (b"\x81\x8d\xff\x00", "no text file"),
        (b"email,role\n\x00,x", "no text file"),
        (b"email,role\n" + b"a@example.org,mentor\n" * 2_001, "at most 2,000 rows"),
        (b'email,role\n"' + b"x" * 200_000, "cannot be read"),
    ],
)
def test_a_file_that_is_no_list_says_so(data: bytes, said: str) -> None:
    """In one sentence that says what to do."""
    with pytest.raises(people_csv.Unreadable, match=said):
        people_csv.read(people_csv.decoded(data))


def test_a_seat_there_is_not_names_those_there_are() -> None:
    """As the keys to write."""
    (row,) = people_csv.read("email,role,seat\nbo@example.org,board_member,finance\n")
    assert isinstance(row, BadRow)
    seats = "research, product, security, legal, policy"
    assert row.problem == f"There is no seat “finance”. Write one of: {seats}."


def test_a_trial_tells_everything_and_leaves_no_trace(world: World) -> None:
    """What it said is what is done then; again, nothing is left to do."""
    rows = people_csv.read(LIST)
    before = counts()
    tried = services.try_people(program=world.program, rows=rows, by=world.admin)
    assert [one.fate.value for one in tried] == FATES
    assert "Board Legal" in tried[7].problem
    assert tried[10].problem == "Nobody grants a role to themselves."
    with saying.override("de"):
        assert str(tried[10].problem) == "Niemand vergibt sich selbst eine Rolle."
    assert counts() == before
    done = services.import_people(
        program=world.program, rows=rows, by=world.admin, expected=fingerprint(tried)
    )
    assert done == tried
    new = User.objects.get(email="new@example.org")
    assert (new.name, new.affiliation) == ("Zoë Lindqvist", "Elsewhere")
    assert not new.has_usable_password()
    assert has_role(new, world.program.pk, roles.REVIEWER, roles.MENTOR)
    invited = Notice.objects.get(kind="programs.invited")
    assert (invited.recipient, invited.urgent) == (new, True)
    assert "/accounts/password/reset/" in invited.body
    assert Notice.objects.filter(kind="programs.role_given").count() == 2
    after = counts()
    again = services.import_people(program=world.program, rows=rows, by=world.admin)
    assert [one.fate for one in again[:4]] == [Fate.HELD] * 4
    assert counts() == after


def test_only_an_administrator_brings_people(world: World) -> None:
    """Others get a 404 at the page and a refusal from the verb."""
    rows = people_csv.read(LIST)
    for name in ("manager", "auditor", "stranger"):
        with pytest.raises(Refused):
            services.import_people(program=world.program, rows=rows, by=world.people[name])
        for path in (page(world), page(world) + "template.csv"):
            assert client_of(world.people[name]).get(path).status_code == 404


def test_the_page_shows_each_row_before_anything_happens(world: World) -> None:
    """Upload, look, confirm; if something changed meanwhile, look again."""
    client = client_of(world.admin)
    assert "Download a file" in client.get(page(world)).content.decode()
    template = client.get(page(world) + "template.csv")
    assert all(isinstance(row, PersonRow) for row in people_csv.read(template.content.decode()))
    file = SimpleUploadedFile("people.csv", LIST.replace(",", ";").encode("cp1252"))
    before = counts()
    shown = client.post(page(world), {"file": file})
    html = shown.content.decode()
    assert (shown.status_code, counts()) == (200, before)
    for words in ("Zoë Lindqvist", "There is no role “wizard”.", "Line 2 says the same."):
        assert words in html
    for written in (">wizard<", "This is no e-mail address."):
        assert written in html
    expected = {"text": shown.context["text"], "expected": shown.context["expected"]}
    assert client.post(page(world), {**expected, "expected": "0" * 64}).status_code == 422
    assert not User.objects.filter(email="new@example.org").exists()
    done = client.post(page(world), expected)
    assert (done.status_code, done.url) == (302, "/accounts/roles/")
    assert User.objects.filter(email="new@example.org").exists()
    for wrong in ({"text": ""}, {"text": "name\nA"}):
        assert client.post(page(world), wrong).status_code == 422


def test_the_command_and_the_api_do_the_same(world: World, tmp_path: Path) -> None:
    """The same function behind page, command and API."""
    path = tmp_path / "people.csv"
    path.write_text(LIST)
    out = io.StringIO()
    before = counts()
    call_command("import_people", world.program.slug, str(path), dry_run=True, stdout=out)
    assert counts() == before
    assert "2: new@example.org: Gets an account, an invitation and the role" in out.getvalue()
    with pytest.raises(CommandError, match="no programme 'none'"):
        call_command("import_people", "none", str(path))
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_people", world.program.slug, str(tmp_path / "none.csv"))
    _, secret = create_token(user=world.admin, scopes=["read", "write"], by=SETUP)
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    url = f"/api/v1/programmes/{world.program.slug}/people/"
    for dry_run in (True, False):
        answer = client.post(url, {"csv": LIST, "dry_run": dry_run}, "application/json")
        assert [line["fate"] for line in answer.json()] == FATES, answer.json()
    assert User.objects.filter(email="new@example.org").exists()
    bad = client.post(url, {"csv": "x"}, "application/json")
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (400, "/csv")
    assert (
        client.post(url.replace(world.program.slug, "x"), {}, "application/json").status_code == 404
    )


def test_what_a_person_costs_stays_the_same(world: World) -> None:
    """So many queries each, however many they are."""
    asked = []
    for first, many in ((0, 1), (1, 3), (4, 13)):
        lines = "".join(f"p{n}@example.org,P {n},reviewer\n" for n in range(first, first + many))
        rows = people_csv.read(f"email,name,role\n{lines}")
        with CaptureQueriesContext(connection) as queries:
            done = services.import_people(program=world.program, rows=rows, by=world.fresh("admin"))
        assert {one.fate for one in done} == {Fate.INVITED}
        asked.append(len(queries))
    (each,) = {(asked[1] - asked[0]) / 2, (asked[2] - asked[1]) / 10}
    assert each <= 27
