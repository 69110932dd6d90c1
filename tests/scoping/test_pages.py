"""The pages: what each person finds there, and what forms make of good and bad input."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fellowship.accounts.models import User
from fellowship.accounts.services import declare_conflict
from fellowship.kernel.time import frozen, now
from fellowship.kernel.tracking import bulk_writes
from governance.services import meet_condition, verify_condition
from governance.standing import open_conditions
from scoping import services
from scoping.document import values
from scoping.models import CheckIn, Fellowship, ScopeOfWork, Suspension, TalentStep, Training
from scoping.scope_forms import _initial
from tests.scenarios.proposals import decided_proposal
from tests.scenarios.scoping import (
    amended_scope,
    checked_in,
    drafted_scope,
    founded_fellowship,
    offered_scope,
)
from tests.scenarios.world import World


def client(user: User) -> Client:
    """A browser signed in as the person."""
    browser = Client()
    browser.force_login(user)
    return browser


def page(user: User, path: str) -> str:
    """The page as text; it must open."""
    response = client(user).get(path)
    assert response.status_code == 200
    return response.content.decode()


def form_of(scope: ScopeOfWork, **changes: Any) -> dict[str, Any]:
    """What a browser posts for the version's form."""
    return {**_initial(values(scope)), **changes}


# --- the case -------------------------------------------------------------------------------


def test_the_case_says_who_holds_the_ball(world: World, founded: Fellowship) -> None:
    path = founded.get_absolute_url()
    assert "With the programme manager: complete and offer version 1" in page(world.applicant, path)
    scope = offered_scope(world, founded)
    assert "With you: sign version 1" in page(world.applicant, path)
    assert "If nothing happens: The offer lapses" in page(world.applicant, path)
    assert "With Applicant: sign version 1" in page(world.manager, path)
    services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.applicant)
    assert "With the company: sign version 1" in page(world.applicant, path)
    assert "Read and sign" in page(world.chair, path)
    services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.chair)
    assert "With you: ask for the data the scope allows" in page(world.applicant, path)
    services.enter_stage(fellowship=founded, stage="research", by=world.steward)
    assert "With you: “Protocol”" in page(world.applicant, path)
    services.suspend(fellowship=founded, by=world.oncall, reason="A leaked credential.")
    assert "Suspended: everything the fellowship may reach is closed" in page(world.applicant, path)


def test_the_list_filters_sorts_and_survives_nonsense(world: World, signed: Fellowship) -> None:
    founded_fellowship(world, world.other_applicant, title="Tool-call trust")
    everything = page(world.manager, "/fellowships/")
    assert "2 fellowships" in everything
    assert "Tool-call trust" in page(world.manager, "/fellowships/?q=tool-call")
    assert "1 fellowship with these filters" in page(world.manager, "/fellowships/?state=access")
    for query in ("?state=party", "?page=99", "?sort=password", "?q=%25_%27", "?page=x"):
        page(world.manager, f"/fellowships/{query}")


def test_the_list_says_since_when_in_the_readers_language(world: World, signed: Fellowship) -> None:
    asked = client(world.manager).get("/fellowships/", headers={"Accept-Language": "de"})
    assert "seit <" in asked.content.decode()


def test_the_mentors_week_puts_blockers_first(world: World, signed: Fellowship) -> None:
    assert "Nothing blocks your 1 fellow." in page(world.mentor, "/fellowships/mentoring/")
    checked_in(world, signed, blockers="The quota ends my runs.")
    text = page(world.mentor, "/fellowships/mentoring/")
    assert "1 of 1 fellow has a blocker" in text
    assert "1 check-in for" in text
    home = page(world.mentor, "/")
    assert f"with {signed.fellow.name}" in home
    assert "The quota ends my runs." in text
    assert "You are no mentor" in page(world.steward, "/fellowships/mentoring/")


