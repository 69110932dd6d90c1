"""Which day a sentence names: one on the wall of the programme, wherever the reader and UTC are."""

from __future__ import annotations

import ast
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.services import grant_role
from fellowship.clocks import services as clocks
from fellowship.clocks.models import Clock
from fellowship.clocks.services import sweep
from fellowship.kernel import journal, saying
from fellowship.kernel.refusals import Refused
from fellowship.kernel.saying import dated, say
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from fellowship.programs import people_csv
from fellowship.programs.services import found_program, import_people, name_sponsor
from findings import services as findings
from governance.board import ExceptionMatter
from governance.models import RuleVersion
from governance.services import adopt_founding_rules
from publications import policy, terms
from publications import services as publications
from publications.board import DisputeKind
from tests.scenarios import findings as reports
from tests.scenarios import publications as works
from tests.scenarios.access import requested
from tests.scenarios.governance import granted_exception, requested_exception
from tests.scenarios.proposals import assigned, review, submitted_proposal
from tests.scenarios.world import SETUP, World, make_person
from tests.support import days

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = (
    *("fellowship", "governance", "proposals", "scoping"),
    *("access", "findings", "publications", "oversight"),
)
STAMPS = {"%y%m%d", "%Y%m%d", "%a, %d %b %Y %H:%M:%S +0000"}
"""What machines read: keys, and the date of a mail."""


@pytest.fixture(params=["America/Los_Angeles", "Pacific/Kiritimati"])
def there(request: pytest.FixtureRequest, world: World) -> Iterator[ZoneInfo]:
    """The programme's zone, at an hour of it that is of another day in UTC."""
    zone = ZoneInfo(request.param)
    with journal.acting("tests.move", by=SETUP):
        world.program.zone = str(zone)
        world.program.save()
        journal.record(subject=world.program)
    day = now().astimezone(zone).date() + dt.timedelta(days=1)
    hour = 22 if zone.key.startswith("America") else 2
    with frozen(dt.datetime.combine(day, dt.time(hour), zone)):
        assert now().date() != world.program.today() == day
        yield zone


def last_minute(zone: ZoneInfo, after: int) -> tuple[dt.datetime, str]:
    """23:59 there in so many days, and that day in words."""
    day = now().astimezone(zone).date() + dt.timedelta(days=after)
    return dt.datetime.combine(day, dt.time(23, 59), zone).astimezone(dt.UTC), dated(day)


def page(user: User, path: str) -> str:
    """What the person reads there, in UTC."""
    client = Client()
    client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def told(user: User, kind: str) -> Notice:
    """The latest notice of a kind to the person."""
    return Notice.objects.filter(recipient=user, kind=kind).latest("pk")


@pytest.mark.django_db
def test_an_exception_ends_on_one_day(world: World, there: ZoneInfo) -> None:
    """In the board's question, the owner's notice and on its page."""
    ends, day = last_minute(there, 30)
    exception = granted_exception(world, expires_at=ends)
    matter = exception.decision.matter
    assert matter.question.endswith(f"be granted until {day}?")
    notice = told(world.product_owner, "governance.exception")
    assert notice.title.startswith(f"Granted until {day}")
    assert f": until {day}, " in page(world.manager, exception.get_absolute_url())


@pytest.mark.django_db
def test_what_began_that_evening_began_on_that_day(world: World, there: ZoneInfo) -> None:
    exception = requested_exception(world)
    term = ExceptionMatter().dossier(exception)["sections"][0]["rows"]
    assert ["From", dated(world.program.today())] in term


@pytest.mark.django_db
def test_a_proposal_waits_until_one_day(world: World, there: ZoneInfo) -> None:
    """In the reminder of the standard, and once it is over."""
    submitted_proposal(world)
    due, day = last_minute(there, 90)
    clock = Clock.objects.open().get(kind="proposals.decision")
    clocks.extend(clock=clock, by=world.manager, ground="Reviewers are ill", new_due=due)
    with frozen(due - dt.timedelta(hours=1)):
        sweep(now())
        assert told(world.manager, "proposals.case_due").body == f"By our standard until {day}."
    with frozen(due):
        sweep(now())
        late = told(world.manager, "proposals.case_late")
        assert late.body == f"It should have been decided by {day}."


