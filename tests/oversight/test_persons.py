"""One's own data: the copy a person takes, and what is left of them once they are forgotten."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, DjangoDbBlocker

from fellowship.accounts.models import ApiToken, User
from fellowship.accounts.services import create_token, end_role
from fellowship.history import erasing, tiles
from fellowship.history.models import Event, Redaction
from fellowship.history.seal import seal
from fellowship.history.traces import traces_of
from fellowship.history.triggers import redacting
from fellowship.history.verify import verify
from fellowship.kernel import blobs
from fellowship.kernel.refusals import Refused
from fellowship.notices.models import Notice
from oversight import services
from oversight.audit import search
from oversight.models import Erasure, PersonalCopy
from oversight.persons import copying, held
from oversight.tasks import make_exports
from tests.scenarios.oversight import Case, whole_case
from tests.scenarios.world import SETUP, World
from tests.support import kept
from tests.support.exports import exported, verified

pytestmark = pytest.mark.django_db
NAME, ORCID = "Zofia Żeleńska-Quint", "0000-0002-1825-0097"
EMAIL, USERNAME, EARLIER = "zofia.quint@lab.example", "zofiaquint", "Zosia"


@dataclass
class Told:
    """A case whose fellow has a name of her own, written in many places."""

    world: World
    case: Case
    person: User


@pytest.fixture(scope="module")
def kept_told(kept_world: World, django_db_blocker: DjangoDbBlocker) -> Iterator[Told]:
    with kept.built(lambda: _told(copy.deepcopy(kept_world)), django_db_blocker) as told:
        yield told


@pytest.fixture
def told(kept_told: Told) -> Told:
    return copy.deepcopy(kept_told)


def _told(world: World) -> Told:
    person = world.fresh("applicant")
    person.name, person.orcid, person.email, person.username = NAME, ORCID, EMAIL, USERNAME
    person.save()
    world.people["applicant"] = person
    case = whole_case(world)
    search.index()
    return Told(world, case, person)


def everything() -> str:
    """Every column of every table as text: what a dump of the database holds."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found += [f"{table}: {row}" for row in cursor.fetchall()]
    return "\n".join(found)


def lines_with(text: str, word: str) -> list[str]:
    """The rows that hold the word, whatever its case, also as JSON keeps it to ASCII."""
    words = {word.casefold(), json.dumps(word)[1:-1].casefold()}
    words |= {word.replace("\\", "\\\\") for word in words}
    return [
        line[:200] for line in text.splitlines() if any(one in line.casefold() for one in words)
    ]


def ended(told: Told) -> User:
    """The person with no role left."""
    for assignment in told.person.role_assignments.all():
        if assignment.ends_at is None:
            end_role(assignment=assignment, by=SETUP, reason=f"{NAME} has gone")
    return User.objects.get(pk=told.person.pk)


def approved(told: Told) -> Erasure:
    """An erasure a second person has approved."""
    person = ended(told)
    erasure = services.ask_erasure(
        person=person, words=f"{EARLIER}\nzosia@old.example", reason=f"{NAME} asks", by=person
    )
    return services.approve_erasure(erasure=erasure, by=told.world.fresh("admin"))


def test_nothing_of_the_person_is_left_and_the_record_verifies(
    told: Told, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, tmp_path: Any
) -> None:
    create_token(user=told.person, scopes=["read"], name=f"laptop of {NAME}", by=SETUP)
    Client().force_login(told.person)
    ended(told)
    seal()
    assert verify().ok
    before = everything()
    tables = {line.split(":")[0] for line in lines_with(before, NAME)}
    assert {"history_event", "notices_notice", "governance_historicaldossier"} <= tables
    assert {"oversight_eventwords", "accounts_user"} <= tables
    assert lines_with(before, EMAIL)
    assert lines_with(before, ORCID)
    erasure = approved(told)
    with django_capture_on_commit_callbacks(execute=True):
        call_command("erase_people", verbosity=0)

    after = everything()
    for word in (NAME, EMAIL, ORCID, USERNAME, EARLIER, "zosia@old.example"):
        assert lines_with(after, word) == [], word
    report = verify()
    assert report.problems == []
    assert any("recorded erasures" in note for note in report.notes)
    seal()
    assert verify().problems == []
    checkpoint = tiles.export(tmp_path / "log")
    assert checkpoint.root_hash == verify().root
    folder = exported(told.world.program.slug, tmp_path)
    assert not [path for path in folder.rglob("*") if path.is_file() and NAME in path.read_text()]
    code, said = verified(folder)
    assert (code, "history rows were redacted by the erasure at index" in said) == (0, True), said
    done = Erasure.objects.get(pk=erasure.pk)
    assert done.state == "Carried out"
    assert done.rows
    person = User.objects.get(pk=told.person.pk)
    assert (person.name, person.is_active) == (f"Person {person.pk}", False)
    assert not person.has_usable_password()
    assert not Notice.objects.filter(recipient=person).exists()
    assert not ApiToken.objects.filter(user=person, revoked_at=None).exists()
    assert Event.objects.filter(actor=person).exists(), "what they did stays, under a number"
    call_command("erase_people", verbosity=0)
    assert Event.objects.filter(verb="oversight.erase_person").count() == 1


