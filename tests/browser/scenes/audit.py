"""The auditor walks the chain in both directions, and verifies the export without us."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.browser.house import House
from tests.browser.scenes.story import APPLICANT, TITLE, Story
from tests.browser.scenes.translate import CONTROL, FINDING, RESULT


def walk(house: House, story: Story) -> None:
    """Dataset, access, artifact, finding, control, measurement: nothing is missing."""
    house[APPLICANT].may_not_open(f"/audit/{story.program}/")
    house["manager"].may_not_open(f"/audit/{story.program}/")
    auditor = house["auditor"].go(f"/lineage/{story.case}/")
    auditor.sees(story.dataset, RESULT, FINDING, CONTROL).checks_page()
    auditor.go("/audit/").sees("The record").checks_page()
    auditor.go(f"/audit/{story.program}/case/{story.case}/").sees(TITLE, "accepted the milestone")
    auditor.checks_page()


def sample(house: House, story: Story) -> None:
    """The whole population, and a draw from it that can be repeated."""
    auditor = house["auditor"].go(f"/audit/{story.program}/populations/").checks_page()
    auditor.sees("Findings", "Decisions")


def verify(house: House, story: Story, folder: Path) -> None:
    """Verified here, exported, and verified again with the script that lies in the export."""
    room = f"/audit/{story.program}"
    auditor = house["auditor"].go(f"{room}/verification/").press("Verify now")
    auditor.sees("Nothing was changed, removed or reordered").checks_page()
    auditor.go(f"{room}/export/").pick("Format", "JSON Lines").press("Make the export")
    link = auditor.page.locator("main").get_by_role("link", name="Download")
    packed = auditor.downloads(link.click, folder)
    unpacked = folder / "export"
    zipfile.ZipFile(packed).extractall(unpacked)
    script = next(unpacked.rglob("verify.py"))
    command = [sys.executable, script.name]
    done = subprocess.run(command, cwd=script.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    _spoil(script.parent)
    spoiled = subprocess.run(command, cwd=script.parent, capture_output=True, check=False)
    assert spoiled.returncode == 1


def _spoil(folder: Path) -> None:
    """Change one word of one event."""
    path = next(folder.rglob("events*.jsonl"))
    text = path.read_text()
    assert FINDING in text or APPLICANT in text or "findings.report" in text
    path.write_text(text.replace("findings.report", "findings.retort", 1))
