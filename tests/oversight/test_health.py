"""Governance health: each figure counts what it says, leads to it, and reaches the board."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from fellowship.accounts.services import declare_conflict
from fellowship.clocks.queries import days_of, days_with, history
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from fellowship.programs.services import found_program
from governance import agenda
from governance import services as governance
from governance.models import Decision, ExceptionRecord, Matter
from oversight import services
from oversight.health import days, duties, report, votes
from oversight.health.measures import MEASURES
from oversight.health.scope import Scope
from oversight.health.states import HealthFigure as F
from oversight.models import HealthBreach, HealthReading
from tests.scenarios import findings as finding_scenes
from tests.scenarios import publications as publication_scenes
from tests.scenarios.governance import decide_on, raised_escalation, requested_exception
from tests.scenarios.proposals import submitted_proposal
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.theatre import BEGUN, played
from tests.scenarios.world import SETUP, World, make_world
from tests.support import kept

DAY = dt.timedelta(days=1)


def _world_some_weeks_old() -> World:
    with frozen(now() - BEGUN):
        return make_world()


kept_world = kept.fixture(_world_some_weeks_old)


@pytest.fixture(scope="module")
def kept_theatre(
    kept_world: World, django_db_blocker: DjangoDbBlocker
) -> Iterator[list[ExceptionRecord]]:
    with kept.built(lambda: played(kept_world), django_db_blocker) as made:
        yield made


@pytest.fixture
def theatre(kept_theatre: list[ExceptionRecord], world: World) -> list[ExceptionRecord]:
    """Ten decisions of a board with a member who approves everything unread."""
    return copy.deepcopy(kept_theatre)


def counts(scope: Scope) -> dict[str, tuple[int, int | None]]:
    """Every figure's cases, and of how many."""
    return {key: (r.cases, r.of) for key, r in report.measure(scope).readings.items()}


def client(world: World, name: str) -> Client:
    found = Client()
    found.force_login(world.fresh(name))
    return found


# --- how the board votes --------------------------------------------------------------------


@pytest.mark.usefixtures("theatre")
def test_each_figure_of_the_votes_counts_what_it_says(world: World) -> None:
    found = report.measure(Scope.of(world.program, world.fresh("chair")))
    read = {key: (r.cases, r.of, r.over) for key, r in found.readings.items()}
    assert read[F.HASTY] == (10, 49, True)
    assert read[F.UNOPENED] == (1, 50, False)
    assert read[F.SILENT] == (26, 49, False)
    assert read[F.COPIED] == (10, 23, True)
    assert read[F.UNANIMOUS] == (5, None, False)
    assert read[F.APPROVERS] == (1, None, True)
    (named,) = [v for v in found.voters if v.approves_nearly_all]
    assert named.person == world.board_product
    assert (named.votes, named.approvals, named.hasty, named.silent) == (10, 10, 10, 10)
    assert {v.person: v.approvals for v in found.voters}[world.board_security] == 8


@pytest.mark.usefixtures("theatre")
def test_the_run_is_the_latest_longest_and_of_decisions_alike(world: World) -> None:
    run = votes.unanimous(Scope.of(world.program))
    titles = [d.matter.title for d in run.select_related("matter")]
    assert [t[-1] for t in titles] == ["5", "6", "7", "8", "9"]
    assert Decision.objects.count() == 10


@pytest.mark.usefixtures("theatre")
def test_what_lies_before_the_period_does_not_count(world: World) -> None:
    scope = Scope.of(world.program)
    short = dataclasses.replace(scope, terms=dataclasses.replace(scope.terms, looks_back_days=11))
    assert counts(short)[F.HASTY] == (9, 45)
    assert counts(short)[F.UNOPENED] == (0, 45)
    later = dataclasses.replace(scope, at=scope.at + 181 * DAY)
    assert counts(later)[F.HASTY] == (0, 0)
    assert not [r for r in report.measure(later).over if r.measure.group == "votes"]


def test_votes_of_an_open_ballot_are_told_by_nothing(world: World, theatre: Any) -> None:
    before = counts(Scope.of(world.program, world.fresh("chair")))
    exception = requested_exception(world, title="One more")
    matter = exception_matter(exception)
    governance.open_dossier(matter=matter, by=world.board_product)
    governance.cast_vote(matter=matter, by=world.board_product, position="approve")
    for name in ("chair", "board_product"):
        after = counts(Scope.of(world.program, world.fresh(name)))
        assert {k: v for k, v in after.items() if MEASURES[k].group == "votes"} == {
            k: v for k, v in before.items() if MEASURES[k].group == "votes"
        }