def test_what_an_erasure_did_not_do_is_still_found(told: Told) -> None:
    seal()
    services.erase_person(erasure=approved(told), by=services.ERASING)
    history = erasing.apps.get_model("governance.HistoricalDossier")
    row = history.objects.exclude(body={}).first()
    redaction = Redaction.objects.filter(model="governance.historicaldossier").first()
    assert redaction is not None
    with redacting(connection):
        history.objects.filter(pk=row.pk).update(sha256="0" * 64)
    assert [p.kind for p in verify().problems][:1] == ["row"]
    with redacting(connection):
        history.objects.filter(pk=row.pk).update(sha256=row.sha256)
    assert verify().ok
    with redacting(connection):
        Redaction.objects.filter(pk=redaction.pk).update(before="0" * 64)
    assert "redaction" in {p.kind for p in verify().problems}
    Redaction.objects.create(
        event=redaction.event, model="x", row=1, before="0" * 64, after="1" * 64
    )
    with redacting(connection):
        Redaction.objects.filter(pk=redaction.pk).update(before=redaction.before)
    assert [p.kind for p in verify().problems] == ["redaction"]


def test_the_record_is_as_closed_as_before_once_it_is_done(told: Told) -> None:
    services.erase_person(erasure=approved(told), by=services.ERASING)
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.filter(pk=Event.objects.first().pk).update(reason="another")  # type: ignore[union-attr]


def test_a_second_person_approves_and_only_once_the_person_holds_nothing(told: Told) -> None:
    world = told.world
    admin, person = world.fresh("admin"), told.person
    with pytest.raises(Refused, match="Only an administrator"):
        services.ask_erasure(person=person, reason="They ask", by=world.fresh("manager"))
    with pytest.raises(Refused, match="Say why"):
        services.ask_erasure(person=person, reason=" ", by=person)
    erasure = services.ask_erasure(person=person, reason="They ask", by=admin)
    assert services.ask_erasure(person=person, reason="Again", by=person) == erasure
    for by, why in ((admin, "second person"), (person, "Somebody else"), (world.manager, "Only")):
        with pytest.raises(Refused, match=why):
            services.approve_erasure(erasure=erasure, by=by)
    second = User.objects.get(pk=world.people["stranger"].pk)
    second.is_superuser = True
    second.save()
    with pytest.raises(Refused, match="still hold a role"):
        services.approve_erasure(erasure=erasure, by=second)
    assert services.erase_person(erasure=erasure, by=services.ERASING).done_at is None
    refused = services.refuse_erasure(erasure=erasure, reason="An appeal is open.", by=second)
    assert refused.state == "Refused"
    assert Notice.objects.get(kind="oversight.erasure_refused").body == "An appeal is open."
    with pytest.raises(Refused, match="answered already"):
        services.refuse_erasure(erasure=erasure, reason="Again", by=second)