def test_the_mentors_week_says_what_is_late_and_goes_page_by_page(
    world: World, signed: Fellowship, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = founded_fellowship(world, world.other_applicant, title="Tool-call trust")
    with bulk_writes():
        Fellowship.objects.filter(pk=other.pk).update(mentor=world.mentor)
    milestone = signed.milestones.earliest("due_on")
    services.deliver_milestone(milestone=milestone, evidence="Done.", by=signed.fellow)
    path = "/fellowships/mentoring/"
    late, judge = "The time for a verdict is over", f"Judge “{milestone.title}”"
    text = page(world.mentor, path)
    assert judge in text
    assert late not in text
    assert "1 of 2 fellows has" in text
    with frozen(now() + dt.timedelta(days=40)):
        monkeypatch.setattr("scoping.views.mentoring.PER_PAGE", 1)
        first, second = page(world.mentor, path), page(world.mentor, f"{path}?page=2")
        assert all("1 of 2 fellows has" in text for text in (first, second))
        assert all(text in first for text in (judge, late, "Write your check-in for"))
        assert "Tool-call trust" in second
        assert judge not in second
    declare_conflict(
        user=world.mentor,
        subject=signed.proposal,
        realm=world.program.pk,
        kind="coauthor",
        statement="We wrote a paper.",
        by=world.mentor,
    )
    assert judge not in page(world.mentor, path)


def test_what_may_i_do(world: World, signed: Fellowship) -> None:
    text = page(world.applicant, f"/fellowships/{signed.ref}/what-may-i-do/")
    assert "What may I do?" in text
    assert "2.2 Datasets" in text
    assert "refusal-logs" in text
    assert "Run code on it" in text
    other = page(world.manager, f"/fellowships/{signed.ref}/what-may-i-do/")
    assert "What may Applicant do?" in other


def test_a_condition_of_the_board_is_named_on_every_page_of_the_case(world: World) -> None:
    proposal = decided_proposal(world, "approve_with_conditions")
    case = Fellowship.objects.get(proposal=proposal)
    (condition,) = open_conditions(proposal)
    said = (
        condition.text.rstrip("."),
        f"{world.program.calendar().local(condition.due_at):%-d %B %Y}",
        f"{condition.verifier} verifies it",
    )
    path = case.get_absolute_url()
    for url in (f"/proposals/{proposal.ref}/", path, f"{path}what-may-i-do/"):
        text = page(world.applicant, url)
        assert [one for one in said if one not in text] == [], url
    assert "Nothing is waited for." not in page(world.applicant, f"/proposals/{proposal.ref}/")
    assert "Accepted, with a condition" in page(world.manager, f"/proposals/{proposal.ref}/")
    assert "Nothing is asked of the fellow yet" not in page(world.applicant, path)
    assert "With you: meet a condition of the board" in page(condition.owner, path)
    meet_condition(condition=condition, by=condition.owner, evidence="See the file.")
    assert "With you: verify a condition of the board" in page(condition.verifier, path)
    assert "With you: meet" not in page(condition.owner, path)
    verify_condition(condition=condition, by=condition.verifier)
    for url in (f"/proposals/{proposal.ref}/", path, f"{path}what-may-i-do/"):
        assert said[2] not in page(world.applicant, url), url


def test_home_names_the_signature(world: World, founded: Fellowship) -> None:
    scope = offered_scope(world, founded)
    for person in (world.applicant, world.chair, world.sponsor):
        assert "Sign the scope of work, version 1" in page(person, "/")
    assert "Sign the scope of work" not in page(world.mentor, "/")
    shown = page(world.applicant, scope.get_absolute_url())
    assert "lets it lapse where a signature is missing" in shown
    services.sign_scope(scope=scope, text_hash=scope.text_hash, by=world.applicant)
    assert "the other signature" in page(world.applicant, "/")
    shown = page(world.applicant, scope.get_absolute_url())
    assert "the offer stays open" in shown
    assert "lapse" not in shown  # only the fellow's silence lets an offer lapse


def test_home_names_the_verdict_waited_for_and_the_story_names_the_milestone(
    world: World, signed: Fellowship
) -> None:
    first = signed.milestones.first()
    assert first is not None
    services.deliver_milestone(milestone=first, by=world.applicant, evidence="Here.")
    home = page(world.applicant, "/")
    assert f"The verdict on “{first.title}”" in home
    assert "may give the verdict; it stays delivered" in home
    assert f"Judge “{first.title}”" in page(world.mentor, "/")
    assert "The verdict on" not in page(world.mentor, "/")
    case = page(world.applicant, signed.get_absolute_url())
    assert f'delivered the milestone · <span class="meta">{first.title}</span>' in case


# --- the scope ------------------------------------------------------------------------------


def test_the_document_is_whole_on_paper(world: World, signed: Fellowship) -> None:
    text = page(world.applicant, f"/fellowships/{signed.ref}/scope/1/print/")
    scope = signed.scopes.get()
    assert scope.text_hash in text
    assert "Publication policy v1" in text
    assert "Applicant, fellow" in text
    assert "Chair, chair" in text
    assert "6.3 Closeout requirements" in text
    assert "has the hash under which it was offered" in text


def test_editing_by_form(world: World, founded: Fellowship) -> None:
    scope = founded.scopes.get()
    path = f"/fellowships/{founded.ref}/scope/1/edit/"
    posted = form_of(
        scope,
        datasets="refusal-logs\n\nrefusal-logs\neval-prompts",
        deliverables="A harness.",
        milestones="2026-12-01: Protocol\n2027-02-01 – Harness, public",
        retention_days="45",
    )
    response = client(world.manager).post(path, posted)
    assert response.status_code == 302
    scope.refresh_from_db()
    assert scope.datasets == ["refusal-logs", "eval-prompts"]
    assert scope.retention_days == 45
    assert [(m["key"], m["title"]) for m in scope.milestones] == [
        ("m1", "Protocol"),
        ("m4", "Harness, public"),
    ]


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"milestones": "soon: Harness"}, "milestones", "does not read"),
        ({"milestones": "2026-02-31: Harness"}, "milestones", "is not a date"),
        ({"retention_days": "-1"}, "retention_days", "Give 0 or more"),
        ({"max_tier": "secret"}, "max_tier", "valid choice"),
        ({"tools": "x" * 20_001}, "tools", "at most"),
        ({"objective": ""}, "objective", "Fill this in."),
        ({"tools": "a\x00b"}, "tools", "ull characters"),
        ({"datasets": "\n".join(f"d{n}" for n in range(60))}, "datasets", "At most 50"),
    ],
)
def test_bad_input_is_said_at_its_field_and_the_rest_kept(
    world: World, founded: Fellowship, changes: dict[str, str], field: str, says: str
) -> None:
    scope = founded.scopes.get()
    path = f"/fellowships/{founded.ref}/scope/1/edit/"
    posted = form_of(scope, deliverables="Kept words.", **changes)
    response = client(world.manager).post(path, posted)
    assert response.status_code == 422
    text = response.content.decode()
    assert "There is a problem" in text
    assert says in str(response.context["form"].errors[field])
    assert "Kept words." in text
    scope.refresh_from_db()
    assert scope.terms["deliverables"] != "Kept words."


