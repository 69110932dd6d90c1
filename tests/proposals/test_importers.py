"""Real documents come in whole: a structured notice as a call, applications as proposals."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.html import strip_tags
from pytest_django import DjangoDbBlocker

from fellowship.programs.models import Call
from governance.models import Matter
from proposals import checks
from proposals.importers import application, evaluation, notice
from proposals.importers.markup import to_markdown
from proposals.models import ImportedEvaluation, Proposal
from proposals.services import refer_to_board
from proposals.services.case import KIND
from proposals.states import ProposalState
from tests.scenarios.proposals import assigned, panel, review
from tests.scenarios.world import World
from tests.support import kept

EVALUATIONS = "w3f-milestones/evaluations"
NOTICE = "calls-us-gov/nofos/nofos/fixtures/json/cms-u2u-25-001.json"
APPLICATIONS = "w3f-milestones/applications"
HEADINGS = {
    "status",
    "acceptance",
    "number",
    "deliverable",
    "accepted",
    "link",
    "evaluation",
    "notes",
    "x",
}


def words(text: str) -> list[str]:
    """The words of a text, whatever its markup."""
    text = re.sub(r"\{:[^}]*\}|\]\([^)]*\)", " ", strip_tags(text.replace("<", " <")))
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text))


def spelled(text: str) -> list[str]:
    """The words that are no numbers."""
    return [word for word in words(text) if not word.isdigit()]


@pytest.fixture
def source(shared_data: Path) -> dict[str, Any]:
    return json.loads((shared_data / NOTICE).read_text(encoding="utf-8"))


def bodies(source: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (sub["name"], sub["body"])
        for section in source["sections"]
        for sub in section["subsections"]
    ]


def test_each_text_of_the_notice_stands_in_the_call(
    world: World, shared_data: Path, source: dict[str, Any]
) -> None:
    out, err = StringIO(), StringIO()
    call_command(
        "import_call", shared_data / NOTICE, program=world.program.slug, stdout=out, stderr=err
    )
    call = Call.objects.get(ref=out.getvalue().strip())
    stored = "\n\n".join(
        [call.summary, call.topics, call.constraints, call.eligibility, call.background]
    )
    kept = " ".join(words(stored))
    for name, body in bodies(source):
        assert " ".join(words(name)) in kept
        for paragraph in re.split(r"\n\s*\n", to_markdown(body)):
            assert paragraph in stored
        assert " ".join(words(to_markdown(body))) in kept
        # Only the numbers of ordered lists are added.
        assert Counter(words(body)) - Counter(words(to_markdown(body))) == Counter()
        assert spelled(to_markdown(body)) == spelled(body)
    for section in source["sections"]:
        assert section["name"] in stored or section["name"].startswith("Step 1")
    for key in ("number", "opdiv", "agency", "tagline", "application_deadline", "short_name"):
        assert source[key] in stored
    assert call.title == source["title"]
    assert call.state == "draft"


def test_the_notices_texts_stand_where_they_belong(shared_data: Path) -> None:
    parsed = notice.parse((shared_data / NOTICE).read_text(encoding="utf-8"))
    assert parsed.summary.startswith("We know it can be challenging for states")
    assert parsed.eligibility.startswith("## Eligibility")
    assert "Government organizations" in parsed.eligibility
    assert "Cost sharing" in parsed.eligibility
    assert parsed.topics.startswith("## Program description")
    assert "Salary rate limitation" in parsed.constraints
    assert "Cybersecurity requirements" in parsed.background
    assert "<" not in re.sub(r"<https?://[^>]*>", "", parsed.background + parsed.eligibility)


def test_contradicting_deadlines_are_named_not_weighed(shared_data: Path) -> None:
    parsed = notice.parse((shared_data / NOTICE).read_text(encoding="utf-8"))
    assert str(parsed.closes_at) == "2025-01-16 05:00:00+00:00"
    assert any("February 15, 2025" in warning for warning in parsed.warnings)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"title": "x"}', '{"title": "x", "sections": [1]}']
)
def test_what_is_no_notice_is_refused(text: str) -> None:
    with pytest.raises(notice.NotANotice):
        notice.parse(text)


def test_unknown_programme_and_unreadable_file_are_named(world: World, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(CommandError, match="no programme"):
        call_command("import_call", tmp_path / "x.json", program="nowhere")
    with pytest.raises(CommandError, match="A notice has a title"):
        call_command("import_call", tmp_path / "x.json", program=world.program.slug)
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_call", tmp_path / "y.json", program=world.program.slug)


@pytest.fixture(scope="module")
def kept_imported(
    kept_world: World, shared_data: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, str]]:
    """All real applications in the world's call: the proposal's reference by the file's name."""

    def build() -> dict[str, str]:
        out = StringIO()
        folder = shared_data / APPLICATIONS
        call_command(
            "import_proposals", folder, call=kept_world.call.ref, stdout=out, stderr=StringIO()
        )
        return dict(reversed(line.split(" ", 1)) for line in out.getvalue().splitlines())

    with kept.built(build, django_db_blocker) as made:
        yield made


