"""ATLAS: our short table, the official file in its place, and files that are not it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from findings import atlas
from findings.states import FindingClass


@pytest.fixture(autouse=True)
def state(settings: Any, tmp_path: Path) -> None:
    """A state directory in which nothing was loaded."""
    settings.VAR_DIR = tmp_path / "var"


def test_our_own_table_names_techniques_their_mitigations_and_what_they_come_to() -> None:
    assert atlas.table().version == ""
    assert atlas.name_of("AML.T0051") == "LLM Prompt Injection"
    assert atlas.name_of("AML.T0051.001") == "LLM Prompt Injection: Indirect"
    assert atlas.name_of("AML.T9999") == ""
    assert atlas.class_of("AML.T0051.001") == FindingClass.PROMPT_INJECTION
    found = atlas.mitigations_of("AML.T0051.001")
    assert [one.id for one in found][:3] == ["AML.M0019", "AML.M0020", "AML.M0021"]
    assert all(one.control for one in found)
    assert ("AML.T0054", "AML.T0054 LLM Jailbreak") in atlas.choices()


def test_the_official_file_takes_the_place_of_ours(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = atlas.OWN
    call_command("load_atlas", shared_data / "atlas" / "dist" / "ATLAS.yaml")
    assert capsys.readouterr().out.startswith("ATLAS 5.6.0: 170 techniques, ")
    official = atlas.table()
    assert official.version == "5.6.0"
    assert atlas.name_of("AML.T0082") == "RAG Credential Harvesting"
    assert own.names.items() <= official.names.items()  # our names are the official ones
    for technique, row in own.mitigations.items():
        assert {one.id for one in row} <= {one.id for one in official.mitigations[technique]}
    direct = atlas.mitigations_of("AML.T0051.000")
    assert direct[0].use  # with how it is used, as ATLAS says it
    assert len({one.id for one in direct}) == len(direct)
    assert {"AML.M0020", "AML.M0024"} <= {one.id for one in direct}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a: [", "no YAML", id="broken"),
        pytest.param("- 1", "no list of matrices", id="a-list"),
        pytest.param("matrices: []", "no technique", id="empty"),
        pytest.param("matrices: [{techniques: [{id: 3, name: x}]}]", "no id", id="odd-id"),
        pytest.param("matrices: [{techniques: [{id: AML.T0001}]}]", "no id", id="no-name"),
    ],
)
def test_a_file_that_is_not_atlas_changes_nothing(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text)
    with pytest.raises(CommandError, match=said):
        call_command("load_atlas", path)
    assert atlas.table() is atlas.OWN
