"""The graph says the same in every format, and is walkable both ways."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import jsonschema_rs
import pytest
from django.core.management import CommandError, call_command

from access.importers.facets import SPEC
from oversight.lineage import serialise
from oversight.lineage.build import assemble, graph
from oversight.lineage.chains import Asked, data_of
from oversight.lineage.draw import describe, draw
from oversight.lineage.graph import RANKS, key_of
from oversight.lineage.part import records
from oversight.lineage.records import Chain, Records
from publications import services
from tests.scenarios import governance, releases
from tests.scenarios.oversight import Case
from tests.scenarios.world import World


def _said(ref: str, form: str) -> Any:
    out = io.StringIO()
    call_command("lineage", ref, "--format", form, stdout=out)
    return json.loads(out.getvalue())


def test_nodes_and_edges_are_equal_in_every_format(case: Case) -> None:
    ref = case.fellowship.ref
    plain, prov, runs = (_said(ref, form) for form in ("json", "prov", "openlineage"))
    assert len(plain["nodes"]) == len(prov["entity"]) == len(runs) > len(RANKS)
    edges = {(e["source"], e["target"]) for e in plain["edges"]}
    used = {
        (d["prov:usedEntity"].removeprefix("fel:"), d["prov:generatedEntity"].removeprefix("fel:"))
        for d in prov["wasDerivedFrom"].values()
    }
    read = {(i["name"], run["outputs"][0]["name"]) for run in runs for i in run["inputs"]}
    assert edges == used == read
    assert len(plain["edges"]) == len(prov["wasDerivedFrom"]) == sum(len(r["inputs"]) for r in runs)


def test_the_chain_of_a_whole_case_has_no_gap_and_leads_both_ways(case: Case) -> None:
    chain = graph(case.fellowship)
    assert chain.first_missing == ""
    measured = chain.of("measurement")[-1]
    back, at = [measured.kind], measured
    while before := chain.before(at.key):
        at = next((n for n in before if n.kind in RANKS), before[0])
        back.append(at.kind)
    assert back == list(reversed(RANKS)) or back == [*reversed(RANKS), "decision"]
    control = chain.of("control")[0]
    assert [n.kind for n in chain.after(control.key)] == ["measurement", "measurement"]


def test_the_first_missing_link_is_drawn_and_said(case: Case) -> None:
    chain = graph(case.fellowship)
    for key in [node.key for node in chain.of("measurement")]:
        del chain.nodes[key]
    chain.edges = [e for e in chain.edges if {e.source, e.target} <= set(chain.nodes)]
    assert chain.first_missing == "measurement"
    assert "node missing" in draw(chain)
    assert describe(chain).endswith("first missing link: measurement")


def test_each_record_stands_under_the_heading_of_its_kind(case: Case) -> None:
    chain = graph(case.fellowship)
    picture = draw(chain)
    headings = dict(re.findall(r'<text class="rank" x="(\d+)" y="14">(\w+)</text>', picture))
    boxes = re.findall(r'<g class="node (\w+)">(?:<a [^>]*>)?<rect x="(\d+)"', picture)
    assert {(kind, headings[x].lower()) for kind, x in boxes} == {
        (node.kind, node.kind) for node in chain.nodes.values()
    }
    assert list(headings.values()) == [
        *("Decision", "Dataset", "Access", "Artifact", "Claim", "Finding", "Control"),
        *("Measurement", "Publication"),
    ]
    assert describe(chain).startswith("Chain of 1 dataset, 1 set of accesses, 1 artifact, 1 claim,")
    assert "; beside it 1 decision, 1 publication" in describe(chain)


def test_a_claim_is_told_by_what_it_says_and_how_often(case: Case) -> None:
    (claim,) = graph(case.fellowship).of("claim")
    assert (claim.label, claim.detail) == (case.finding.title, "41 of 60 trials")
    case.finding.hits = case.finding.trials = None
    chain = assemble(Records(case.fellowship, chains=[Chain(case.finding, [], [])]))
    assert [node.detail for node in chain.of("claim")] == ["no count given"]


def test_hostile_labels_stay_text(case: Case) -> None:
    chain = graph(case.fellowship)
    node = chain.of("dataset")[0]
    chain.nodes[node.key] = type(node)(node.key, node.kind, '<script>"&', "'\"><b>", node.url)
    assert "<script>" not in draw(chain)


def test_openlineage_events_hold_against_the_schema(case: Case) -> None:
    core = json.loads((SPEC / "OpenLineage.json").read_text(encoding="utf-8"))
    check = jsonschema_rs.validator_for(core, validate_formats=True)
    for run in _said(case.fellowship.ref, "openlineage"):
        assert list(check.iter_errors(run)) == []


def test_decisions_and_exceptions_stand_beside_what_they_are_about(
    case: Case, world: World
) -> None:
    subjects = (case.finding, case.control, case.dataset)
    granted = [governance.granted_exception(world, subject) for subject in subjects]
    data = data_of(case.fellowship)
    part = assemble(records(case.fellowship, Asked(), data, [case.finding]))
    for chain in (graph(case.fellowship), part):
        for subject, exception in zip(subjects, granted, strict=True):
            before = {node.key for node in chain.before(key_of(exception))}
            assert exception.decision is not None
            assert before == {key_of(subject), key_of(exception.decision)}
            assert key_of(exception) in {node.key for node in chain.after(key_of(subject))}
    test_nodes_and_edges_are_equal_in_every_format(case)


def test_a_case_is_found_by_its_records(case: Case) -> None:
    whole = _said(case.fellowship.ref, "json")
    for record in (case.finding, case.control, case.publication):
        assert _said(record.ref.lower(), "json") == whole


def test_an_unknown_case_is_said_so(db: None) -> None:
    with pytest.raises(CommandError, match="no fellowship FEL-1999-001"):
        call_command("lineage", "FEL-1999-001")


def test_the_formats_are_those_the_command_names() -> None:
    assert set(serialise.FORMS) == {"json", "prov", "openlineage"}


def test_a_released_output_leads_from_its_dataset_to_the_work_in_every_format(
    case: Case, world: World
) -> None:
    released = releases.released(world, case.grant).releases.get()
    services.declare_sources(
        publication=case.publication,
        datasets=[],
        findings=[],
        artifacts=[],
        releases=[released],
        by=case.fellowship.fellow,
    )
    whole = graph(case.fellowship)
    part = assemble(records(case.fellowship, Asked(), data_of(case.fellowship), []))
    for chain in (whole, part):
        (node,) = chain.of("release")
        assert node.label == released.output.name
        assert [n.kind for n in chain.before(node.key)] == ["access"]
        assert [n.label for n in chain.after(node.key)] == [case.publication.ref]
        assert ">Release</text>" in draw(chain)
    test_nodes_and_edges_are_equal_in_every_format(case)