def test_the_application_role_leaves_it_to_the_owner(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved(told)
    monkeypatch.setattr(erasing, "may_write", lambda: False)
    with pytest.raises(CommandError, match="owning role"):
        call_command("erase_people")
    from oversight.tasks import erase_people

    assert erase_people(told.case.fellowship.created_at) == 0


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("Ada Nwosu", "Person 7"),
        ("by ada  nwosu, and Ada Nwosus", "by Person 7, and Ada Nwosus"),
        ("ADA@lab.example", "person-7@erased.invalid"),
        ("mail ada@lab.example now", "mail [erased] now"),
        ("0000-0002-1825-0097", ""),
        ("Adage of Ada", "Adage of Ada"),
    ],
)
def test_words_give_way_where_they_stand_alone(text: str, instead: str) -> None:
    traces = traces_of(pseudonym="Person 7", names=["Ada Nwosu"], codes=["ada@lab.example", ORCID])
    assert traces.out_of(text) == instead
    assert traces.out_of_json({"a": [text, 1, None]}) == {"a": [instead, 1, None]}


def test_the_copy_holds_what_is_theirs_and_nothing_of_others(told: Told) -> None:
    world = told.world
    others = list(User.objects.exclude(pk=told.person.pk))
    content, records = copying.write(told.person)
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        said = json.loads(bundle.read("your-data.json"))
        page = bundle.read("your-data.html").decode()
    assert said["person"]["email"] == EMAIL
    assert {"proposals.proposalversion", "access.agreement", "access.accessevent"} <= set(
        said["records"]
    )
    assert records == sum(map(len, said["records"].values())) + len(said["acts"])
    assert NAME in page
    own = json.dumps(
        {key: said["records"][key] for key in said["records"] if key != "notices.notice"}
    )
    for other in others:
        assert other.email not in own
    for label in ("governance.vote", "proposals.review"):
        assert label not in said["records"], "another's"
    assert [one for one in said["named_in"] if one["kind"] == "fellowship"]
    assert world.mentor.name not in json.dumps(said["person"])


def test_columns_that_others_write_are_there_to_be_left_out() -> None:
    for label, columns in held.OTHERS.items():
        known = {column.name for column in apps.get_model(label)._meta.concrete_fields}
        assert columns <= known, label
    for label, path in held.WHOLE.items():
        assert apps.get_model(label)._meta.get_field(path.split("__")[0])


def test_a_copy_is_made_by_a_worker_and_taken_by_its_person_alone(
    told: Told, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    browser = Client()
    browser.force_login(told.person)
    assert browser.post(reverse("oversight:ask_copy")).status_code == 302
    assert browser.post(reverse("oversight:ask_copy")).status_code == 302
    found = PersonalCopy.objects.get()
    assert "Being made" in browser.get(reverse("oversight:your_data")).content.decode()
    make_exports()
    found = PersonalCopy.objects.get()
    assert found.sha256 in set(blobs.references())
    address = reverse("oversight:take_copy", args=[found.pk])
    answer = browser.get(address)
    assert answer.status_code == 200
    assert zipfile.is_zipfile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    assert Notice.objects.filter(kind="oversight.personal_copy", recipient=told.person).exists()
    other = Client()
    other.force_login(told.world.fresh("admin"))
    assert other.get(address).status_code == 404


def test_the_pages_of_an_erasure(told: Told) -> None:
    person = ended(told)
    browser, admin = Client(), Client()
    browser.force_login(person)
    admin.force_login(told.world.fresh("admin"))
    assert browser.get(reverse("oversight:forget_me")).status_code == 200
    assert browser.post(reverse("oversight:forget_me"), {"reason": ""}).status_code == 422
    assert browser.post(reverse("oversight:forget_me"), {"reason": "I ask"}).status_code == 302
    erasure = Erasure.objects.get()
    assert NAME in admin.get(reverse("oversight:erasures")).content.decode()
    page = reverse("oversight:erasure", args=[erasure.pk])
    assert "Approve the erasure" in admin.get(page).content.decode()
    assert browser.get(page).status_code == 404
    assert browser.get(reverse("oversight:erasures")).status_code == 404
    approve = reverse("oversight:approve_erasure", args=[erasure.pk])
    assert admin.post(approve).status_code == 302
    assert Erasure.objects.get().state == "Approved, to be carried out"
    assert browser.get(reverse("oversight:your_data")).status_code == 302, "the account is closed"
    assert admin.get(reverse("oversight:forget", args=[person.pk])).status_code == 200
    assert browser.get(reverse("oversight:forget", args=[person.pk])).status_code == 302