def test_offering_and_signing_by_page(world: World, founded: Fellowship) -> None:
    scope = drafted_scope(world, founded)
    base = f"/fellowships/{founded.ref}/scope/1/"
    assert client(world.manager).post(f"{base}offer/").status_code == 302
    scope.refresh_from_db()
    for person in (world.applicant, world.chair):
        shown = page(person, f"{base}sign/")
        assert scope.text_hash in shown
        posted = {"text_hash": scope.text_hash, "agree": "on"}
        assert client(person).post(f"{base}sign/", posted).status_code == 302
    scope.refresh_from_db()
    assert scope.state == "signed"


@pytest.mark.parametrize("posted", [{}, {"agree": "on"}, {"agree": "on", "text_hash": "0" * 64}])
def test_a_signature_needs_consent_and_the_right_text(
    world: World, founded: Fellowship, posted: dict[str, str]
) -> None:
    scope = offered_scope(world, founded)
    path = f"/fellowships/{founded.ref}/scope/1/sign/"
    assert client(world.applicant).post(path, posted).status_code == 422
    assert not scope.signatures.exists()


def test_the_page_says_why_one_may_not_sign(world: World, founded: Fellowship) -> None:
    offered_scope(world, founded)
    services.assign_mentor(fellowship=founded, mentor=world.mentor, by=world.manager)
    path = f"/fellowships/{founded.ref}/scope/1/sign/"
    assert "The mentor does not sign for the company." in page(world.mentor, path)
    assert "Who puts a scope forward does not sign it." in page(world.manager, path)


def test_amending_and_comparing_by_page(world: World, signed: Fellowship) -> None:
    scope = signed.scopes.get()
    posted = form_of(scope, operations=["view"], reason="Less will do.", over=1)
    path = f"/fellowships/{signed.ref}/scope/amend/"
    shown = client(world.applicant).post(path, posted)
    assert shown.status_code == 200
    assert "It only allows less, so it is in force at once." in shown.content.decode()
    assert signed.scopes.count() == 1
    sent = {**posted, "shown": shown.context["fingerprint"]}
    other = client(world.applicant).post(path, {**sent, "operations": ["query"]})
    assert (other.status_code, signed.scopes.count()) == (200, 1)
    assert client(world.applicant).post(path, sent).status_code == 302
    assert signed.scopes.get(number=2).state == "signed"
    text = page(world.manager, f"/fellowships/{signed.ref}/scope/2/compare/1/")
    assert "Query removed" in text
    assert "Allows less" in text
    assert client(world.manager).get(f"/fellowships/{signed.ref}/scope/9/").status_code == 404
    assert (
        client(world.manager).get(f"/fellowships/{signed.ref}/scope/2/compare/9/").status_code
        == 404
    )


