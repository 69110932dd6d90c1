"""Who is answered what at every address, by every method: as `matrix.txt` says, a line for each.

An ordinary run asks some of the people at each address, always the same; `make matrix` asks them
all and writes the file and docs/authorisation.md. What must hold whatever the file says is tested
here too, on the same answers.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import F, Model
from django.urls import resolve
from pytest_django import DjangoDbBlocker
from simple_history.models import HistoricalChanges

from fellowship.web.schema import described
from tests.support import authority, kept, marks, matrix, matrix_page
from tests.support.belonging import of_the_case, unnamed
from tests.support.cast import APART, ASKED, CAST, ELSEWHERE, build_cast
from tests.support.crawled import crawl
from tests.support.house import House
from tests.support.outgoing import of_time, of_verbs
from tests.support.walked import BROKEN, SAFE, Answer, Row, ask, briefly, curtly, path_of, rows

WRITES = os.environ.get("MATRIX", "")
"""`write` for the whole file anew, `new` for addresses and people it does not have yet."""
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.once,
    pytest.mark.slow,
    pytest.mark.timeout(0 if WRITES else 2400),
]

OPEN = tomllib.loads((Path(__file__).parent / "open.toml").read_text())
MEANT = "If it is meant so, run `make matrix` and have the difference reviewed."
OF_ONESELF = {
    "POST /api/v1/calendar-feed/",
    "POST /api/v1/personal-copies/",
    "POST /inbox/calendar/open/",
    "POST /proposals/start/<ref>/",
    "POST /your-data/copies/",
}
"""What everybody with an account does at once: opens a calendar, begins a proposal, asks a copy."""
BY_LINK = {"POST /accounts/confirm-email/<key>/"}
"""Done by whoever holds the link that was mailed to one, signed in or not: it is one's own act."""
LEADS_ON = {"/triage/<ref>/pane/"}
"""Leads to the page of whatever is named, which is closed."""
Answers = dict[tuple[Row, str], Answer]

kept_house = kept.fixture(build_cast)
of_the_file = pytest.mark.skipif(bool(WRITES), reason="it is being written")


@pytest.fixture(scope="module")
def answers(kept_house: House, django_db_blocker: DjangoDbBlocker) -> Answers:
    """What each who was asked for was answered."""
    known = {} if WRITES == "write" else matrix.kept()
    there = {name.split(" ", 1)[1] for name in known}
    found = {}
    with django_db_blocker.unblock(), briefly():
        for row in rows():
            path, words = path_of(kept_house, row), known.get(str(row))
            people = list(ASKED) if WRITES else matrix.sample(row, words)
            if WRITES and row.address in there:
                people = [who for who in ASKED if who not in matrix.asked()]
            for who in people:
                found[row, who] = ask(kept_house, who, row, path)
            if WRITES and words is None and matrix.is_offered(_words(found, row)):
                for who in (who for who in ASKED if who not in people):
                    found[row, who] = ask(kept_house, who, row, path)
    broken = [f"{row}: {who} ({a.status})" for (row, who), a in found.items() if a.word == BROKEN]
    _told(broken, "broken")
    if WRITES:
        merged = {str(row): known.get(str(row), {}) | _words(found, row) for row in rows()}
        matrix.write(
            {
                name: {who: words[who] for who in ASKED}
                for name, words in merged.items()
                if set(words) >= set(ASKED)
            }
        )
        matrix_page.FILE.write_text(matrix_page.page(matrix.kept()))
    return found


def _words(found: Answers, row: Row) -> dict[str, str]:
    return {who: found[row, who].word for who in ASKED if (row, who) in found}


def _told(wrong: list[str], say: str) -> None:
    assert not wrong, f"{len(wrong)}: {say}\n" + "\n".join(sorted(wrong)[:60])


@of_the_file
def test_every_address_has_its_row() -> None:
    known = {name.split(" ", 1)[1] for name in matrix.kept()}
    there = {row.address for row in rows()}
    missing, gone = sorted(there - known), sorted(known - there)
    assert not missing, f"no row in tests/authorisation/matrix.txt for {missing}. {MEANT}"
    assert not gone, f"rows of addresses that are gone: {gone}. {MEANT}"


def test_every_address_asked_leads_to_its_view(kept_house: House, db: None) -> None:
    """What no address matches is closed to everybody, and would say nothing."""
    asked = {path_of(kept_house, row): row for row in rows()}
    wrong = [
        path
        for path, row in asked.items()
        if resolve(path.partition("?")[0]).func is not row.route.view
    ]
    _told(wrong, "leads elsewhere")


