"""Tables of moves: what they allow, refuse, and draw."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fellowship.kernel.moves import TABLES, Holder, Move, MoveTable
from fellowship.kernel.refusals import Refused
from fellowship.kernel.saying import is_said

HOLDERS = {"draft": Holder.YOU, "sent": Holder.US, "done": Holder.NOBODY}
MOVES = [
    Move("send", "draft", "sent"),
    Move("return", "sent", "draft"),
    Move("end", "sent", "done"),
]
# How each verb of the house reads after “it can be”: no key of ours, and English.
PARTICIPLES = {
    "change request": {"begun", "finished", "rejected", "reopened", "withdrawn"},
    "acceptance test": {"recorded as failed", "recorded as passed", "withdrawn"},
    "contested suggestion": {"replaced", "taken back", "upheld", "withdrawn"},
    "override of a recusal": {"approved", "declined", "revoked"},
    "suggestion of reviewers": {"assigned", "finished", "set aside", "worked out"},
    "clock": {"counted as run out", "extended", "paused", "resumed", "stopped"},
    "call": {"closed", "published", "reopened"},
    "lesson": {"set aside", "taken into a call"},
    "amendment of a rule": {"agreed", "declined", "withdrawn"},
    "rule version": {
        "adopted",
        "proposed",
        "published",
        "rejected",
        "taken back",
        "taken back for changes",
    },
    "matter": {"brought to a decision", "put to the vote", "returned", "withdrawn"},
    "condition": {"recorded as failed", "reported as met", "verified", "waived"},
    "exception": {"ended", "granted", "reconsidered", "refused", "withdrawn"},
    "independent review": {"given to its reviewers", "sent back", "upheld"},
    "escalation": {"acknowledged", "closed", "contained", "prevented", "reopened", "verified"},
    "proposal": {
        "accepted",
        "declined",
        "deferred",
        "given back to the panel",
        "given to reviewers",
        "put before the board again",
        "referred to the board",
        "revised",
        "submitted",
        "withdrawn",
    },
    "fellowship": {
        "closed",
        "moved to “Access”",
        "moved to “Close out”",
        "moved to “Publish”",
        "moved to “Research”",
        "moved to “Review”",
        "moved to “Translate”",
    },
    "scope of work": {
        "approved",
        "denied",
        "left to lapse",
        "offered for signature",
        "put in force at once",
        "referred to the board",
        "returned for changes",
        "signed",
        "superseded",
        "withdrawn",
    },
    "milestone": {"accepted", "covered by an exception", "delivered", "returned"},
    "talent step": {"offered to the fellow", "agreed to", "declined"},
    "access request": {
        "accepted",
        "approved",
        "checked",
        "put before the board again",
        "referred to the board",
        "refused",
        "returned",
        "revised",
        "sent back for changes",
        "withdrawn",
    },
    "classification": {"agreed", "called off", "seen differently", "settled"},
    "release request": {
        "found to be in disagreement",
        "refused",
        "released",
        "returned",
        "sent to the reviewers",
        "withdrawn",
    },
    "finding": {
        "accepted",
        "closed",
        "closed as a duplicate",
        "deferred",
        "opened again",
        "reconsidered",
        "rejected",
        "taken up",
    },
    "control": {"deployed", "verified", "withdrawn"},
    "authorship agreement": {
        "adopted",
        "agreed to by all",
        "given back to those named",
        "given to the mediator",
        "left to lapse",
        "referred to the board",
        "refused",
        "superseded",
        "turned down",
        "withdrawn",
    },
    "publication": {
        "released",
        "returned to review",
        "submitted",
        "taken to the board",
        "withdrawn",
    },
    "objection": {
        "accepted",
        "answered with other wording",
        "contested",
        "declined",
        "given a mediator’s proposal",
        "overruled",
        "referred to the board",
        "settled by other wording",
        "upheld",
        "withdrawn",
    },
}


@pytest.fixture
def table() -> Iterator[MoveTable]:
    yield MoveTable("letter", "draft", MOVES, HOLDERS, {"done": "Finished"}, {"send": "sent"})
    del TABLES["letter"]


def test_allowed_moves_lead_to_their_target(table: MoveTable) -> None:
    assert table.target("draft", "send") == "sent"
    assert table.verbs("sent") == ["return", "end"]
    assert table.refusal("sent", "end") is None
    assert table.terminal == {"done"}
    assert table.states == {"draft", "sent", "done"}
    assert table.holder("draft") == "you"


def test_other_moves_are_refused_with_the_state_in_words(table: MoveTable) -> None:
    with pytest.raises(Refused) as caught:
        table.target("done", "send")
    refusal = caught.value.refusal
    assert refusal.code == "wrong_state"
    assert str(refusal) == "This letter is finished; it can be sent only while it is a draft."
    assert str(table.refusal("done", "end")) == "This letter is already finished."
    assert str(table.refusal("done", "burn")) == "This letter is finished."


def test_every_refusal_of_the_house_is_a_sentence() -> None:
    for table in TABLES.values():
        refusals = (table.refusal(s, m.verb) for s in table.states for m in table.moves)
        for reason in (str(refusal) for refusal in refusals if refusal):
            assert "_" not in reason
            assert "“" not in reason or table.name == "fellowship"
    said = {t.name: {t.participle(m.verb) for m in t.moves} for t in TABLES.values()}
    assert said == PARTICIPLES


def test_every_refusal_of_the_house_says_itself_in_other_languages() -> None:
    for table in TABLES.values():
        words = [table.name, *map(table.phrase, table.states)]
        words += [table.participle(move.verb) for move in table.moves]
        assert [word for word in words if not is_said(word)] == []


def test_the_diagram_shows_every_move(table: MoveTable) -> None:
    assert table.diagram().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> draft",
        "    draft --> sent: send",
        "    sent --> draft: return",
        "    sent --> done: end",
        "    done --> [*]",
    ]
    assert TABLES["letter"] is table


def test_a_table_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="send from draft stands twice"):
        MoveTable("letter", "draft", [*MOVES, Move("send", "draft", "done")], HOLDERS)
    with pytest.raises(ValueError, match=r"nobody is named as holder of \['done'\]"):
        MoveTable("letter", "draft", MOVES, {"draft": Holder.YOU, "sent": Holder.US})
    assert "letter" not in TABLES