def exception_matter(exception: ExceptionRecord) -> Any:
    return Matter.objects.live().get(subject_id=exception.pk)


def test_who_is_recused_counts_nothing_of_the_matter(world: World, theatre: Any) -> None:
    member = world.board_research
    declare_conflict(
        user=member,
        subject=theatre[5],
        realm=world.program.pk,
        kind="employer",
        statement="My team asked for it.",
        by=member,
    )
    found = counts(Scope.of(world.program, world.fresh("board_research")))
    assert found[F.HASTY] == (9, 44)
    assert found[F.UNANIMOUS] == (4, None)
    assert counts(Scope.of(world.program, world.fresh("board_legal")))[F.HASTY] == (10, 49)
    # A seat whose person is recused by now is not counted as one that should have read.
    assert counts(Scope.of(world.program))[F.UNOPENED] == (1, 49)


# --- what was due ---------------------------------------------------------------------------


def test_overdue_conditions(world: World) -> None:
    exception = requested_exception(world)
    condition = {"text": "Sampled weekly.", "days": 14}
    decide_on(world, exception, "approve_with_conditions", conditions=[condition])
    assert counts(Scope.of(world.program))[F.CONDITIONS] == (0, None)
    with frozen(now() + 15 * DAY):
        assert counts(Scope.of(world.program, world.fresh("chair")))[F.CONDITIONS] == (1, None)


def test_exceptions_renewed_too_often_count_once_for_their_chain(world: World) -> None:
    first = requested_exception(world)
    decide_on(world, first)
    second = requested_exception(world, extends=ExceptionRecord.objects.get(pk=first.pk))
    decide_on(world, second)
    scope = Scope.of(world.program)
    assert counts(scope)[F.RENEWED] == (0, None)
    strict = dataclasses.replace(scope, terms=dataclasses.replace(scope.terms, renewals_borne=0))
    assert list(duties.renewed(strict)) == [second]


def test_a_window_without_a_word_has_lapsed(world: World) -> None:
    publication = publication_scenes.submitted(world)
    over = publication.window_ends_at + DAY
    with frozen(publication.window_ends_at - DAY):
        assert counts(Scope.of(world.program))[F.LAPSED] == (0, 0)
    with frozen(over):
        assert list(duties.lapsed(Scope.of(world.program))) == [publication]
        sweep()  # recorded or not, it is the same
        assert counts(Scope.of(world.program, world.fresh("manager")))[F.LAPSED] == (1, 1)


def test_a_window_in_which_somebody_reviewed_has_not(world: World) -> None:
    publication = publication_scenes.submitted(world)
    publication_scenes.objected(world, publication)
    with frozen(publication.window_ends_at + DAY):
        assert counts(Scope.of(world.program))[F.LAPSED] == (0, 1)


def test_alarms_acknowledged_late_or_not_at_all(world: World) -> None:
    early, late = (raised_escalation(world, kind=k) for k in ("vulnerability", "data_leak"))
    governance.acknowledge(escalation=early, by=world.oncall)
    with frozen(late.acknowledge_by):
        assert list(duties.late(Scope.of(world.program))) == [late]
        governance.acknowledge(escalation=late, by=world.oncall)
        assert counts(Scope.of(world.program))[F.LATE] == (1, 2)


def test_findings_nobody_owns_for_too_long(world: World) -> None:
    finding = finding_scenes.reported(world, signed_fellowship(world))
    assert counts(Scope.of(world.program))[F.UNOWNED] == (0, None)
    with frozen(now() + 8 * DAY):
        assert list(duties.unowned(Scope.of(world.program))) == [finding]
        finding_scenes.accepted(world, finding)
        assert counts(Scope.of(world.program))[F.UNOWNED] == (0, None)


def test_promises_missed_are_our_clocks_that_ran_out(world: World) -> None:
    requested_exception(world)  # whose ballot nobody ends
    publication_scenes.submitted(world)  # whose window ends as it was meant to
    with frozen(now() + 60 * DAY):
        sweep()
        scope = Scope.of(world.program)
        missed = set(duties.missed(scope).values_list("kind", flat=True))
        assert "governance.ballot" in missed
        assert "publications.window" not in missed
        assert duties.missed(scope).count() < duties.promises(scope).count()
        assert counts(scope)[F.PROMISES] == (
            duties.missed(scope).count(),
            duties.promises(scope).count(),
        )