def test_what_a_record_hangs_on_is_of_the_same_programme(kept_house: House, db: None) -> None:
    """Services see to it, and visibility rests on it: Django has no foreign key of two columns."""
    wrong, pairs = [], 0
    for model in apps.get_models():
        for field in _within_a_programme(model):
            there = model._base_manager.filter(**{f"{field}__isnull": False})
            pairs += there.exists()
            if there.exclude(**{f"{field}__program": F("program")}).exists():
                wrong.append(f"{model._meta.label}.{field}")
    assert wrong == []
    assert pairs > 20


def _within_a_programme(model: type[Model]) -> Iterator[str]:
    """The relations of a record with a programme to others with one."""
    if hasattr(model, "program") and not issubclass(model, HistoricalChanges):
        for field in model._meta.concrete_fields:
            if field.related_model and hasattr(field.related_model, "program"):
                yield field.name


@of_the_file
def test_every_row_that_names_something_is_answered_to_somebody() -> None:
    """Where nobody is, that outsiders are not proves nothing."""
    listed = sorted(chain(*matrix.why_unanswered().values()))
    nobody = matrix.unanswered(matrix.kept())
    assert nobody == listed, f"make what it names in tests/support/furnished.py. {MEANT}"


@of_the_file
def test_every_operation_of_the_description_has_its_row() -> None:
    """The other way round too: what the API answers to is described."""
    known = {name for name in matrix.kept() if " /api/v1/" in name}
    operations = {
        f"{method.upper()} {path}"
        for path, methods in described()["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "patch", "delete")
    }
    plain = {re.sub(r"<\w+>", "{}", name) for name in known}
    assert {re.sub(r"{\w+}", "{}", name) for name in operations} - plain == set()


@of_the_file
def test_the_page_says_what_the_matrix_says() -> None:
    assert matrix_page.FILE.read_text() == matrix_page.page(matrix.kept()), MEANT


def test_each_is_answered_as_the_matrix_says(answers: Answers) -> None:
    known, wrong = matrix.kept(), []
    for (row, who), answer in answers.items():
        words = known.get(str(row))
        if words is None:
            if answer.word not in ("", "closed", "sign-in"):
                wrong.append(f"{row}: {who} is answered {answer.status}, and there is no row")
        elif answer.word != words[who]:
            said = answer.word or "not-offered"
            wrong.append(f"{row}: {who} is told {said!r} ({answer.status}), not {words[who]!r}")
    _told(wrong, f"not as tests/authorisation/matrix.txt says. {MEANT}")


# --- what holds whatever the file says --------------------------------------------------------


def _shown(row: Row, word: str) -> bool:
    """Whether something was shown or done, be it that the question was not understood."""
    if row.method in SAFE:
        return word in ("open", "moved")
    return word in ("changed", "heard", "moved", "not-now")


@pytest.mark.skipif(WRITES == "new", reason="not all is asked")
def test_visitors_and_newcomers_are_shown_what_is_listed_as_open(answers: Answers) -> None:
    """`open.toml` is written by hand; the walk asks both of them everywhere."""
    seen: dict[str, set[str]] = {"visitor": set(), "newcomer": set()}
    for (row, who), answer in answers.items():
        if who in seen and row.method == "GET" and answer.word == "open":
            seen[who].add(row.address)
    seen["newcomer"] -= seen["visitor"]
    wrong = [
        f"{who}: {where} is {'not listed' if where in shown else 'closed'}"
        for who, shown in seen.items()
        for where in shown ^ set(OPEN[who])
    ]
    _told(wrong, "not as open.toml says")


def test_nothing_is_changed_from_outside(answers: Answers) -> None:
    """By visitors and newcomers, nor of what an address names by people of another programme, but
    for what is one's own.
    """
    wrong = [
        f"{row}: {who}"
        for (row, who), answer in answers.items()
        if (who in ("visitor", "newcomer") or (who in ELSEWHERE and row.route.arguments))
        and answer.events
        and str(row) not in OF_ONESELF | BY_LINK
    ]
    _told(wrong, "something was changed")


def test_nothing_of_the_case_is_there_for_who_has_no_part_in_it(
    kept_house: House, db: None
) -> None:
    """Neither the case nor anything that leads to it by its foreign keys, page or API, but for what
    is public.

    Asked of the whole file, which was held against the site above.
    """
    known = matrix.kept()
    there = [row for row in rows() if str(row) in known]
    leads = {row.address: row.route for row in there}
    assert unnamed(leads) == set(), "say in tests/support/belonging.py what record that is"
    of_it = of_the_case(leads, kept_house)
    asked = [row for row in there if row.address in of_it]
    assert len(asked) > 300
    wrong = [
        f"{row}: {who} is told {word!r}"
        for row in asked
        for who, word in known[str(row)].items()
        if who in APART and (_shown(row, word) or word == "refused")
        if row.address not in LEADS_ON
        if row.method != "GET" or row.address not in OPEN["visitor"]
    ]
    _told(wrong, "something of the case is there for them")


def test_what_is_done_is_on_record_and_what_is_refused_leaves_nothing(answers: Answers) -> None:
    wrong = []
    for (row, who), answer in answers.items():
        if row.method in SAFE:
            continue
        if answer.word != "changed" and answer.events:
            wrong.append(f"{row}: refused to {who}, and left an event")
        alone = answer.others == answer.events and str(row) not in BY_LINK
        if answer.word == "changed" and alone:
            wrong.append(f"{row}: done by {who}, recorded of others alone")
    _told(wrong, "the ledger does not say what was done")


OPEN_TO_ALL = {
    "proposals.policy.may_start": "anybody from outside applies, while the call is open",
    "findings.policy.claims.may_read_file": "what an embargo keeps, asked of who sees it",
    "governance.policy.exceptions.may_grant": "asked where the board's decision is performed",
    "access.ending_policy.may_take": "what nobody asked to open is not open to anybody",
}
"""Policies that do not begin with who asks, and why that is right."""


@of_the_file
def test_a_stranger_is_refused_as_a_person_in_whatever_state_a_record_is(
    kept_house: House, db: None
) -> None:
    """Authority before state: what stands is told to who might have done it alone."""
    stranger = kept_house.world.fresh("newcomer")
    asked, wrong = 0, set()
    for name, policy in authority.policies().items():
        said = list(authority.answers(policy, stranger))
        asked += bool(said)
        if any(refusal is None or not refusal.personal for refusal in said):
            wrong.add(name)
    assert asked > 200
    assert wrong == set(OPEN_TO_ALL), "ask first who it is, then the state"


def _read_by_others(marks_by_person: dict[str, dict[tuple[int, int], str]]) -> None:
    lines = [f"{who}: {one}" for who, found in marks_by_person.items() for one in marks.told(found)]
    _told(lines, "read by who may not; see tests/authorisation/fields.toml")


MAILED = "/accounts/confirm-email/"
"""Shows an address to whoever holds the link that was mailed there."""
SHARES = {name: 24 if name in APART else 40 for name in CAST} | {"visitor": 1, "newcomer": 8}
"""At one in how many addresses it is tried what somebody is shown."""


@of_the_file
def test_nobody_is_shown_a_private_text_they_may_not_read(kept_house: House, db: None) -> None:
    """Marks stand in every private text; a part of what is open is read, all of what is public."""
    counts = marks.mark_all()
    assert sum(map(bool, counts.values())) > 150
    knowing = marks.Knowing(kept_house)
    wrong: dict[str, dict[tuple[int, int], str]] = {}
    for who, share in SHARES.items():
        with curtly():
            for path, text in crawl(kept_house, who, share, links=False):
                if path.startswith(MAILED):
                    continue
                found = {mark: path for mark in marks.read(text) if not knowing.may(who, mark)}
                wrong.setdefault(who, {}).update(found)
    _read_by_others(wrong)


TAKEN = {"POST /proposals/<ref>/submit/"}
"""What was one's own alone is sent to others by it."""


@of_the_file
def test_nobody_is_told_a_private_text_they_may_not_read(kept_house: House, db: None) -> None:
    """By notice, mail, file of a mail, or message to a system: of what an empty body does at once,
    and of what time does.
    """
    marks.mark_all()
    knowing, known = marks.Knowing(kept_house), matrix.kept()
    done = {str(row): row for row in rows() if str(row) not in TAKEN}
    doers = {
        name: [who for who, word in known[name].items() if word == "changed"] for name in known
    }
    verbs = [(row, who) for name, row in done.items() for who in doers.get(name, ())[:3]]
    assert len(verbs) > 120
    wrong: dict[str, dict[tuple[int, int], str]] = {}
    with briefly():
        for where, who, text in chain(of_verbs(kept_house, verbs), of_time(kept_house)):
            found = {mark: where for mark in marks.read(text) if not knowing.may(who, mark)}
            wrong.setdefault(who, {}).update(found)
    _read_by_others(wrong)
