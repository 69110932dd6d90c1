"""Real documents come in whole: a structured notice as a call, applications as proposals."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.html import strip_tags

from fellowship.programs.models import Call
from proposals.importers import application, notice
from proposals.importers.markup import to_markdown
from proposals.models import Proposal
from proposals.states import ProposalState
from tests.scenarios.world import World

NOTICE = "calls-us-gov/nofos/nofos/fixtures/json/cms-u2u-25-001.json"
APPLICATIONS = "w3f-milestones/applications"


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


def test_every_line_of_every_application_is_kept(world: World, shared_data: Path) -> None:
    folder = shared_data / APPLICATIONS
    out, err = StringIO(), StringIO()
    call_command("import_proposals", folder, call=world.call.ref, stdout=out, stderr=err)
    made = dict(reversed(line.split(" ", 1)) for line in out.getvalue().splitlines())
    files = sorted(folder.glob("*.md"))
    assert len(made) == len(files) == 41
    for file in files:
        proposal = Proposal.objects.get(ref=made[file.name])
        answers = proposal.answers()
        assert proposal.state == ProposalState.SUBMITTED
        stored = "\n".join(text for text in answers.values() if isinstance(text, str))
        kept = {line.strip() for line in stored.split("\n")}
        source = unicodedata.normalize("NFC", file.read_text(encoding="utf-8"))
        missing = [line for line in source.splitlines() if line.strip() not in kept | {""}]
        assert missing == [], file.name


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