def evaluations(world: World, path: Path, *of: str) -> tuple[list[str], list[str]]:
    """What the command says of the evaluations there, on both streams, line by line."""
    out, err = StringIO(), StringIO()
    call_command(
        "import_evaluations", path, call=world.call.ref, of=list(of), stdout=out, stderr=err
    )
    return out.getvalue().splitlines(), err.getvalue().splitlines()


def test_every_line_of_every_application_is_kept(
    world: World, kept_imported: dict[str, str], shared_data: Path
) -> None:
    files = sorted((shared_data / APPLICATIONS).glob("*.md"))
    assert len(kept_imported) == len(files) == 41
    for file in files:
        proposal = Proposal.objects.get(ref=kept_imported[file.name])
        answers = proposal.answers()
        assert proposal.state == ProposalState.SUBMITTED
        stored = "\n".join(text for text in answers.values() if isinstance(text, str))
        kept = {line.strip() for line in stored.split("\n")}
        source = unicodedata.normalize("NFC", file.read_text(encoding="utf-8"))
        missing = [line for line in source.splitlines() if line.strip() not in kept | {""}]
        assert missing == [], file.name


def test_every_evaluation_is_read_and_every_verdict_is_its_own(shared_data: Path) -> None:
    said: Counter[str] = Counter()
    marks: Counter[bool | None] = Counter()
    for file in sorted((shared_data / EVALUATIONS).glob("*.md")):
        text = file.read_text(encoding="utf-8")
        if file.name == "evaluation-template.md":
            with pytest.raises(evaluation.NotAnEvaluation, match="names every choice"):
                evaluation.parse(text, name=file.stem)
            continue
        parsed = evaluation.parse(text, name=file.stem)
        said[f"{parsed.verdict}: {parsed.said.lower()}"] += 1
        marks.update(row.accepted for row in parsed.deliverables)
        cells = [" ".join((d.number, d.name, d.link, d.notes)) for d in parsed.deliverables]
        kept_words = Counter(words(" ".join([parsed.comment, parsed.said, *cells])))
        # Nothing is lost but the names of columns, the ticks and the word “Status”.
        lost = Counter(words(text)) - kept_words
        assert {word.lower() for word in lost} <= HEADINGS, (file.name, lost)
    assert said == {
        "accepted: accepted": 92,
        "accepted: yes": 1,
        "declined: rejected": 3,
        "none: in progress": 23,
        "none: terminated": 3,
    }
    assert marks == {True: 783, False: 100, None: 18}


