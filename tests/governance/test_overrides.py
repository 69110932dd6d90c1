"""Setting a recusal aside: by whom, what follows at once, and where it shows."""

from __future__ import annotations

import copy
import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from fellowship.accounts.models import Conflict, RecusalOverride, User
from fellowship.accounts.queries import recused
from fellowship.accounts.services import declare_conflict
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from fellowship.notices.services import deliver
from governance import ballot_box, services
from governance import recused as asked
from governance.models import BallotSeat, Matter
from governance.states import Standing
from oversight.audit.populations import POPULATIONS
from tests.scenarios.governance import vote, vote_all
from tests.scenarios.proposals import referred_proposal
from tests.scenarios.world import World, make_world
from tests.support import kept

REASON = "Nobody else on the board knows the field."


@dataclass
class Case:
    """A proposal before the board, from which the legal seat's person is recused."""

    world: World
    matter: Matter
    conflict: Conflict


def _referred_with_a_conflict() -> Case:
    world = make_world()
    proposal = referred_proposal(world)
    matter = Matter.objects.get(kind="proposals.proposal", subject_id=proposal.pk)
    conflict = services.recuse(
        matter=matter, by=world.board_legal, kind="coauthor", statement="A paper in 2025."
    )
    return Case(world, matter, conflict)


kept_case = kept.fixture(_referred_with_a_conflict)


@pytest.fixture
def case(kept_case: Case, db: None) -> Case:
    """The case as it was built."""
    return copy.deepcopy(kept_case)


def ask(case: Case, by: str = "manager") -> RecusalOverride:
    """An override asked for."""
    person = case.world.fresh(by)
    return services.request_override(conflict=case.conflict, by=person, reason=REASON)


def set_aside(case: Case) -> RecusalOverride:
    """An override in force."""
    return services.approve_override(override=ask(case), by=case.world.chair)


def code(call: Any) -> str:
    """The code of the refusal `call` meets."""
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal.code


def client_of(user: User) -> Client:
    """A signed-in browser."""
    client = Client()
    client.force_login(user)
    return client


def standing(case: Case) -> str:
    """What the roll says of the legal seat, and what is counted."""
    row = BallotSeat.objects.get(ballot__matter=case.matter, seat="legal")
    line = next(x for x in ballot_box.lines(row.ballot) if x.row.seat == "legal")
    assert row.standing == line.standing
    return row.standing


def test_a_second_person_sets_it_aside_and_everything_follows(case: Case) -> None:
    world, member = case.world, case.world.board_legal
    assert standing(case) == Standing.RECUSED
    assert not Matter.objects.visible_to(member).exists()
    override = ask(case)
    assert ask(case) == override
    assert recused(member, asked.subject_of(case.conflict))
    for _ in range(2):
        services.approve_override(override=override, by=world.chair)
    assert not recused(member, asked.subject_of(case.conflict))
    assert standing(case) == Standing.ELIGIBLE
    assert Matter.objects.opened_to(member).get() == case.matter
    notice = Notice.objects.visible_to(member).filter(kind="governance.override_approved").get()
    assert REASON in notice.body
    assert client_of(member).get(notice.url).status_code == 200
    assert Event.objects.filter(verb="governance.approve_override").count() == 1
    vote(case.matter, member)
    assert asked.votes_under_override(case.matter.ballot)[0][1].pk == override.pk


def test_a_revoked_override_recuses_again_and_says_nothing_of_the_case(case: Case) -> None:
    member = case.world.board_legal
    override = set_aside(case)
    vote(case.matter, member)
    for _ in range(2):
        services.revoke_override(override=override, by=case.world.manager, reason="New facts.")
    assert standing(case) == Standing.RECUSED
    told = Notice.objects.visible_to(member).order_by("-pk")
    assert [n.kind for n in told if "override" in n.kind] == ["governance.override_revoked"]
    assert case.matter.title not in told[0].title + told[0].body
    assert client_of(member).get(case.matter.get_absolute_url()).status_code == 404
    assert not any(ballot_box.count(case.matter.ballot).positions.values())


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("board_legal", "separation_own"),
        ("board_product", "wrong_role"),
        ("sponsor", "wrong_role"),
        ("auditor", "wrong_role"),
        ("applicant", "separation_party"),
    ],
)
def test_who_may_not_ask(case: Case, who: str, expected: str) -> None:
    assert code(lambda: ask(case, who)) == expected
    assert RecusalOverride.objects.count() == 0


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("board_legal", "separation_own"),
        ("manager", "separation_second"),
        ("board_product", "wrong_role"),
        ("auditor", "wrong_role"),
        ("applicant", "separation_party"),
    ],
)
def test_who_may_not_decide(case: Case, who: str, expected: str) -> None:
    override = ask(case)
    for verb in (services.approve_override, services.decline_override):
        person = case.world.fresh(who)
        call = lambda verb=verb, person=person: verb(  # noqa: E731
            override=override, by=person, reason="Because."
        )
        assert code(call) == expected
    assert recused(case.world.board_legal, asked.subject_of(case.conflict))


