"""Pages and API of rules, escalations, exceptions and meetings."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.accounts import roles
from fellowship.accounts.services import grant_role
from fellowship.kernel import saying
from fellowship.kernel.saying import Said
from fellowship.kernel.time import frozen, now
from governance import containment, founding, parameters, rules, services, typed
from governance.models import Escalation, ExceptionRecord, Matter, RuleVersion
from governance.rulekinds import KINDS
from governance.states import RuleKind
from oversight.audit.populations import POPULATIONS
from tests.governance.test_pages import page, post, signed_in
from tests.scenarios import governance as scenes
from tests.scenarios.world import SETUP, World, make_world

pytestmark = pytest.mark.django_db


def drafted(world: World) -> RuleVersion:
    base = rules.in_force(world.program, RuleKind.PUBLICATION_POLICY)
    windows = {**base.parameters["windows"], "methods": "20 calendar days"}
    return services.draft_rule(
        program=world.program,
        kind=base.kind,
        parameters={**base.parameters, "windows": windows},
        title=base.title,
        prose=base.prose + "\n\nOne sentence more.",
        rationale="Methods papers wait too long.",
        owner=world.manager,
        by=world.manager,
    )


# --- rules -----------------------------------------------------------------------------------


def test_public_rules_are_read_by_anyone_and_the_others_are_not(world: World) -> None:
    public = rules.in_force(world.program, RuleKind.DATA_HANDLING)
    internal = rules.in_force(world.program, RuleKind.SEVERITY_CLOCKS)
    visitor = Client()
    shown = visitor.get("/rules/").content.decode()
    assert "Data handling standard" in shown
    assert "Severity clocks" not in shown
    detail = visitor.get(public.get_absolute_url()).content.decode()
    assert "By approval" in detail
    assert visitor.get(internal.get_absolute_url()).status_code == 404
    assert "Acknowledge" in page(world.fresh("oncall"), internal.get_absolute_url())


def test_every_kind_of_rule_has_its_page(world: World) -> None:
    for rule in rules.all_in_force(world.program).values():
        shown = page(world.fresh("manager"), rule.get_absolute_url())
        assert rule.title in shown
        assert parameters.tables(rule.parameters)


def test_parameters_go_through_the_form_unchanged(world: World) -> None:
    for rule in rules.all_in_force(world.program).values():
        leaves = [leaf for leaf in parameters.leaves(rule.parameters) if not leaf.new]
        rebuilt = parameters.build((leaf, leaf.read(leaf.shown)) for leaf in leaves)
        assert rebuilt == rule.parameters, rule.kind


def test_a_value_that_does_not_fit_is_said_at_its_field_in_words(world: World) -> None:
    """And what is one of a closed list is chosen, by its words."""
    base = rules.in_force(world.program, RuleKind.DATA_HANDLING)
    manager = world.fresh("manager")
    url = f"/rules/new/?from={base.pk}"
    form = signed_in(manager).get(url).context["form"]
    download, approvers = "p__tiers__public__download", "p__tiers__public__approvers"
    assert form.fields[download].choices == [
        ("yes", "Yes"),
        ("no", "No"),
        ("by_approval", "By approval"),
    ]
    data = {name: form[name].initial for name in form.fields if form[name].initial is not None}
    data |= {"rationale": "The king asks."}
    wrong = post(manager, url, 422, **{**data, approvers: "steward, king"})
    assert f'href="#id_{approvers}">Tiers, public, who approves: king is no role.</a>' in wrong
    label = "p__tiers__public__label"
    empty = post(manager, url, 422, **{**data, label: ""})
    assert f'href="#id_{label}">Tiers, public, label: Fill this in.</a>' in empty
    window = "p__tiers__public__longest_grant"
    assert "“three” is not a window such as" in post(manager, url, 422, **{**data, window: "three"})


@pytest.mark.parametrize("kind", RuleKind.values)
def test_every_parameter_and_choice_is_named_in_words_that_are_translated(kind: str) -> None:
    for leaf in parameters.leaves(founding.parameters(kind)):
        steps = [step for step in leaf.path if isinstance(step, str)]
        for key in (*steps, *typed.choices(KINDS[kind], leaf.path)):
            assert key.startswith("tests.") or isinstance(parameters.words(key), Said), key


def test_what_rules_measure_is_said_in_the_language_of_who_reads_it() -> None:
    measures = ("5 working_days", "more than 1/2", 10000, "figure")
    assert [parameters.words(value) for value in measures] == [
        "5 working days",
        "more than 1/2",
        "10,000",
        "Figure",
    ]
    with saying.override("de"):
        assert [str(parameters.words(value)) for value in measures] == [
            "5 Arbeitstage",
            "mehr als 1/2",
            "10.000",
            "Abbildung",
        ]


def test_the_answers_of_a_question_are_told_as_words() -> None:
    rule = founding.parameters(RuleKind.DATA_CLASSIFICATION)
    questions = next(t for t in parameters.tables(rule) if t.caption == "Questions")
    answers = questions.rows[0][1][-1][1]
    assert answers.items[0] == "1 · Nothing delicate · It could stand on a public page."


def test_entries_of_a_list_are_changed_left_out_and_added(world: World) -> None:
    """Each question in fields of its own, its answers one to a line; errors stand at them."""
    base = rules.in_force(world.program, RuleKind.DATA_CLASSIFICATION)
    manager = world.fresh("manager")
    url = f"/rules/new/?from={base.pk}"
    form = signed_in(manager).get(url).context["form"]
    data = {name: form[name].initial for name in form.fields if form[name].initial is not None}
    data |= {"rationale": "One question was never understood."}
    answers = "p__questions__1__answers"
    assert data[answers].startswith("1 | Nothing | It helps nobody to do harm.\n2 | Little | ")
    assert not any("{" in str(value) for value in data.values())
    old = [question["key"] for question in base.parameters["questions"]]
    assert len(old) == 8
    lacking = post(manager, url, 422, **{**data, answers: "1 | Nothing"})
    assert f'href="#id_{answers}">Questions, 2, answers: “1 | Nothing” lacks a part' in lacking
    unread = post(manager, url, 422, **{**data, answers: "one | Nothing | No harm."})
    assert "answers: “one” is no whole number." in unread
    out = {"p__questions__0__out": "on"}
    falling = post(manager, url, 422, **{**data, **out, answers: "2 | A | B\n1 | C | D"})
    assert f'href="#id_{answers}">Questions, 1, answers: must be two or more' in falling
    more = {"p__questions__8__key": "consent", "p__questions__8__question": "Was it agreed to?"}
    half = post(manager, url, 422, **data, **more)
    assert 'href="#id_p__questions__8__dimension"' in half
    more |= {
        "p__questions__8__dimension": "sensitivity",
        "p__questions__8__answers": "1 | Yes | Asked for.\n5 | No | Not asked | for.",
    }
    post(manager, url, **data, **out, **more)
    drafted = RuleVersion.objects.get(status="draft").parameters["questions"]
    assert [question["key"] for question in drafted] == [*old[1:], "consent"]
    assert drafted[-1]["answers"][1] == {"score": 5, "label": "No", "meaning": "Not asked | for."}


def test_rules_of_another_day(world: World) -> None:
    before = (now() - dt.timedelta(days=3)).date().isoformat()
    assert "No rule was in force" in Client().get(f"/rules/?on={before}").content.decode()
    today = now().date().isoformat()
    assert "Publication policy" in Client().get(f"/rules/?on={today}").content.decode()
    assert Client().get("/rules/?on=nonsense").status_code == 200


def test_drafts_are_not_for_outsiders(world: World) -> None:
    draft = drafted(world)
    for client in (Client(), signed_in(world.fresh("applicant"))):
        for url in (draft.get_absolute_url(), f"/rules/{draft.pk}/edit/"):
            assert client.get(url).status_code in (302, 404)


def test_a_new_version_from_draft_to_the_board(world: World) -> None:
    base = rules.in_force(world.program, RuleKind.EXCEPTIONS)
    manager = world.fresh("manager")
    url = f"/rules/new/?from={base.pk}"
    form = signed_in(manager).get(url).context["form"]
    data = {name: form[name].initial for name in form.fields if form[name].initial is not None}
    post(manager, url, 422, **{**data, "rationale": ""})
    longest = "p__terms__other__longest_days"
    assert longest in data
    changed = {**data, "rationale": "Ninety is long.", longest: "20"}
    post(manager, url, **changed)
    draft = RuleVersion.objects.get(status="draft")
    assert draft.parameters["terms"]["other"]["longest_days"] == 20
    compared = page(manager, f"/rules/{draft.pk}/compare/{base.pk}/")
    assert "<ins>20</ins>" in compared
    wrong = post(manager, f"/rules/{draft.pk}/edit/", 422, **{**changed, longest: "0"})
    assert "must be at least 1" in wrong
    post(world.fresh("steward"), f"/rules/{draft.pk}/publish/", 403)
    post(manager, f"/rules/{draft.pk}/publish/")
    assert "Comments are open until" in post(manager, f"/rules/{draft.pk}/propose/", 409)
    draft.refresh_from_db()
    assert draft.comments_until is not None
    with frozen(draft.comments_until):
        post(manager, f"/rules/{draft.pk}/propose/")
    assert Matter.objects.get().kind == "governance.rule"
    page(manager, f"/rules/{draft.pk}/edit/", 409)


# --- escalations -----------------------------------------------------------------------------


def test_raising_needs_three_answers(world: World) -> None:
    mentor = world.fresh("mentor")
    url = "/escalations/new/"
    assert "checked" not in page(mentor, url).split("<main")[1].split("</main>")[0]
    assert "Choose one." in post(mentor, url, 422)
    data = {
        "program": world.program.pk,
        "kind": "data_leak",
        "severity": "high",
        "summary": "A notebook was shared.",
    }
    wrong = post(mentor, url, 422, **data, reference="FEL-1999-001")
    assert "No case with this reference" in wrong
    post(mentor, url, **data, reference=world.call.ref)
    escalation = Escalation.objects.get()
    assert escalation.subject_id == world.call.pk
    page(world.fresh("stranger"), url, 404)


def test_home_says_what_is_due_of_an_alarm_and_what_follows_or_followed(world: World) -> None:
    escalation = scenes.raised_escalation(world, fellow=world.applicant)
    chair = world.fresh("chair")
    assert "the programme manager and the sponsor are told." in page(chair, "/")
    with frozen(escalation.acknowledge_by):
        home = page(chair, "/")
    assert "Its time has run out: The chair, the programme manager and the sponsor were" in home
    services.acknowledge(escalation=escalation, by=world.oncall)
    home = page(world.fresh("oncall"), "/")
    assert f"Contain and send the fellow word: {escalation.get_kind_display()}" in home
    assert "are told that the fellow is without word" in home


def test_the_list_of_alarms_shows_the_clock_that_runs_out_first_on_top(world: World) -> None:
    closed = scenes.closed_escalation(world)
    late = scenes.raised_escalation(world, kind="other", severity="low")
    soon = scenes.raised_escalation(world, kind="data_leak", severity="critical")
    text = page(world.fresh("oncall"), "/escalations/").split("<tbody")[1]
    places = [text.index(f"{e.ref}") for e in (soon, late, closed)]
    assert places == sorted(places)


def test_the_case_decides_the_programme_of_its_alarm(world: World) -> None:
    other = make_world("other")
    oncall = world.fresh("oncall")
    grant_role(user=oncall, realm=other.program.realm, role=roles.ONCALL, by=SETUP)
    oncall = world.fresh("oncall")
    url = "/escalations/new/"
    data = {"kind": "data_leak", "severity": "high", "summary": "A notebook was shared."}
    assert "Choose the programme, or name a case" in post(oncall, url, 422, **data)
    post(oncall, url, **data, reference=world.call.ref, program=other.program.pk)
    assert Escalation.objects.get().program == world.program
    post(oncall, url, **data, program=other.program.pk)
    assert Escalation.objects.latest("id").program == other.program


def test_each_step_by_its_form(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containment, "_means", {})
    done: list[str] = []

    def suspend(escalation: Escalation, by: Any, reason: str) -> str:
        done.append(escalation.ref)
        return "Three grants suspended."

    containment.register("tests.suspend", "Suspend every grant", suspend)
    escalation = scenes.raised_escalation(world)
    url, oncall = escalation.get_absolute_url(), world.fresh("oncall")
    assert "Suspend every grant" in page(oncall, url)
    post(world.fresh("steward"), url + "acknowledge/", 422)
    post(oncall, url + "acknowledge/")
    post(oncall, url + "contain/", 422, text="")
    post(oncall, url + "contain/", text="Route off.", actions=["tests.suspend"])
    assert done == [escalation.ref]
    post(oncall, url + "verify/", text="Tried again: nothing.")
    post(oncall, url + "prevent/", text="A test.")
    post(oncall, url + "close/", 422, cause="A cache key.")
    review = {"cause": "A cache key.", "effect": "One answer.", "none_found": "It was ours."}
    post(oncall, url + "close/", **review)
    escalation.refresh_from_db()
    assert escalation.state == "closed"
    shown = page(oncall, url)
    assert "Three grants suspended." in shown
    assert "A cache key." in shown
    post(oncall, url + "dance/", 404)


def test_the_fellow_sees_what_is_shown_and_when_the_next_word_is_due(world: World) -> None:
    grant_role(user=world.applicant, realm=world.program.realm, role=roles.FELLOW, by=SETUP)
    escalation = scenes.raised_escalation(world, fellow=world.applicant)
    services.raise_escalation(
        program=world.program,
        kind=escalation.kind,
        severity="critical",
        summary="Seen again, internal note.",
        subject=world.cohort,
        by=world.oncall,
    )
    services.acknowledge(escalation=escalation, by=world.oncall, text="We are on it.")
    url = escalation.get_absolute_url()
    shown = page(world.fresh("applicant"), url)
    assert "We are on it." in shown
    assert "The next word to you is due" in shown
    assert "internal note" not in shown
    assert "internal note" in page(world.fresh("oncall"), url)
    page(world.fresh("other_applicant"), url, 404)
    body = signed_in(world.fresh("applicant")).get(f"/api/v1/escalations/{escalation.ref}/")
    assert "internal note" not in body.content.decode()


# --- exceptions ------------------------------------------------------------------------------


def test_asking_for_an_exception(world: World) -> None:
    manager, url = world.fresh("manager"), "/exceptions/new/"
    data = {
        "program": world.program.pk,
        "kind": "other",
        "title": "Log export delayed",
        "owner": world.steward.pk,
        "rationale": "The exporter is rewritten.",
        "risk": "A gap in the trail.",
        "compensating_measure": "A daily copy.",
        "measure_test": "The copy is counted each Monday.",
        "expires_on": (now() + dt.timedelta(days=10)).date().isoformat(),
    }
    late = {**data, "expires_on": "2020-01-01"}
    assert "must come later" in post(manager, url, 422, **late)
    long = {**data, "expires_on": (now() + dt.timedelta(days=2000)).date().isoformat()}
    assert "at most" in post(manager, url, 422, **long)
    post(manager, url, 422, **{**data, "owner": world.stranger.pk})
    post(manager, url, **data)
    exception = ExceptionRecord.objects.get()
    assert exception.subject_type == "programs.program"
    assert "With the board" in page(world.fresh("steward"), exception.get_absolute_url())
    page(world.fresh("stranger"), exception.get_absolute_url(), 404)
    post(manager, exception.get_absolute_url() + "withdraw/", reason="Not needed.")
    exception.refresh_from_db()
    assert exception.state == "withdrawn"


def test_what_the_board_approved_is_not_said_to_be_of_who_recorded_it(world: World) -> None:
    exception = scenes.granted_exception(world)
    assert exception.decision is not None
    shown = page(world.fresh("auditor"), exception.get_absolute_url())
    ref, recorder = exception.decision.matter.ref, exception.approved_by
    said = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    assert f"Approved by The board ({ref})" in said
    assert f"recorded by {recorder}" in said
    found = POPULATIONS["exceptions"]
    row = found.within(world.program.pk, None, None).get()
    labels = [column.label for column in found.columns]
    told = dict(zip(labels, found.texts(row), strict=True))
    assert (told["Approved by"], told["Recorded by"]) == (ref, str(recorder))


def test_an_overdue_test_says_since_when(world: World) -> None:
    exception = scenes.granted_exception(world)
    with frozen(exception.starts_at + dt.timedelta(days=45)):
        shown = page(world.fresh("product_owner"), exception.get_absolute_url())
    said = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    due = exception.measure_due_at
    assert due is not None
    assert f"The next test was due on {due.day} {due:%B %Y}" in said


def test_ending_early_and_extending(world: World) -> None:
    exception = scenes.granted_exception(world)
    url = exception.get_absolute_url()
    owner = world.fresh("product_owner")
    assert "until" in page(owner, url)
    assert exception.title in page(owner, f"/exceptions/new/?extends={exception.ref}")
    page(world.fresh("stranger"), f"/exceptions/new/?extends={exception.ref}", 404)
    post(world.fresh("auditor"), url + "end/", 403, reason="No.")
    post(owner, url + "end/", reason="Shipped.")
    assert "Ended early" in page(owner, url)
    assert exception.ref not in page(owner, "/exceptions/?stand=live")
    assert exception.ref in page(owner, "/exceptions/?stand=over")


# --- meetings --------------------------------------------------------------------------------


def test_a_meeting_from_call_to_approved_minutes(world: World) -> None:
    scenes.requested_exception(world)
    chair = world.fresh("chair")
    post(chair, "/board/meetings/new/", program=world.program.pk, starts_at="2099-05-04T10:00")
    page(world.fresh("board_legal"), "/board/meetings/new/", 404)
    meeting = world.program.meetings.get()
    url = meeting.get_absolute_url()
    assert "Output filter not yet shipped" in page(world.fresh("board_legal"), url)
    post(chair, url + "minutes/", attendance=[world.board_legal.pk], minutes="We met.")
    post(world.fresh("manager"), url + "approve/", 403)
    post(chair, url + "approve/")
    shown = page(world.fresh("auditor"), url)
    assert "We met." in shown
    assert "Approved by" in shown
    page(world.fresh("steward"), url, 404)


# --- the rest --------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["/exceptions/", "/escalations/", "/api/v1/exceptions/"])
def test_lists_cost_the_same_at_any_length(world: World, url: str) -> None:
    made = 0

    def grow(to: int) -> int:
        nonlocal made
        while made < to:
            made += 1
            until = now() + dt.timedelta(days=20 + made)
            scenes.requested_exception(world, expires_at=until)
            scenes.raised_escalation(world, subject=None)
        client = signed_in(world.fresh("chair"))
        client.get(url)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    assert grow(1) == grow(3) == grow(8)


def test_home_lists_what_needs_me(world: World) -> None:
    exception = scenes.requested_exception(world)
    alarm = scenes.raised_escalation(world)
    matter = Matter.objects.get()
    assert f"Vote: {matter.title}" in page(world.fresh("board_legal"), "/")
    assert alarm.ref in page(world.fresh("oncall"), "/")
    scenes.vote_all(matter)
    home = page(world.fresh("chair"), "/")
    assert f"Record the decision: {matter.title}" in home
    services.record_decision(matter=matter, by=world.chair)
    assert exception.ref in page(world.fresh("product_owner"), "/") or exception.expires_at > now()


def test_votes_and_alarms_by_api(world: World) -> None:
    scenes.requested_exception(world)
    matter = Matter.objects.get()
    client = signed_in(world.fresh("board_legal"))
    url = f"/api/v1/matters/{matter.ref}/"
    assert client.get(url).json()["dossier"] is None
    vote: dict[str, Any] = {"position": "approve"}
    refused = client.post(url + "vote/", vote, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "undeclared")
    client.post(url + "declare/", {"kind": "none"}, content_type="application/json")
    assert client.get(url).json()["dossier"]["sections"]
    done = client.post(url + "vote/", vote, content_type="application/json")
    assert done.status_code == 200, done.json()
    assert [v["position"] for v in done.json()["votes"]] == ["approve"]
    other = signed_in(world.fresh("auditor")).get(url).json()
    assert other["votes"] == []
    assert other["taking_part"] == 1
    wrong = client.post(url + "vote/", {"position": "x"}, content_type="application/json")
    assert wrong.status_code == 400
    alarm = {"kind": "data_leak", "severity": "high", "summary": "Seen."}
    raised = client.post("/api/v1/escalations/", alarm, content_type="application/json")
    assert raised.status_code == 201
    assert raised.json()["state"] == "raised"