@pytest.mark.django_db
def test_a_window_is_extended_to_one_day(world: World, there: ZoneInfo) -> None:
    """As it is refused, as the author is told and as the page says."""
    work = works.submitted(world)
    latest = policy.latest_extension(work)
    assert latest is not None
    last = dated(world.program.day(latest))
    said = {"publication": work, "ground": "personal_data", "reason": "The vendor asked."}
    late = latest + dt.timedelta(days=1)
    with pytest.raises(Refused) as refused:
        publications.extend_window(**said, new_due=late, by=world.policy_reviewer)
    assert f"until {last} at the latest" in refused.value.refusal.reason
    ends = world.program.calendar().end_of_day(world.program.day(latest))
    publications.extend_window(**said, new_due=ends, by=world.policy_reviewer)
    assert told(world.applicant, "publications.progress").title.endswith(f"to {last}")
    assert f">{last}</time>" in page(world.policy_reviewer, work.get_absolute_url())


@pytest.mark.django_db
def test_a_passage_may_be_put_off_to_the_day_that_is_named(world: World, there: ZoneInfo) -> None:
    work = works.submitted(world)
    with pytest.raises(Refused) as refused:
        works.objected(world, work, ask="delay", until=now() + dt.timedelta(days=400))
    calendar = world.program.calendar()
    last = calendar.day(terms.longest_stage(work.fellowship).due(now(), calendar))
    assert f"put off until {dated(last)} at the latest" in refused.value.refusal.reason
    objection = works.objected(world, work, ask="delay", until=calendar.end_of_day(last))
    assert f">{dated(last)}</time>" in page(world.policy_reviewer, work.get_absolute_url())
    asked = DisputeKind().dossier(objection)["sections"][3]["text"]
    assert asked.endswith(f", until {dated(last)}")


@pytest.mark.django_db
def test_a_stand_in_answers_until_one_day(world: World, there: ZoneInfo) -> None:
    ends, day = last_minute(there, 9)
    owner = reports.accepted(world).product_owner
    cover = findings.enter_cover(
        program=world.program,
        person=owner,
        stand_in=world.manager,
        starts_at=now(),
        ends_at=ends,
        by=owner,
    )
    title = f"You stand in for {owner} until {day}"
    assert Notice.objects.filter(recipient=cover.stand_in, title=title).exists()


def test_the_day_of_an_instant_is_not_said() -> None:
    """Nor an hour of another zone than the text names: the watch on all tests fails."""
    at = now()
    with pytest.raises(AssertionError, match="name its day in the programme"):
        say("Until {at:%-d %B %Y}", at=at)
    with pytest.raises(AssertionError, match="in UTC, and says so"):
        say("Until {at:%-d %B %Y, %H:%M}.", at=at)
    with pytest.raises(AssertionError, match="in UTC, and says so"):
        say("Until {at:%H:%M} UTC", at=at.astimezone(ZoneInfo("Asia/Kolkata")))
    assert say("Until {at:%H:%M} UTC", at=at) == f"Until {at:%H:%M} UTC"


def test_a_day_that_was_said_is_said_again() -> None:
    day = dt.date(2026, 3, 1)
    again = saying.unpacked(saying.pack(say("Until {day}.", day=dated(day))))
    with saying.override("de"):
        assert again.said_in(saying.speech()).endswith("1. März 2026.")