def test_withdrawing_by_page_needs_a_reason(world: World, signed: Fellowship) -> None:
    scope = amended_scope(world, signed, tools="Notebooks.")
    path = f"/fellowships/{signed.ref}/scope/2/withdraw/"
    assert client(world.manager).post(path).status_code == 422
    assert client(world.manager).post(path, {"reason": "Not needed."}).status_code == 302
    scope.refresh_from_db()
    assert scope.state == "withdrawn"


def test_a_refused_verb_answers_with_its_reason(world: World, founded: Fellowship) -> None:
    response = client(world.steward).post(f"/fellowships/{founded.ref}/scope/1/offer/")
    assert response.status_code == 403
    assert "offers a scope of work" in response.content.decode()


# --- work and people ------------------------------------------------------------------------


def test_delivering_and_judging_by_page(world: World, signed: Fellowship) -> None:
    first = signed.milestones.first()
    assert first is not None
    base = f"/fellowships/{signed.ref}/milestones/{first.pk}/"
    assert client(world.applicant).post(f"{base}deliver/", {}).status_code == 422
    bad = {"evidence": "Here.", "evidence_hash": "xyz"}
    assert client(world.applicant).post(f"{base}deliver/", bad).status_code == 422
    assert client(world.applicant).post(f"{base}deliver/", {"evidence": "Here."}).status_code == 302
    assert client(world.mentor).post(f"{base}verdict/", {"decision": "return"}).status_code == 422
    said = {"decision": "accept", "reason": "Clear, and it runs."}
    assert client(world.chair).post(f"{base}verdict/", said).status_code == 422
    assert client(world.mentor).post(f"{base}verdict/", said).status_code == 302
    first.refresh_from_db()
    assert first.state == "accepted"
    assert "Accepted" in page(world.applicant, f"/fellowships/{signed.ref}/milestones/")


@pytest.mark.parametrize("verb", ["deliver", "files"])
def test_what_is_handed_in_after_the_session_ended_comes_back(
    signed: Fellowship, verb: str
) -> None:
    first = signed.milestones.first()
    assert first is not None
    here = f"/fellowships/{signed.ref}/milestones/{first.pk}/{verb}/"
    file = SimpleUploadedFile("runs.csv", b"a,b\n")
    answer = Client().post(here, {"evidence": "Weeks of work.", "file": file})
    said = answer.content.decode()
    assert (answer.status_code, "Weeks of work." in said) == (401, True)
    assert "The file you chose was not taken" in said
    assert f"/accounts/login/?next={here}" in said
    assert Client().get(here)["Location"] == f"/accounts/login/?next={here}"
    first.refresh_from_db()
    assert (first.state, first.files) == ("planned", [])


def test_a_milestone_of_another_case_is_404(world: World, signed: Fellowship) -> None:
    other = founded_fellowship(world, world.other_applicant)
    first = signed.milestones.first()
    assert first is not None
    path = f"/fellowships/{other.ref}/milestones/{first.pk}/deliver/"
    assert client(world.other_applicant).get(path).status_code == 404


def test_checking_in_by_page(world: World, signed: Fellowship) -> None:
    path = f"/fellowships/{signed.ref}/check-ins/"
    month = now().date().replace(day=1).isoformat()
    assert client(world.applicant).post(path, {"notes": ""}).status_code == 422
    posted = {"month": month, "notes": "Halfway.", "blockers": "No quota.", "hours": "2.5"}
    assert client(world.applicant).post(path, posted).status_code == 302
    row = CheckIn.objects.get()
    assert (str(row.hours), row.blockers) == ("2.5", "No quota.")
    assert client(world.mentor).post(f"{path}{row.pk}/clear/", {"reason": "Up."}).status_code == 302
    assert client(world.steward).post(path, posted).status_code == 422


