"""Data use codes: ours are the ontology's, and each says whether a use fits."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from access import duo

FILE = Path(__file__).parents[3] / "shared/data/duo/duo.csv"


@pytest.mark.skipif(not FILE.exists(), reason="the ontology's file is not beside the repository")
def test_ids_shorthands_and_labels_are_the_ontologys() -> None:
    with FILE.open(encoding="utf-8", newline="") as file:
        theirs = {row["id"]: (row["shorthand"], row["label"]) for row in csv.DictReader(file)}
    ours = {term.code: (term.shorthand, term.label) for term in duo.TERMS.values()}
    assert ours == {code: theirs[code] for code in ours}


NCU, PUB, NPUNCU, NMDS, NRES = (
    "DUO:0000046",
    "DUO:0000019",
    "DUO:0000018",
    "DUO:0000015",
    "DUO:0000004",
)


@pytest.mark.parametrize(
    ("code", "purpose", "verdict"),
    [
        (NRES, {}, "fits"),
        (NCU, {"non_commercial": True}, "fits"),
        (NCU, {"non_commercial": False}, "conflicts"),
        (NCU, {}, "asks"),
        (PUB, {"will_publish": True}, "fits"),
        (NPUNCU, {"non_commercial": True}, "asks"),
        (NPUNCU, {"non_commercial": True, "not_for_profit": False}, "conflicts"),
        (NPUNCU, {"non_commercial": True, "not_for_profit": True}, "fits"),
        (NMDS, {"methods": True}, "conflicts"),
        (NMDS, {"methods": False}, "fits"),
        (NMDS, {}, "asks"),
        ("DUO:9999999", {"non_commercial": True}, "asks"),
    ],
)
def test_a_code_says_whether_a_use_fits(code: str, purpose: dict[str, bool], verdict: str) -> None:
    (fit,) = duo.fits([code], purpose)
    assert (fit.code, fit.verdict) == (code, verdict)
    assert fit.sentence.endswith(".")


def test_what_conflicts_comes_first_and_the_reason_is_named() -> None:
    found = duo.fits([NRES, PUB, NCU], {"non_commercial": False})
    assert [fit.verdict for fit in found] == ["conflicts", "asks", "fits"]
    assert found[0].sentence == "Not for commercial use. Not so here: the use is not commercial."


def test_every_code_is_judged_whatever_is_known() -> None:
    for facts in ({}, dict.fromkeys(duo.PURPOSE, True), dict.fromkeys(duo.PURPOSE, False)):
        assert len(duo.fits(list(duo.TERMS), facts)) == len(duo.TERMS)