def instants() -> Iterator[str]:
    """Each place in our code that writes a day outside of `say`, or of what is named an instant."""
    for path in sorted(path for app in APPS for path in (ROOT / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            for written in formats(node):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {written}"  # type: ignore[attr-defined]


def formats(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FormattedValue(format_spec=ast.JoinedStr() as spec):
            yield from names_a_day(ast.literal_eval(ast.unparse(spec).lstrip("f")))
        case ast.Call(func=ast.Attribute(attr="strftime"), args=[ast.Constant(value=str(spec))]):
            yield from names_a_day(spec)
        case ast.Call(func=ast.Name(id="say" | "say_n"), args=texts, keywords=parts):
            patterns = [one.value for one in texts if isinstance(one, ast.Constant)]
            found = [days.fields(pattern) for pattern in patterns if isinstance(pattern, str)]
            named = {name for one in found for name, after in one.items() if not after}
            for part in parts:
                what = ast.unparse(part.value)
                if part.arg in named and re.search(r"(^|[._])at$", what):
                    yield what


def names_a_day(spec: str) -> Iterator[str]:
    if re.search(r"%-?d", spec) and "%H" not in spec and spec not in STAMPS:
        yield spec


def test_days_are_written_by_say() -> None:
    """An f-string knows no language, and nothing sees whether what it writes is an instant."""
    assert list(instants()) == []


ENDS = re.compile(
    r"(?:^|[._])(?:due|expires|ends|until|look_again|closes|opens|due_before|due_after)(?:_at)?$"
)
TOLD = (
    re.compile(r'{% when (\S+) "(?:date|short)" %}'),
    re.compile(r'cells\.when\(([^(),]+), "(?:date|short)"\)'),
)
NO_PROGRAMME = {"t.expires_at", "metric.baseline_until", "r.ends_at", "t.until"}
"""A token is a person's; a baseline and an ending have days without hours; what the audit room
shows as of an instant is told as its reader set that."""


def test_on_pages_what_ends_with_a_day_ends_with_a_day_of_the_programme() -> None:
    sources = [*(ROOT / "templates").rglob("*.html")]
    sources += [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in sources
        for told_so in TOLD
        for name in told_so.findall(path.read_text(encoding="utf-8"))
        if ENDS.search(name) and name not in NO_PROGRAMME
    }
    assert found == set()


@pytest.mark.django_db
def test_lists_name_the_day_of_the_programme(world: World, there: ZoneInfo) -> None:
    """Of an exception that runs, of one that is over, and of a role."""
    ends, _ = last_minute(there, 30)
    last = ends.astimezone(there).date()
    granted_exception(world, expires_at=ends)
    short = f"{last:%-d %b}"
    assert f">{short}" in page(world.manager, "/exceptions/")
    client = Client()
    client.force_login(world.admin)
    sent = {"realm": world.program.realm.slug, "person": world.stranger.email, "role": "mentor"}
    sent |= {"ends_at": last.isoformat(), "reason": "Helps out.", "seat": ""}
    assert client.post("/accounts/roles/grant/", sent).status_code == 302
    held = RoleAssignment.objects.get(user=world.stranger)
    assert held.ends_at == world.program.calendar().end_of_day(last)
    assert f">{last:%-d %B %Y}<" in page(world.admin, "/accounts/roles/?q=stranger")
    assert f'until <time datetime="{last}">' in page(world.stranger, "/accounts/profile/")


@pytest.mark.django_db
def test_lists_name_the_day_it_came_in_by_the_programmes_clock(
    world: World, there: ZoneInfo
) -> None:
    """Of a proposal submitted that evening and of a request made then."""
    today = world.program.today()
    proposal = submitted_proposal(world)
    assert f">{dated(today)}</time>" in page(world.manager, "/proposals/all/")
    review(assigned(world, proposal))
    assert f">{dated(today)}</time>" in page(world.reviewer, "/proposals/reviews/")
    requested(world)
    assert f">{today:%-d %b}" in page(world.steward, "/access/desk/")


@pytest.mark.django_db
def test_a_role_from_a_list_lasts_to_the_end_of_its_last_day(world: World, there: ZoneInfo) -> None:
    last = world.program.today() + dt.timedelta(days=9)
    rows = people_csv.read(f"email,role,until\nzoe@example.org,mentor,{last}\n")
    import_people(program=world.program, rows=rows, by=world.admin, reason="The list.")
    held = RoleAssignment.objects.get(user__email="zoe@example.org")
    assert held.ends_at == world.program.calendar().end_of_day(last)


@pytest.mark.django_db
def test_what_was_in_force_on_a_day_is_told_by_the_programmes_clock(there: ZoneInfo) -> None:
    second = found_program(slug="second", name="Second", purpose="To compare.", by=SETUP)
    with journal.acting("tests.move", by=SETUP):
        second.zone = str(there)
        second.save()
        journal.record(subject=second)
    admin, sponsor = make_person("second_admin"), make_person("second_sponsor")
    grant_role(user=admin, realm=second.realm, role=roles.ADMINISTRATOR, by=SETUP)
    grant_role(user=sponsor, realm=second.realm, role=roles.SPONSOR, by=SETUP)
    name_sponsor(program=second, sponsor=User.objects.get(pk=sponsor.pk), by=SETUP)
    adopt_founding_rules(program=second, by=User.objects.get(pk=admin.pk))
    rules = RuleVersion.objects.filter(program=second)
    today = second.today()
    assert rules.current_on(today).count() == rules.count() > 0
    assert not rules.current_on(today - dt.timedelta(days=1)).exists()
