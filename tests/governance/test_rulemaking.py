"""From a draft to a rule in force: comments, answers, the board, acknowledgements."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.services import end_role, grant_role
from fellowship.clocks.services import sweep
from fellowship.history.queries import timeline
from fellowship.kernel import journal
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from fellowship.programs.services import found_program
from fellowship.web import work
from governance import founding, rulemaking, rules, services
from governance.founding_rulemaking import rule_making
from governance.models import (
    AcknowledgementReminder,
    Matter,
    RuleAcknowledgement,
    RuleComment,
    RuleVersion,
)
from tests.governance.test_pages import page, post, signed_in
from tests.governance.test_rules import drafted, refused
from tests.scenarios.governance import adopted_rule, decide
from tests.scenarios.world import SETUP, World, make_person

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def published(world: World, **values: Any) -> RuleVersion:
    return services.publish_rule(rule=drafted(world, **values), by=world.manager)


def until(rule: RuleVersion) -> dt.datetime:
    assert rule.comments_until is not None
    return rule.comments_until


def notices(kind: str) -> set[str]:
    return set(
        Notice.objects.filter(kind=f"governance.{kind}").values_list(
            "recipient__username", flat=True
        )
    )


# --- comments -------------------------------------------------------------------------------


def test_a_published_draft_is_told_to_those_it_binds_and_read_by_all(world: World) -> None:
    rule = drafted(world)
    readable = RuleVersion.objects.visible_to
    fellow = make_person("fellow")
    grant_role(user=fellow, realm=world.program.realm, role="fellow", by=SETUP)
    fellow = User.objects.get(pk=fellow.pk)
    assert rule not in readable(fellow)
    for _ in range(2):
        services.publish_rule(rule=rule, by=world.manager)
    rule.refresh_from_db()
    assert rule.status == "comments"
    window = rulemaking.terms(world.program.pk).comment_window
    assert until(rule) == window.due(rule.published_at or now(), world.program.calendar())
    assert rule in readable(fellow)
    assert rule not in readable(world.stranger)
    assert notices("rule_published") == {"fellow", "mentor", "policy-reviewer", "legal-reviewer"}
    published_events = timeline(rule).filter(verb="governance.publish_rule")
    assert published_events.count() == 1


def test_the_board_gets_no_draft_before_comments_are_over_and_answered(world: World) -> None:
    rule = published(world)

    def propose() -> Matter:
        return services.propose_rule(rule=rule, by=world.manager)

    assert refused(lambda: services.propose_rule(rule=drafted(world), by=world.chair)).code == (
        "wrong_state"
    )
    comment = services.comment_on_rule(rule=rule, by=world.mentor, text="21 days are too few.")
    assert services.comment_on_rule(rule=rule, by=world.mentor, text=" 21 days are too few. ") == (
        comment
    )
    assert refused(propose).code == "comments_open"
    with frozen(until(rule) - dt.timedelta(seconds=1)):
        assert refused(propose).code == "comments_open"
    with frozen(until(rule)):
        late = refused(
            lambda: services.comment_on_rule(rule=rule, by=world.mentor, text="And another thing.")
        )
        assert late.code == "comments_over"
        assert refused(propose).reason == "One comment waits for an answer."
        services.answer_comment(
            comment=comment, by=world.manager, outcome="not_taken_up", answer="Reviews take ten."
        )
        matter = propose()
    headings = [section["heading"] for section in matter.dossier.body["sections"]]
    assert headings[-2] == "What was said to it, and what became of it"
    said = matter.dossier.body["sections"][-2]["rows"]
    assert said == [
        ["Mentor", "21 days are too few.", "Not taken up", "Reviews take ten.", "Manager"]
    ]


def test_who_may_comment_and_who_may_answer(world: World) -> None:
    rule = published(world)
    for name in ("steward", "oncall", "stranger", "auditor"):
        refusal = refused(
            lambda name=name: services.comment_on_rule(rule=rule, by=world.people[name], text="No.")
        )
        assert refusal.code == "wrong_role", name
    assert (
        refused(lambda: services.comment_on_rule(rule=rule, by=world.mentor, text="  ")).field
        == "text"
    )
    comment = services.comment_on_rule(rule=rule, by=world.chair, text="Thirty.")
    answer: dict[str, Any] = {"comment": comment, "outcome": "taken_up", "answer": "Yes."}
    assert refused(lambda: services.answer_comment(by=world.chair, **answer)).code == "separation"
    assert refused(lambda: services.answer_comment(by=world.mentor, **answer)).code == "wrong_role"
    for wrong, field in (({"outcome": "maybe"}, "outcome"), ({"answer": " "}, "answer")):
        refusal = refused(
            lambda wrong=wrong: services.answer_comment(by=world.manager, **{**answer, **wrong})
        )
        assert refusal.field == field
    for _ in range(2):
        services.answer_comment(by=world.manager, **answer)
    assert notices("comment_answered") == {"chair"}
    other = refused(lambda: services.answer_comment(by=world.board_legal, **answer))
    assert other.reason == "Manager has answered it."


def test_a_text_changed_after_its_comments_is_heard_again_and_an_unchanged_one_is_not(
    world: World,
) -> None:
    rule = published(world)
    with frozen(until(rule) + DAY):
        services.rework_rule(rule=rule, by=world.manager, reason="The mentor is right.")
        again = services.publish_rule(rule=rule, by=world.manager)
        assert not again.open_for_comments()
        services.rework_rule(rule=rule, by=world.manager, reason="A better title.")
        whole = {"parameters": rule.parameters, "prose": rule.prose, "rationale": rule.rationale}
        services.edit_rule(rule=rule, by=world.manager, title="Better", **whole)
        changed = services.publish_rule(rule=rule, by=world.manager)
        assert changed.open_for_comments()
        terms = rulemaking.terms(world.program.pk)
        assert until(changed) == terms.comment_window_again.due(now(), world.program.calendar())


def test_a_draft_taken_back_in_its_period_starts_it_anew(world: World) -> None:
    rule = published(world)
    services.rework_rule(rule=rule, by=world.manager, reason="A slip.")
    services.rework_rule(rule=rule, by=world.manager, reason="A slip.")
    with frozen(now() + 3 * DAY):
        again = services.publish_rule(rule=rule, by=world.manager)
        terms = rulemaking.terms(world.program.pk)
        assert until(again) == terms.comment_window.due(now(), world.program.calendar())


def test_when_the_period_ends_its_author_and_owner_hear_once(world: World) -> None:
    rule = published(world)
    services.comment_on_rule(rule=rule, by=world.mentor, text="Too few.")
    with frozen(until(rule) + 30 * DAY):  # the worker was dead for a month
        for _ in range(2):
            sweep()
    assert notices("comments_over") == {"manager", "sponsor"}
    told = Notice.objects.filter(kind="governance.comments_over")
    assert told.count() == 2
    assert told[0].body == "1 to be answered first. Then it goes to the board."


def test_the_database_refuses_half_an_answer_and_ones_own(world: World) -> None:
    comment = services.comment_on_rule(rule=published(world), by=world.chair, text="Thirty.")
    for values in (
        {"answer": "Yes."},
        {"answer": "Yes.", "outcome": "taken_up", "answered_at": now(), "answered_by": world.chair},
        {"outcome": "maybe"},
    ):
        broken = RuleComment.objects.get(pk=comment.pk)
        for name, value in values.items():
            setattr(broken, name, value)
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            journal.acting("tests.bend", by=world.admin),
        ):
            broken.save()


def test_a_programme_without_the_rule_has_the_one_new_programmes_start_with(world: World) -> None:
    program = found_program(slug="older", name="Older", purpose="Rest.", by=SETUP)
    assert rulemaking.terms(program.pk) == rule_making()
    assert rulemaking.terms_ref(program.pk) == "Making of rules"
    parameters = founding.parameters("rule_making")
    adopted_rule(world, "rule_making", {**parameters, "comment_window": "2 working days"})
    terms = rulemaking.terms_of([program.pk, world.program.pk])
    assert str(terms[world.program.pk].comment_window) == "2 working days"
    assert terms[program.pk] == rule_making()


# --- acknowledgements -----------------------------------------------------------------------


def adopted(world: World) -> RuleVersion:
    return adopted_rule(world, "exceptions", founding.parameters("exceptions"))


def test_those_bound_are_asked_when_it_is_adopted_and_again_nobody(world: World) -> None:
    rule = adopted(world)
    asked = {row.user.username for row in rulemaking.asked(rule).select_related("user")}
    board = {f"board-{seat}" for seat in ("research", "product", "security", "legal", "policy")}
    assert asked == board | {"steward", "product-owner", "manager", "chair"}
    assert notices("rule_adopted") == asked
    sweep()
    assert RuleAcknowledgement.objects.count() == len(asked)
    assert RuleAcknowledgement.objects.filter(rule__version=1).count() == 0


def test_who_joins_later_is_asked_with_as_much_time_and_who_left_owes_nothing(
    world: World,
) -> None:
    rule = adopted(world)
    newcomer = make_person("newcomer")
    role = RoleAssignment.objects.get(user=world.steward, role="steward")
    with frozen(now() + 10 * DAY):
        grant_role(user=newcomer, realm=world.program.realm, role="manager", by=SETUP)
        end_role(assignment=role, by=SETUP, reason="Left.")
        sweep()
        row = RuleAcknowledgement.objects.get(rule=rule, user=newcomer)
        window = rulemaking.terms(world.program.pk).acknowledge_within
        assert row.due_at == window.due(row.asked_at, world.program.calendar())
        owing = {row.user.username for row in rulemaking.asked(rule).select_related("user")}
        assert "steward" not in owing
        steward = User.objects.get(pk=world.steward.pk)
        assert rulemaking.to_acknowledge(steward) == []
        assert (
            refused(lambda: services.acknowledge_rule(rule=rule, by=world.fresh("mentor"))).code
            == "wrong_role"
        )


def test_acknowledged_once_and_off_the_list(world: World) -> None:
    rule, chair = adopted(world), world.fresh("chair")

    def titles() -> list[str]:
        return [item.title for item in work.of(chair, now()).mine]

    assert "Read and acknowledge: Exception rules v2" in titles()
    for _ in range(2):
        services.acknowledge_rule(rule=rule, by=chair)
    assert "Read and acknowledge: Exception rules v2" not in titles()
    events = timeline(rule).filter(verb="governance.acknowledge_rule")
    assert [event.actor for event in events] == [chair]


def test_reminded_by_threshold_crossed_each_once_and_the_owner_told_in_a_digest(
    world: World,
) -> None:
    rule = adopted(world)
    services.acknowledge_rule(rule=rule, by=world.chair)
    due = RuleAcknowledgement.objects.filter(rule=rule).values_list("due_at", flat=True)[0]

    def days() -> list[int]:
        return sorted(AcknowledgementReminder.objects.values_list("days", flat=True))

    with frozen(due - 8 * DAY):
        sweep()
    assert days() == []
    with frozen(due - 6 * DAY):
        sweep()
        sweep()
    assert days() == [7] * 8
    with frozen(due - DAY / 2):
        sweep()
    assert days() == [1] * 8 + [7] * 8
    with frozen(due + 40 * DAY):
        sweep()
        sweep()
    assert days() == [0] * 8 + [1] * 8 + [7] * 8
    assert "chair" not in notices("acknowledgement_due")
    missing = Notice.objects.filter(kind="governance.acknowledgement_missing")
    assert {n.recipient.username for n in missing} == {"sponsor", "manager"}
    assert missing[0].title == "Exception rules v2: 8 have not acknowledged it in time"


def test_after_an_outage_the_nearest_threshold_alone(world: World) -> None:
    rule = adopted(world)
    due = RuleAcknowledgement.objects.filter(rule=rule).values_list("due_at", flat=True)[0]
    with frozen(due - DAY / 2):
        sweep()
    assert set(AcknowledgementReminder.objects.values_list("days", flat=True)) == {1}


def test_a_version_replaced_is_asked_for_no_more(world: World) -> None:
    first = adopted(world)
    second = adopted(world)
    chair = world.fresh("chair")
    assert [row.rule for row in rulemaking.to_acknowledge(chair)] == [second]
    with frozen(now() + 100 * DAY):
        sweep()
    assert not AcknowledgementReminder.objects.filter(acknowledgement__rule=first).exists()


# --- pages and API ---------------------------------------------------------------------------


def test_a_draft_to_its_force_on_the_pages(world: World) -> None:
    manager, mentor = world.fresh("manager"), world.fresh("mentor")
    draft = drafted(world)
    home = f"/rules/{draft.pk}/"
    page(world.fresh("applicant"), home, 404)
    post(manager, f"{home}publish/")
    assert "Read and comment" in page(mentor, home)
    post(mentor, f"{home}comments/", 422, text="")
    post(mentor, f"{home}comments/", text="21 days are too few.")
    assert "21 days are too few." in page(world.fresh("steward"), f"{home}comments/")
    post(world.fresh("steward"), f"{home}comments/", 422, text="Me too.")
    comment = RuleComment.objects.get()
    page(world.fresh("stranger"), f"{home}comments/", 404)
    post(mentor, f"/rules/comments/{comment.pk}/answer/", 422, outcome="taken_up", answer="x")
    answer = f"/rules/comments/{comment.pk}/answer/"
    assert "What became of it" in page(manager, answer)
    post(manager, answer, outcome="in_part", answer="25 days.")
    assert "25 days." in page(mentor, f"{home}comments/")
    draft.refresh_from_db()
    with frozen(until(draft) + DAY):
        post(manager, f"{home}propose/")
        matter = rules_matter(draft)
        decide(world, matter)
        asked = page(mentor, home)
        assert "yours to acknowledge" in asked
        assert 'href="#acknowledge"' in asked
        assert 'id="acknowledge"' in asked
        post(mentor, f"{home}acknowledge/")
        assert "You acknowledged it on" in page(mentor, home)
        shown = page(world.fresh("auditor"), f"{home}acknowledgements/")
        assert "Mentor" in shown
        page(mentor, f"{home}acknowledgements/", 404)
    assert rules.in_force(world.program, "publication_policy").version == 1


def rules_matter(rule: RuleVersion) -> Any:
    return Matter.objects.get(kind="governance.rule", subject_id=rule.pk)


def test_the_same_by_the_api(world: World) -> None:
    draft = drafted(world)
    manager, mentor = signed_in(world.manager), signed_in(world.mentor)

    def call(client: Client, path: str, expect: int = 200, **data: Any) -> Any:
        answer = client.post(f"/api/v1/{path}", data, content_type="application/json")
        assert answer.status_code == expect, answer.content
        return answer.json() if answer.content else None

    call(mentor, f"rules/{draft.pk}/publish/", 403)
    assert call(manager, f"rules/{draft.pk}/publish/")["status"] == "comments"
    call(mentor, f"rules/{draft.pk}/comment/", text="Too few.")
    call(manager, f"rules/{draft.pk}/propose/", 409)
    comment = mentor.get(f"/api/v1/rule-comments/?rule={draft.pk}").json()["results"][0]
    assert (comment["author"], comment["answer"]) == ("mentor", "")
    answer: dict[str, Any] = {"outcome": "taken_up", "answer": "Yes."}
    call(mentor, f"rule-comments/{comment['id']}/answer/", 403, **answer)
    call(manager, f"rule-comments/{comment['id']}/answer/", **answer)
    rule = adopted(world)
    chair = signed_in(world.chair)
    call(chair, f"rules/{rule.pk}/acknowledge/")
    own = signed_in(world.product_owner).get("/api/v1/rule-acknowledgements/").json()["results"]
    assert [row["user"] for row in own] == ["product-owner"]
    kept = chair.get(f"/api/v1/rule-acknowledgements/?rule={rule.pk}").json()["results"]
    assert len(kept) == 9
    assert [row["user"] for row in kept if row["acknowledged_at"]] == ["chair"]
    day = (now() - 2 * DAY).date().isoformat()  # the world may be of yesterday
    assert chair.get(f"/api/v1/rules/?on={day}").json()["results"] == []
    assert chair.get("/api/v1/rules/?on=yesterday").status_code == 409
    today = chair.get(f"/api/v1/rules/?on={now().date()}&kind=exceptions").json()["results"]
    assert [row["version"] for row in today] == [2]


def _queries(user: User, path: str) -> int:
    client = signed_in(user)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_queries_of_the_lists_do_not_grow(world: World) -> None:
    rule, old = published(world), adopted(world)
    found = []
    for number in (1, 3, 25):
        while rule.comments.count() < number:
            said = f"Number {rule.comments.count()}."
            services.comment_on_rule(rule=rule, by=world.mentor, text=said)
        found.append(
            (
                _queries(world.chair, f"/rules/{rule.pk}/comments/"),
                _queries(world.chair, f"/rules/{rule.pk}/"),
                _queries(world.auditor, f"/rules/{old.pk}/acknowledgements/"),
                _queries(world.auditor, f"/rules/{old.pk}/"),
            )
        )
    assert len(set(found)) == 1, found
    assert max(found[0]) <= 25