def test_the_days_are_those_of_the_case_with_all_its_fellow_waits_for(world: World) -> None:
    publication = publication_scenes.submitted(world)
    fellowship = publication.fellowship
    waiting = submitted_proposal(world, world.other_applicant)
    objection = publication_scenes.objected(world, publication)
    with frozen(now() + 30 * DAY):
        scope = Scope.of(world.program)
        lain = days.with_sides(scope)
        of_case = [fellowship, fellowship.proposal, publication, objection]
        clocks = [clock for subject in of_case for clock in history(subject)]
        both = days_of(clocks, scope.at, scope.calendar)
        assert both["us"] and both["you"]  # noqa: PT018
        alone = days_with(waiting, scope.at, scope.calendar)
        label = "scoping.fellowship"
        assert {case.subject: case.days for case in lain["you"]} == {
            (label, fellowship.pk): both["you"]
        }
        assert {case.subject: case.days for case in lain["us"]} == {
            (label, fellowship.pk): both["us"],
            ("proposals.proposal", waiting.pk): alone["us"],
        }
        assert days.spread(lain["us"]).oldest == max(both["us"], alone["us"])
        page = client(world, "manager").get(_urls(world)[-2]).content.decode()
        assert f"{both['us']} working days" in page


# --- the rule, the timer, the agenda --------------------------------------------------------


def test_a_programme_without_the_rule_is_measured_by_the_usual_limits(world: World) -> None:
    program = found_program(slug="old", name="Old", purpose="Before the rule.", by=SETUP)
    scope = Scope.of(program)
    assert scope.rule is None
    assert scope.terms == Scope.of(world.program).terms
    assert Scope.of(world.program).rule is not None


def _on_agenda(world: World, name: str = "chair") -> list[str]:
    sections = agenda.agenda(world.program, world.fresh(name))
    return [str(i.title) for s in sections if s.heading == "Governance health" for i in s.items]


@pytest.mark.usefixtures("theatre")
def test_what_is_too_much_goes_on_the_agenda_by_itself_and_once(world: World) -> None:
    assert _on_agenda(world) == []
    for _ in range(3):
        sweep()
    assert HealthReading.objects.filter(program=world.program).count() == 1
    breaches = HealthBreach.objects.filter(program=world.program)
    found = {b.figure: (b.cases, b.out_of, b.most) for b in breaches}
    assert found[F.APPROVERS] == (1, None, 0)
    assert found[F.HASTY] == (10, 49, 10)
    assert str(F.APPROVERS.label) in _on_agenda(world)
    assert _on_agenda(world, "board_legal") == _on_agenda(world)
    assert _on_agenda(world, "sponsor") == []
    told = Notice.objects.filter(kind="oversight.health")
    assert {n.recipient for n in told} == {world.chair, world.manager}
    assert told.count() == 2
    assert Event.objects.filter(verb="oversight.measure_health").count() == 1
    with frozen(now() + DAY):
        sweep()
        assert HealthReading.objects.filter(program=world.program).count() == 2
        assert HealthBreach.objects.filter(figure=F.APPROVERS).count() == 1


@pytest.mark.usefixtures("theatre")
def test_a_figure_within_its_limit_again_comes_off(world: World) -> None:
    services.measure_due(now())
    with frozen(now() + 200 * DAY):
        services.measure_due(now())
        breach = HealthBreach.objects.get(figure=F.APPROVERS)
        assert breach.ended_at == now()
        assert str(F.APPROVERS.label) not in _on_agenda(world)
        with pytest.raises(Refused, match="within its limits"):
            services.answer_breach(
                breach=breach, by=world.chair, answer="-", look_again_on=(now() + DAY).date()
            )


@pytest.mark.usefixtures("theatre")
def test_a_clock_set_back_ends_no_figure_before_it_was_found(world: World) -> None:
    services.measure_due(now())
    with frozen(now() - 300 * DAY):
        assert services.measure_due(now()) == 1
        breach = HealthBreach.objects.get(figure=F.APPROVERS)
        assert breach.ended_at == breach.found_at > now()


def test_a_month_without_a_worker_is_made_up_by_one_reading(world: World) -> None:
    services.measure_due(now())
    with frozen(now() + 30 * DAY):
        assert services.measure_due(now()) == 1
        assert services.measure_due(now()) == 0
    assert HealthReading.objects.filter(program=world.program).count() == 2