def test_people_by_page(world: World, founded: Fellowship) -> None:
    base = f"/fellowships/{founded.ref}/people/"
    manager = client(world.manager)
    posted: dict[str, Any] = {"mentor": world.mentor.pk, "hours": 5}
    assert manager.post(f"{base}mentor/", posted).status_code == 302
    posted = {"mentor": world.steward.pk, "hours": 5}
    assert manager.post(f"{base}mentor/", posted).status_code == 422
    posted = {
        "kind": "security",
        "completed_on": now().date().isoformat(),
        "evidence": "Certificate 12.",
    }
    assert manager.post(f"{base}training/", posted).status_code == 302
    assert Training.objects.count() == 1
    assert manager.post(f"{base}suspend/", {"reason": ""}).status_code == 422
    assert manager.post(f"{base}suspend/", {"reason": "A check."}).status_code == 302
    assert Suspension.objects.live().count() == 1
    assert client(world.chair).post(f"{base}lift/", {"reason": "Fine."}).status_code == 302
    assert not Suspension.objects.live().exists()
    assert client(world.chair).post(f"{base}lift/", {"reason": "Fine."}).status_code == 302
    assert manager.post(f"{base}end/", {"reason": "Ended."}).status_code == 302
    assert Fellowship.objects.get().state == "close_out"
    assert "Before it can close" in page(world.manager, base)


def test_the_talent_path_by_page(world: World, signed: Fellowship) -> None:
    path = f"/fellowships/{signed.ref}/talent/"
    posted = {"step": "advisory_contributor", "expectations": "Two days a quarter."}
    assert client(world.manager).post(path, posted).status_code == 302
    step = TalentStep.objects.get()
    asked = f"Decide the step proposed for {signed.fellow}: advisory contributor"
    assert asked in page(world.sponsor, "/")
    assert asked not in page(world.manager, "/")
    decision = {"decision": "agree", "reason": "Good."}
    assert client(world.manager).post(f"{path}{step.pk}/decide/", decision).status_code == 422
    assert client(world.sponsor).post(f"{path}{step.pk}/decide/", decision).status_code == 302
    step.refresh_from_db()
    assert step.state == "offered"
    offer = "Agree to or decline the step offered to you: advisory contributor"
    assert offer in page(world.applicant, "/")
    assert offer not in page(world.mentor, "/")
    people = page(world.applicant, f"/fellowships/{signed.ref}/people/")
    assert f'href="{path}#answer">Agree or decline</a>' in people
    assert "Agree or decline" not in page(world.manager, f"/fellowships/{signed.ref}/people/")
    assert client(world.applicant).post(f"{path}{step.pk}/answer/", {"answer": "decline"})
    assert offer not in page(world.applicant, "/")


def test_nothing_hostile_comes_back_raw(world: World, signed: Fellowship) -> None:
    hostile = "<script>alert(1)</script>"
    checked_in(world, signed, blockers=hostile)
    for path in ("", "check-ins/"):
        assert hostile not in page(world.mentor, f"/fellowships/{signed.ref}/{path}")
    assert hostile not in page(world.mentor, "/fellowships/mentoring/")


# --- the API --------------------------------------------------------------------------------


def test_signing_by_api(world: World, founded: Fellowship) -> None:
    scope = offered_scope(world, founded)
    path = f"/api/v1/scopes/{scope.pk}/sign/"
    wrong = client(world.applicant).post(path, {"text_hash": "0" * 64}, "application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "text_changed")
    bad = client(world.applicant).post(path, {"text_hash": "no"}, "application/json")
    assert bad.status_code == 400
    good = {"text_hash": scope.text_hash}
    done = client(world.applicant).post(path, good, "application/json")
    assert done.status_code == 200
    assert done.json()["signatures"][0]["side"] == "fellow"
    mentor = client(world.steward).post(path, good, "application/json")
    assert (mentor.status_code, mentor.json()["code"]) == (403, "wrong_role")


def test_what_is_signed_can_be_hashed_by_anyone(world: World, signed: Fellowship) -> None:
    import hashlib

    import rfc8785

    scope = signed.scopes.get()
    answer = client(world.applicant).get(f"/api/v1/scopes/{scope.pk}/text/").json()
    assert hashlib.sha256(rfc8785.dumps(answer["body"])).hexdigest() == scope.text_hash


def test_the_api_lists_and_amends(world: World, signed: Fellowship) -> None:
    found = client(world.applicant).get("/api/v1/fellowships/").json()["results"]
    assert [(f["ref"], f["stage"], f["suspended"]) for f in found] == [
        (signed.ref, "access", False)
    ]
    made = client(world.applicant).post(
        f"/api/v1/fellowships/{signed.ref}/amend/",
        {"changes": {"retention_days": 3}, "reason": "Less."},
        "application/json",
    )
    assert (made.status_code, made.json()["number"]) == (201, 2)
    wrong = client(world.manager).post(
        f"/api/v1/fellowships/{signed.ref}/amend/",
        {"changes": {"retention_days": "x"}, "reason": "Less."},
        "application/json",
    )
    assert wrong.status_code == 409
