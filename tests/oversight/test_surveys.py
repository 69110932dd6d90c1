"""The survey after a cohort: nobody's answer can be told, and none changes after it closed."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.test import Client
from django.urls import reverse

from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from fellowship.web import work
from oversight import services
from oversight.cohort_review import questions
from oversight.cohort_review.questions import QUESTIONS
from oversight.models import CohortSurvey, SurveyAnswer
from scoping.models import Fellowship
from tests.scenarios.scoping import founded_fellowship
from tests.scenarios.world import World, make_person

DAY = dt.timedelta(days=1)
ALL_FOUR = dict.fromkeys(QUESTIONS["fellow"], 4)


def _fellows(world: World, many: int) -> list[Fellowship]:
    return [founded_fellowship(world, make_person(f"asked-{n}")) for n in range(many)]


def _open(world: World) -> CohortSurvey:
    return services.open_survey(
        cohort=world.cohort, closes_on=(now() + 10 * DAY).date(), by=world.manager
    )


def _answer(survey: CohortSurvey, case: Fellowship, point: int = 4, remark: str = "") -> None:
    services.answer_survey(
        survey=survey,
        side="fellow",
        answers=dict.fromkeys(QUESTIONS["fellow"], point),
        remark=remark,
        by=case.fellow,
    )


def _page(world: World, name: str = "manager") -> str:
    client = Client()
    client.force_login(world.fresh(name))
    url = reverse("oversight:cohort", args=[world.program.slug, world.cohort.pk])
    return client.get(url).content.decode()


def test_a_manager_opens_it_once_and_everybody_is_asked(world: World) -> None:
    with pytest.raises(Refused) as refused:
        _open(world)
    assert refused.value.refusal.code == "nobody"
    cases = _fellows(world, 2)
    for name in ("chair", "sponsor", "applicant"):
        with pytest.raises(Refused) as refused:
            services.open_survey(
                cohort=world.cohort, closes_on=(now() + DAY).date(), by=world.fresh(name)
            )
        assert refused.value.refusal.code == "wrong_role"
    with pytest.raises(Refused, match="within 90 days"):
        services.open_survey(
            cohort=world.cohort, closes_on=(now() + 400 * DAY).date(), by=world.manager
        )
    survey = _open(world)
    assert _open(world) == survey
    told = Notice.objects.filter(kind="oversight.survey")
    assert {n.recipient for n in told} == {case.fellow for case in cases}
    asked = {item.title for item in work.of(cases[0].fellow, now()).mine}
    assert f"Say how {world.cohort} was, as a fellow" in asked


def test_below_five_answers_nothing_is_shown(world: World) -> None:
    cases = _fellows(world, 5)
    survey = _open(world)
    for case in cases[:4]:
        _answer(survey, case, 2, "Only I know this.")
    with frozen(survey.closes_at + DAY):
        side = questions.sides(survey)[0]
        assert (side.asked, side.answered, side.told, side.remarks) == (5, 4, (), ())
        page = _page(world)
    assert "Only I know this." not in page
    assert "Fewer than 5 answered" in page


def test_from_five_on_it_is_shown_once_it_has_closed(world: World) -> None:
    cases = _fellows(world, 5)
    survey = _open(world)
    for case, point in zip(cases, (1, 2, 3, 4, 5), strict=True):
        _answer(survey, case, point, "In time." if point == 5 else "")
    before = _page(world)
    assert "In time." not in before
    assert "5 so far" in before
    with frozen(survey.closes_at + DAY):
        sweep()
        sweep()
        told = questions.sides(survey)[0].told
        page = _page(world, "sponsor")
    assert [(t.counts, t.mean) for t in told] == [((1, 1, 1, 1, 1), 3)] * len(told)
    assert "In time." in page
    survey.refresh_from_db()
    answers = list(SurveyAnswer.objects.filter(survey=survey))
    assert survey.answers_sha256 == digest(questions.stated(answers))
    closed = Notice.objects.filter(kind="oversight.survey_closed")
    assert [n.recipient for n in closed] == [world.manager]
    answers[0].answers["rules"] = 5 - answers[0].answers["rules"]
    assert survey.answers_sha256 != digest(questions.stated(answers))


def test_one_answers_once_and_the_record_says_not_what(world: World) -> None:
    (case,) = _fellows(world, 1)
    survey = _open(world)
    _answer(survey, case, 2, "The canteen closes at two.")
    _answer(survey, case, 5)
    kept = SurveyAnswer.objects.get()
    assert set(kept.answers.values()) == {2}
    assert {f.name for f in SurveyAnswer._meta.fields} == {
        *("id", "survey", "side", "answers", "remark")
    }
    (event,) = Event.objects.filter(verb="oversight.answer_survey")
    assert json.loads(event.body)["change"] == {"answered": True}
    assert "canteen" not in event.body
    assert str(kept.pk) not in event.body


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({**ALL_FOUR, "rules": 6}, "rules"),
        ({k: v for k, v in ALL_FOUR.items() if k != "again"}, "again"),
        ({**ALL_FOUR, "salary": 3}, "answers"),
    ],
)
def test_an_answer_is_whole_and_on_the_scale(
    world: World, answers: dict[str, int], field: str
) -> None:
    (case,) = _fellows(world, 1)
    survey = _open(world)
    with pytest.raises(Refused) as refused:
        services.answer_survey(survey=survey, side="fellow", answers=answers, by=case.fellow)
    assert refused.value.refusal.field == field
    assert not SurveyAnswer.objects.exists()


def test_only_who_is_asked_answers_and_only_in_time(world: World) -> None:
    (case,) = _fellows(world, 1)
    survey = _open(world)
    for side, by in (("fellow", world.manager), ("mentor", case.fellow)):
        with pytest.raises(Refused) as refused:
            services.answer_survey(
                survey=survey, side=side, answers=dict.fromkeys(QUESTIONS[side], 3), by=by
            )
        assert refused.value.refusal.code == "not_yours"
    with frozen(survey.closes_at), pytest.raises(Refused) as refused:
        _answer(survey, case)
    assert refused.value.refusal.code == "survey_closed"


def test_a_ledger_that_fails_keeps_no_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (case,) = _fellows(world, 1)
    survey = _open(world)

    def fail(*_: object, **__: object) -> object:
        raise RuntimeError("the ledger is gone")

    monkeypatch.setattr(journal, "_recorder", [fail])
    with pytest.raises(RuntimeError):
        _answer(survey, case)
    assert not SurveyAnswer.objects.exists()
    assert not survey.invitations.filter(answered=True).exists()


def test_those_who_have_not_answered_are_reminded(world: World) -> None:
    cases = _fellows(world, 2)
    survey = _open(world)
    _answer(survey, cases[0])
    with frozen(survey.closes_at - DAY / 2):
        sweep()
    told = Notice.objects.filter(kind="oversight.survey_reminder")
    assert {n.recipient for n in told} == {cases[1].fellow}


def test_the_page_takes_an_answer_and_keeps_what_was_typed(world: World) -> None:
    (case,) = _fellows(world, 1)
    client = Client()
    client.force_login(world.fresh("manager"))
    to = reverse("oversight:open_survey", args=[world.program.slug, world.cohort.pk])
    assert client.post(to, {"closes_on": "2020-01-01"}).status_code == 422
    day = (now() + 10 * DAY).date().isoformat()
    assert client.post(to, {"closes_on": day}).status_code == 302
    survey = CohortSurvey.objects.get()
    url = survey.get_absolute_url()
    assert client.get(url).status_code == 404
    fellow = Client()
    fellow.force_login(case.fellow)
    sent = {"side": "fellow", "remark": "The canteen.", **ALL_FOUR}
    half = fellow.post(url, {**sent, "again": ""})
    assert half.status_code == 422
    assert "The canteen." in half.content.decode()
    assert fellow.post(url, sent).status_code == 302
    assert "You have answered" in fellow.get(url).content.decode()
    assert fellow.post(url, {**sent, "rules": 1}).status_code == 200
    assert SurveyAnswer.objects.get().answers == ALL_FOUR


def test_the_api_asks_answers_and_tells_like_the_pages(world: World) -> None:
    (case,) = _fellows(world, 1)
    client = Client()
    client.force_login(world.fresh("manager"))
    asked = {"cohort": world.cohort.pk, "closes_on": (now() + 5 * DAY).date().isoformat()}
    made = client.post("/api/v1/surveys/", asked, "application/json")
    assert made.status_code == 201
    fellow = Client()
    fellow.force_login(case.fellow)
    url = f"/api/v1/surveys/{made.json()['id']}/answer/"
    sent = {"side": "fellow", "answers": ALL_FOUR}
    assert fellow.post(url, {"side": "fellow", "answers": {}}, "application/json").status_code in (
        *(400, 409, 422),
    )
    assert fellow.post(url, sent, "application/json").status_code == 200
    review = f"/api/v1/cohorts/{world.cohort.pk}/review/"
    found = client.get(review).json()
    assert found["survey"] == []
    assert {n["key"]: n["value"] for n in found["numbers"]}["fellowships"] == 1
    assert fellow.get(review).status_code == 404
    owed = client.get(f"/api/v1/closeouts/{case.ref}/").json()
    assert {o["key"] for o in owed["obligations"] if o["waivable"]} >= {"closing.held"}
    listed = {"kind": "nothing"}
    to = f"/api/v1/closeouts/{case.ref}/list-property/"
    assert fellow.post(to, listed, "application/json").status_code == 403
    assert client.post(to, listed, "application/json").status_code == 200
    assert client.get("/api/v1/handbacks/").json()["results"][0]["fellowship"] == case.ref