@pytest.fixture
def breach(world: World, theatre: Any) -> HealthBreach:
    """The figure that names the member who approves everything, on the agenda."""
    services.measure_due(now())
    return HealthBreach.objects.get(figure=F.APPROVERS)


def test_the_boards_answer_takes_it_off_until_the_day_it_names(
    world: World, breach: HealthBreach
) -> None:
    day = (now() + 30 * DAY).date()
    answer = "The product seat reads the dossier in the meeting from now on."
    done = services.answer_breach(breach=breach, by=world.chair, answer=answer, look_again_on=day)
    assert done.answered_by == world.chair
    assert str(F.APPROVERS.label) not in _on_agenda(world)
    again = services.answer_breach(breach=breach, by=world.chair, answer=answer, look_again_on=day)
    assert again.answered_at == done.answered_at
    assert Event.objects.filter(verb="oversight.answer_breach").count() == 1
    with frozen(done.look_again_at):
        assert str(F.APPROVERS.label) in _on_agenda(world)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("board_legal", "We saw it.", 30), "wrong_role"),
        (("manager", "We saw it.", 30), "wrong_role"),
        (("chair", "  ", 30), "no_answer"),
        (("chair", "We saw it.", 0), "look_again_on"),
        (("chair", "We saw it.", 400), "look_again_on"),
    ],
)
def test_an_answer_is_refused(
    world: World, breach: HealthBreach, given: tuple[str, str, int], code: str
) -> None:
    name, answer, in_days = given
    day = (now() + in_days * DAY).date()
    with pytest.raises(Refused) as refused:
        services.answer_breach(
            breach=breach, by=world.fresh(name), answer=answer, look_again_on=day
        )
    assert refused.value.refusal.code == code


