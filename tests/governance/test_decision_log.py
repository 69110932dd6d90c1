"""The decision log holds every act that decides; a decision is put together as it was made."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.models import User
from fellowship.accounts.services import declare_conflict, grant_role
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.history.queries import timeline
from fellowship.kernel import blobs, journal
from fellowship.kernel.journal import System
from fellowship.kernel.time import frozen, now
from fellowship.web import verbs
from governance import decision_log, founding, reconstruction, services
from governance.decision_log import Act
from governance.models import Decision, Dossier, Matter
from tests.governance.test_pages import page, signed_in
from tests.scenarios.governance import (
    adopted_rule,
    decide_on,
    granted_exception,
    raised_escalation,
    requested_exception,
    vote,
    vote_all,
)
from tests.scenarios.world import SETUP, World, make_world

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def entries(user: User, act: str = "") -> list[decision_log.Entry]:
    rows = decision_log.rows(user)
    rows = decision_log.of_act(rows, act) if act else rows
    return decision_log.entries(list(rows.order_by("-id")))


def decided(world: World, **values: Any) -> Decision:
    people = {"owner": world.steward.pk, "verifier": world.manager.pk}
    exception = requested_exception(world, **values)
    condition = {"text": "Report the reach.", "days": 14, **people}
    return decide_on(world, exception, "approve_with_conditions", conditions=[condition])


def test_every_verb_of_the_log_is_a_verb_and_has_words(world: World) -> None:
    assert set(decision_log.known()) - set(verbs.known()) == set()
    assert {verb.act for verb in decision_log.known().values()} <= set(Act.values)


def test_a_decision_stands_in_it_with_rule_dossier_and_people(world: World) -> None:
    decision = decided(world)
    condition = decision.conditions.get()
    services.meet_condition(condition=condition, by=world.steward, evidence="Done.")
    services.verify_condition(condition=condition, by=world.manager)
    board = entries(world.auditor, Act.DECISION)
    assert [(e.subject, e.outcome, e.rule) for e in board] == [
        (
            decision.matter.ref,
            f"Approved with conditions: {decision.matter.ref}/1",
            "Ballot rules v1",
        )
    ]
    assert board[0].dossier_hash == decision.dossier_hash
    assert board[0].actor == "Chair"
    assert board[0].people[0] == "Board Research (Research: approve with conditions)"
    assert len(board[0].people) == 5
    event = timeline(decision.matter).get(verb="governance.record_decision")
    assert (board[0].uid, board[0].leaf_hash) == (str(event.uid), event.leaf_hash)
    conditions = entries(world.auditor, Act.CONDITION)
    assert [(e.actor, e.what, e.rule) for e in conditions] == [
        ("Manager", "verified the condition", "Ballot rules v1"),
        ("Steward", "reported the condition as met", "Ballot rules v1"),
    ]
    assert {e.dossier_hash for e in conditions} == {decision.dossier_hash}


def test_overrides_deputies_and_what_rules_did_stand_in_it_too(world: World) -> None:
    conflict = declare_conflict(
        user=world.board_legal,
        subject=world.cohort,
        realm=world.program.pk,
        kind="other",
        statement="An adviser.",
        by=world.board_legal,
    )
    asked = services.request_override(conflict=conflict, by=world.manager, reason="Nobody else.")
    services.approve_override(override=asked, by=world.chair)
    overrides = entries(world.auditor, Act.OVERRIDE)
    assert [(e.actor, e.outcome) for e in overrides] == [
        ("Chair", "In force"),
        ("Manager", "In force"),
    ]
    leads = f'href="/board/recusals/{conflict.pk}/"'
    assert leads in page(world.fresh("auditor"), "/board/log/?act=override")
    told = page(world.fresh("board_policy"), "/board/log/?act=override")
    assert "Nobody else." in told
    assert leads not in told
    raised_escalation(world, kind="out_of_scope_access", by=System("access enforcement"))
    automated = entries(world.auditor, Act.AUTOMATED)
    assert [(e.what, e.rule) for e in automated] == [("raised an escalation", "Severity clocks v1")]
    exception = granted_exception(world)
    with frozen(exception.expires_at + DAY):
        sweep()
        ended = entries(world.fresh("auditor"), Act.AUTOMATED)[0]
    assert (ended.what, ended.rule) == ("noted that the exception has ended", "Exception rules v1")
    assert "raised an escalation" not in [e.what for e in entries(world.auditor, Act.DELEGATED)]


def test_a_deputy_s_vote_is_an_act_of_its_own(world: World) -> None:
    rules = founding.parameters("ballot_rules")
    rules["matters"]["governance.exception"]["delegation"] = "named_deputy"
    adopted_rule(world, "ballot_rules", rules)
    services.name_deputy(
        program=world.program,
        deputy=world.mentor,
        starts_at=now() - DAY,
        ends_at=now() + DAY,
        by=world.board_legal,
    )
    exception = requested_exception(world)
    matter = Matter.objects.get(kind="governance.exception", subject_id=exception.pk)
    vote(matter, world.fresh("mentor"))
    acts = [(e.actor, e.what) for e in entries(world.auditor, Act.DELEGATED)]
    assert acts[0] == ("Mentor", "voted for a member as deputy")
    assert ("Board Legal", "named a deputy") in acts
    assert all(e.outcome == "" and e.people == () for e in entries(world.auditor, Act.DELEGATED))


def test_who_is_recused_or_a_party_sees_nothing_of_it(world: World) -> None:
    decision = decided(world)
    assert entries(world.board_security, Act.DECISION)
    declare_conflict(
        user=world.board_security,
        subject=world.cohort,
        realm=world.program.pk,
        kind="other",
        statement="A friend.",
        by=world.board_security,
    )
    assert entries(world.fresh("board_security"), Act.DECISION) == []
    assert entries(world.fresh("steward")) == []
    assert entries(world.stranger) == []
    elsewhere = make_world("-other")
    assert entries(elsewhere.auditor) == []
    owner = world.product_owner
    grant_role(user=owner, realm=world.program.realm, role="manager", by=SETUP)
    assert entries(world.fresh("product_owner"), Act.DECISION) == []  # they are a party to it
    assert decision.matter.parties.filter(user=owner).exists()


# --- the moment -------------------------------------------------------------------------------


def test_a_decision_as_it_was_made_whatever_happened_since(world: World) -> None:
    exception = requested_exception(world)
    matter = Matter.objects.get(kind="governance.exception", subject_id=exception.pk)
    start = now()
    with frozen(start + dt.timedelta(minutes=5)):
        vote_all(matter, "approve_with_conditions", conditions=[{"text": "Report.", "days": 14}])
        decision = services.record_decision(matter=matter, by=world.chair)
    with frozen(start + DAY):
        late = declare_conflict(
            user=world.board_policy,
            subject=world.cohort,
            realm=world.program.pk,
            kind="other",
            statement="Since today.",
            by=world.board_policy,
        )
        condition = decision.conditions.get()
        services.waive_condition(condition=condition, by=world.chair, reason="Not needed.")
        services.open_dossier(matter=matter, by=world.auditor)
        moment = reconstruction.of(Decision.objects.get(pk=decision.pk), world.auditor)
    assert late.kind == "other"
    assert moment.sound
    assert {c.what for c in moment.checks} == {
        "The dossier is the one decided upon",
        "The dossier is as it was sealed",
        "Ballot rules v1 is as it was adopted",
    }
    assert [o.who for o in moment.openings] == [str(member) for member in world.board]
    assert [s.position for s in moment.seats] == ["Approve with conditions"] * 5
    assert moment.recusals == []
    assert [(c.text, c.due_at) for c in moment.conditions] == [("Report.", condition.due_at)]
    assert moment.event is not None
    assert moment.event.verb == "governance.record_decision"


def test_it_says_where_something_is_not_as_it_was(world: World) -> None:
    decision = decided(world)
    sealed = Dossier.objects.get(matter=decision.matter)
    sealed.body["sections"][0]["rows"][0][1] = "Somebody else"
    with journal.acting("tests.bend", by=world.admin):
        sealed.save()
        journal.record(subject=decision.matter)
    moment = reconstruction.of(Decision.objects.get(pk=decision.pk), world.auditor)
    assert not moment.sound
    assert [c.what for c in moment.checks if not c.agrees] == ["The dossier is as it was sealed"]
    shown = page(world.fresh("auditor"), f"/board/decisions/{decision.matter.ref}/")
    assert "Something below is not as it was" in shown


def test_files_that_the_dossier_names_are_hashed_again() -> None:
    kept = blobs.put([b"a protocol"]).sha256
    gone = "0" * 64
    body = {
        "sections": [
            {"heading": "Attachments", "rows": [["p.pdf", f"10 B, SHA-256 {kept}"]]},
            {"heading": "Evidence", "rows": [{"Artifact": "log", "SHA-256": gone}]},
        ]
    }
    found = reconstruction._files(Dossier(body=body))
    assert [(c.what, c.sha256, c.agrees) for c in found] == [
        ("p.pdf", kept, True),
        ("log", gone, None),
    ]
    blobs._path(kept).write_bytes(b"another protocol")
    assert [c.agrees for c in reconstruction._files(Dossier(body=body))] == [False, None]


# --- pages, file and API ------------------------------------------------------------------------


def test_the_page_the_file_and_the_api_say_the_same(world: World) -> None:
    decision = decided(world)
    ref = decision.matter.ref
    auditor = world.fresh("auditor")
    shown = page(auditor, "/board/log/?act=decision")
    assert f"/board/decisions/{ref}/" in shown
    assert "Ballot rules v1" in shown
    assert ref not in page(auditor, "/board/log/?act=override")
    assert ref in page(auditor, f"/board/log/?ref={ref.lower()}&since={now().date()}")
    for wrong in ("?act=no", "?since=never", "?page=9999", "?sort=drop"):
        page(auditor, f"/board/log/{wrong}")
    page(world.fresh("steward"), "/board/log/", 403)
    answer = signed_in(auditor).post("/board/log/decision-log.csv?act=decision")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["reference"], row["dossier_sha256"]) == (ref, decision.dossier_hash)
    assert row["people"].count("approve with conditions") == 5
    taken = Event.objects.filter(verb="governance.export_log")
    assert [event.actor for event in taken] == [auditor]
    assert signed_in(auditor).get("/board/log/decision-log.csv").status_code == 405
    client = signed_in(auditor)
    (line,) = client.get("/api/v1/decision-log/?act=decision").json()["results"]
    assert (line["subject"], line["rule"], line["dossier_hash"]) == (
        ref,
        "Ballot rules v1",
        decision.dossier_hash,
    )
    whole = client.get(f"/api/v1/decisions/{ref}/reconstruction/").json()
    assert whole["sound"] is True
    assert whole["dossier"] == Dossier.objects.get(matter=decision.matter).body
    assert len(whole["seats"]) == 5
    steward = signed_in(world.fresh("steward"))
    assert steward.get(f"/api/v1/decisions/{ref}/reconstruction/").status_code == 404
    assert steward.get("/api/v1/decision-log/").json()["results"] == []
    for unknown in (ref, "MAT-1900-001"):
        page(world.fresh("product_owner"), f"/board/decisions/{unknown}/", 404)
    page(auditor, "/board/decisions/MAT-1900-001/", 404)


def test_queries_do_not_grow(world: World) -> None:
    def asked(path: str) -> int:
        client: Client = signed_in(world.auditor)
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    found = []
    for number in (1, 3, 8):
        while Decision.objects.count() < number:
            title = f"Filter {Decision.objects.count()}"
            expires = now() + (20 + Decision.objects.count()) * DAY
            decision = decided(world, title=title, expires_at=expires)
        found.append((asked("/board/log/"), asked(f"/board/decisions/{decision.matter.ref}/")))
    assert len(set(found)) == 1, found
    assert found[0][0] <= 20
    assert found[0][1] <= 25