def test_real_evaluations_go_to_their_proposals_and_count_in_no_score(
    world: World, kept_imported: dict[str, str], shared_data: Path
) -> None:
    folder = shared_data / EVALUATIONS
    out, err = evaluations(world, folder)
    assert out == [
        "ambiguous citadel-one_1_semuelle.md: It says “In Progress”, which is no verdict on the "
        "work.",
        "ambiguous stone-index-on-substrate_1_Noc2.md: It says “In Progress”, which is no verdict "
        "on the work.",
        "accepted 60, declined 0, ambiguous 2, refused 61",
    ]
    assert len([line for line in err if line.startswith("refused ")]) == 61
    assert "refused DEIP_1_semuelle.md: No proposal was imported from “DEIP”." in err
    assert "refused zkrollups_mmagician_1.md: It names no application." in err
    assert (
        "polkadot-dart_1_semuelle.md: Accepted, though not every deliverable is ticked: 7." in err
    )
    assert ImportedEvaluation.objects.count() == 62
    one = folder / "zkrollups_mmagician_1.md"
    for _ in range(2):
        told = evaluations(world, one, f"{one.name}=zk-rollups.md")
        assert told == (["accepted 1, declined 0, ambiguous 0, refused 0"], [])
    assert ImportedEvaluation.objects.count() == 63
    for name in ("hs-web3.md", "fractapp.md"):
        proposal = Proposal.objects.get(ref=kept_imported[name])
        for reviewer in panel(world):
            review(assigned(world, proposal, reviewer), score=3)
        referred = refer_to_board(proposal=proposal, by=world.manager)
        assert referred.state == ProposalState.WITH_BOARD
        assert referred.reviews.count() == len(panel(world))
        dossier = Matter.objects.get(subject_id=referred.pk, kind=KIND).dossier
        assert not {e.source for e in referred.evaluations.all()} & set(
            re.findall(r"[\w.-]+", str(dossier))
        )
    assert [e.verdict for e in referred.evaluations.all()] == ["accepted"] * 3


def test_few_of_the_applications_meet_advice_on_what_they_wrote(shared_data: Path) -> None:
    """Forty-one real ones: only what their writers said counts, not what nobody asked them."""
    read = [
        application.parse(file.read_text(encoding="utf-8"), fallback=file.stem).answers
        for file in sorted((shared_data / APPLICATIONS).glob("*.md"))
    ]
    written = [{k: v for k, v in a.items() if v != application.NOT_ASKED} for a in read]
    advice = [a for answers in written for a in checks.advise(answers)]
    assert len(written) == 41
    assert Counter(a.code for a in advice) == {"vague_theme": 2}
    assert all(checks.overbroad(answers) == [] for answers in written)


def test_teams_and_titles_are_read(shared_data: Path) -> None:
    def read(name: str) -> application.ParsedProposal:
        text = (shared_data / APPLICATIONS / f"{name}.md").read_text(encoding="utf-8")
        return application.parse(text, fallback=name)

    team = {
        name: [row["name"] for row in read(name).answers["team"]]
        for name in ("dart-scale-codec", "konomi", "hs-web3", "fractapp", "ares_protocol")
    }
    assert team["dart-scale-codec"] == ["Alex Xu", "Hilbert Zhou"]
    assert team["konomi"] == ["Ariel Ho", "Shengmu Liu", "John Wu", "Yuqing Zhao", "Jayden Yee"]
    assert team["hs-web3"] == ["Aleksandr Krupenkin"]
    assert team["fractapp"] == ["Elshan Dzhafarov", "Anastasiya Strashnikova"]
    assert team["ares_protocol"][0] == "Keric"
    assert read("hs-web3").title == "Haskell Web3 library"
    assert read("polkastats").title == "Polkastats"
    assert read("ares_protocol").proposer == "jiyilanzhou"
    assert "| Number | Deliverable | Specification |" in read("hs-web3").answers["timeline"]


def test_code_in_fences_opens_no_section() -> None:
    text = "## Team\n* A\n```\n# Development Roadmap\n```\n## Future Plans\nMore."
    answers = application.parse(text, fallback="x").answers
    assert answers["prior_work"] == "## Team\n* A\n```\n# Development Roadmap\n```"
    assert answers["remarks"] == "## Future Plans\nMore."
    assert answers["timeline"] == application.NOT_ASKED


def test_importing_twice_makes_no_second_proposal(world: World, tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("* **Project:** One\n## Team\n* **Members:** Ada Nwosu\n")
    for _ in range(2):
        call_command("import_proposals", tmp_path, call=world.call.ref, stdout=StringIO())
    assert Proposal.objects.count() == 1


def test_a_file_that_cannot_be_read_stops_no_other(world: World, tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "good.md").write_text("* **Project:** Good\n")
    with pytest.raises(CommandError, match="1 of 2"):
        call_command(
            "import_proposals", tmp_path, call=world.call.ref, stdout=StringIO(), stderr=StringIO()
        )
    assert Proposal.objects.get().title == "Good"