def test_nothing_changes_where_the_ledger_cannot_be_written(
    world: World, breach: HealthBreach, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(journal, "_recorder", [fail])
    tomorrow = (now() + DAY).date()
    with pytest.raises(RuntimeError):
        services.answer_breach(
            breach=breach, by=world.chair, answer="Seen.", look_again_on=tomorrow
        )
    breach.refresh_from_db()
    assert breach.answer == ""
    with frozen(now() + 200 * DAY), pytest.raises(RuntimeError):
        services.measure_health(program=world.program, by=SETUP)
    assert HealthReading.objects.filter(program=world.program).count() == 1


def test_the_database_holds_a_figure_open_once(world: World, breach: HealthBreach) -> None:
    row = HealthBreach(
        program=world.program, figure=breach.figure, cases=1, measured=1, most=0, found_at=now()
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        _insert(row)


def _insert(row: HealthBreach) -> None:
    """Past the verbs, as a bug would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO oversight_healthbreach (created_at, program_id, figure, cases, measured, "
            "most, found_at, answer) VALUES (%s, %s, %s, 1, 1, 0, %s, '')",
            [now(), row.program_id, row.figure, now()],
        )


# --- pages ----------------------------------------------------------------------------------


def _urls(world: World) -> list[str]:
    slug = world.program.slug
    return [
        reverse("oversight:health", args=[slug]),
        *(reverse("oversight:health_cases", args=[slug, key]) for key in MEASURES),
    ]


@pytest.mark.usefixtures("theatre")
def test_the_pages_open_for_the_room_and_for_nobody_else(world: World) -> None:
    for name in ("chair", "manager", "board_legal", "auditor"):
        reader = client(world, name)
        assert {reader.get(url).status_code for url in _urls(world)} == {200}, name
        assert reader.get(reverse("oversight:healths")).status_code == 302
    for name in ("applicant", "mentor", "steward", "stranger", "reviewer"):
        other = client(world, name)
        assert {other.get(url).status_code for url in _urls(world)} == {404}, name
        assert other.get(reverse("oversight:healths")).status_code == 404


@pytest.mark.usefixtures("theatre")
def test_the_sponsor_reads_all_but_what_votes_tell(world: World) -> None:
    sponsor = client(world, "sponsor")
    page = sponsor.get(_urls(world)[0]).content.decode()
    assert "Findings without an owner" in page
    assert "Approvals by person" not in page
    assert str(world.board_product) not in page
    for key, measure in MEASURES.items():
        url = reverse("oversight:health_cases", args=[world.program.slug, key])
        expected = 404 if measure.group == "votes" else 200
        assert sponsor.get(url).status_code == expected
        assert sponsor.get(url, {"person": world.board_product.pk}).status_code in (404, expected)


@pytest.mark.usefixtures("theatre")
def test_the_page_names_who_approves_everything_and_shows_the_votes(world: World) -> None:
    chair = client(world, "chair")
    page = chair.get(_urls(world)[0]).content.decode()
    rows = [row for row in page.split("<tr>") if f'"row">{world.board_product} <' in row]
    assert [row.count("Approves nearly everything") for row in rows] == [1]
    url = reverse("oversight:health_cases", args=[world.program.slug, "hasty-votes"])
    behind = chair.get(url, {"person": world.board_product.pk}).content.decode()
    assert behind.count("5 seconds after opening the dossier") == 10
    assert "no reason given" in behind
    for nobody in (world.stranger.pk, "9" * 30):  # of no role here, and of no account
        assert chair.get(url, {"person": nobody}).status_code == 404
    assert chair.get(url, {"person": "x"}).status_code == 404


def test_the_chair_answers_on_a_page(world: World, breach: HealthBreach) -> None:
    chair, url = (
        client(world, "chair"),
        reverse("oversight:health_answer", args=[world.program.slug, breach.figure]),
    )
    assert chair.post(url, {"answer": "", "look_again_on": ""}).status_code == 422
    early = chair.post(url, {"answer": "We looked.", "look_again_on": "2020-01-01"})
    assert early.status_code == 422
    assert "We looked." in early.content.decode()
    day = (now() + 20 * DAY).date()
    done = chair.post(url, {"answer": "We looked.", "look_again_on": day.isoformat()})
    assert done["Location"] == _urls(world)[0]
    breach.refresh_from_db()
    assert breach.answer == "We looked."
    board = client(world, "board_legal")
    assert "Only the chair" in board.get(url).content.decode()
    assert "We looked." in board.get(breach.get_absolute_url()).content.decode()
    assert client(world, "sponsor").get(url).status_code == 404


def test_the_api_says_what_the_pages_say(world: World, breach: HealthBreach) -> None:
    chair, base = client(world, "chair"), f"/api/v1/office/{world.program.slug}/health/"
    said = chair.get(base).json()
    read = {f["key"]: (f["cases"], f["of"], f["over"]) for f in said["figures"]}
    assert read["hasty-votes"] == (10, 49, True)
    assert len(read) == len(MEASURES)
    (named,) = [v for v in said["voters"] if v["approves_nearly_all"]]
    assert named["person"] == world.board_product.username
    for key, (cases, _, _) in read.items():
        behind = chair.get(f"{base}{key}/", {"limit": 200}).json()
        assert behind["total"] == cases == len(behind["cases"]), key
    assert len(chair.get(f"{base}hasty-votes/", {"offset": 8}).json()["cases"]) == 2
    assert chair.get(f"{base}hasty-votes/", {"limit": 201}).status_code == 400
    assert chair.get(f"{base}taste/").status_code == 404
    sponsor = client(world, "sponsor")
    assert "hasty-votes" not in {f["key"] for f in sponsor.get(base).json()["figures"]}
    assert sponsor.get(f"{base}hasty-votes/").status_code == 404
    assert client(world, "applicant").get(base).status_code == 404
    given = {"answer": "Seen.", "look_again_on": (now() + DAY).date().isoformat()}
    to = f"{base}{breach.figure}/answer/"
    refused = client(world, "board_legal").post(to, given, content_type="application/json")
    assert refused.status_code == 403
    done = chair.post(to, given, content_type="application/json").json()
    assert (done["answer"], done["waits"]) == ("Seen.", False)


def test_the_pages_stay_within_their_queries_however_many_votes(world: World, theatre: Any) -> None:
    chair = client(world, "chair")

    def queries(url: str) -> int:
        chair.get(url)
        ContentType.objects.clear_cache()
        with CaptureQueriesContext(connection) as counted:
            chair.get(url)
        return len(counted)

    page, *lists = _urls(world)
    before = [queries(url) for url in (page, *lists)]
    assert before[0] <= 25, before
    assert max(before[1:]) <= 20, before
    decide_on(world, requested_exception(world, title="Eleventh"))
    assert [queries(url) for url in (page, *lists)] == before


def test_who_may_not_enter_the_office_is_not_sent_there(world: World) -> None:
    for name, enters in (("manager", True), ("board_research", False)):
        browser = client(world, name)
        page = browser.get(reverse("oversight:health", args=[world.program.slug])).content.decode()
        office = reverse("oversight:office")
        assert "Programme office" in page
        assert (f'href="{office}"' in page) is enters
        assert (browser.get(office).status_code != 404) is enters