def test_whoever_is_recused_themselves_neither_sees_nor_decides(case: Case) -> None:
    override = ask(case)
    chair, subject = case.world.chair, asked.subject_of(case.conflict)
    declare_conflict(
        user=chair,
        subject=subject,
        realm=case.matter.program_id,
        kind="personal",
        statement="A friend.",
        by=chair,
    )
    approve = lambda: services.approve_override(override=override, by=chair)  # noqa: E731
    assert code(approve) == "separation_recused"
    assert client_of(chair).get(f"/board/recusals/{case.conflict.pk}/").status_code == 404
    assert not asked.rows(chair).exists()
    assert not Notice.objects.visible_to(chair).filter(kind="governance.override_asked").exists()
    assert Notice.objects.filter(recipient=chair, kind="governance.override_asked").exists()


def test_a_later_declaration_is_not_covered(case: Case) -> None:
    set_aside(case)
    member = case.world.board_legal
    with frozen(now() + dt.timedelta(hours=1)):
        services.recuse(matter=case.matter, by=member, kind="financial", statement="Shares.")
    assert recused(member, asked.subject_of(case.conflict))
    assert standing(case) == Standing.RECUSED
    take_back = lambda: services.recuse(matter=case.matter, by=member, kind="none")  # noqa: E731
    assert code(take_back) == "conflict_stands"


def test_the_database_keeps_them_apart(case: Case) -> None:
    override = ask(case)
    for name in ("manager", "board_legal"):
        row = RecusalOverride.objects.get(pk=override.pk)
        row.state, row.decided_at = "in_force", now()
        row.decided_by = getattr(case.world, name)
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            journal.acting("tests.write", by=journal.System("tests")),
        ):
            row.save()


def test_a_ledger_that_fails_leaves_everything(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    override = ask(case)
    before = list(RecusalOverride.objects.values()), standing(case), Notice.objects.count()

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("full")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_recorder", [fail])
        for call in (
            lambda: services.approve_override(override=override, by=case.world.chair),
            lambda: services.decline_override(override=override, by=case.world.chair, reason="No."),
        ):
            with pytest.raises(RuntimeError):
                call()
    found = list(RecusalOverride.objects.values()), standing(case), Notice.objects.count()
    assert found == before


def test_by_page_and_by_api(case: Case) -> None:
    world, url = case.world, f"/board/recusals/{case.conflict.pk}/"
    manager, chair = client_of(world.manager), client_of(world.chair)
    panel = f"/proposals/{asked.subject_of(case.conflict).ref}/panel/"
    for page in (panel, case.matter.get_absolute_url()):
        assert url in manager.get(page).content.decode()
    member = client_of(world.board_product).get(case.matter.get_absolute_url()).content.decode()
    assert "Who is recused" not in member
    for outsider in ("board_legal", "board_product", "applicant", "reviewer"):
        assert client_of(getattr(world, outsider)).get(url).status_code == 404
    assert manager.post(url, {"reason": " "}).status_code == 422
    assert manager.post(url, {"reason": REASON}).status_code == 302
    assert REASON in client_of(world.sponsor).get(url).content.decode()
    assert manager.post(f"{url}approve/").status_code != 302
    address = f"/api/v1/recusals/{case.conflict.pk}/"
    found = chair.post(f"{address}approve/", {}, content_type="application/json")
    assert found.status_code == 200, found.content
    assert found.json()["overrides"][0]["state"] == "in_force"
    assert chair.post(f"{url}revoke/", {"reason": "Enough."}).status_code == 302
    assert client_of(world.board_legal).get(address).status_code == 404


def test_the_record_shows_it(case: Case) -> None:
    world = case.world
    override = set_aside(case)
    vote_all(case.matter)
    decision = services.record_decision(matter=case.matter, by=world.chair)
    assert decision.tally["under_override"] == ["legal"]
    assert "One vote was cast although a conflict of interest is declared" in decision.letter
    page = client_of(world.manager).get(case.matter.get_absolute_url()).content.decode()
    assert f"{world.board_legal} voted although a conflict was declared." in page
    services.revoke_override(override=override, by=world.manager, reason="New facts.")
    assert list(asked.overridden(case.matter)) == [override]
    rows = POPULATIONS["overrides"].within(world.program.pk, None, None)
    assert POPULATIONS["overrides"].cells(rows.get())[3] == REASON


def test_a_mail_not_sent_yet_leaves_without_what_was_closed(case: Case) -> None:
    world, title = case.world, case.matter.title
    assert Notice.objects.filter(recipient=world.board_legal, title__contains=title).exists()
    with frozen(now() + dt.timedelta(hours=1)):
        deliver()
    told = {str(m.to[0]) for m in mail.outbox if title in f"{m.subject} {m.body}"}
    assert world.board_product.email in told
    assert world.board_legal.email not in told
    assert title not in client_of(world.board_legal).get("/inbox/").content.decode()


def test_who_may_decide_finds_it_on_their_desk_until_it_is_decided(case: Case) -> None:
    world, line = case.world, "Decide on an override: the recusal of"
    override = ask(case)
    people = ("chair", "sponsor", "manager", "board_legal", "board_product")

    def desks() -> list[bool]:
        pages = [client_of(world.fresh(name)).get("/").content.decode() for name in people]
        return [line in page for page in pages]

    assert desks() == [True, True, False, False, False]
    silent = lambda: services.decline_override(  # noqa: E731
        override=override, by=world.chair, reason=" "
    )
    assert code(silent) == "no_reason"
    services.decline_override(override=override, by=world.chair, reason="Others know it too.")
    assert not any(desks())
