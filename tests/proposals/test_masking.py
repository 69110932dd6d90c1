"""The redacted copy of an answer: who applies is not read in it, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fellowship.kernel.folding import fold
from proposals import masking

ADA = masking.Identity(
    names=("Ada Nwosu", "José Ørsted-Łęcki", "Li Wu"),
    affiliations=("University of Elsewhere, Département d’informatique", "Center for AI Safety"),
)


def masked(text: str, *passages: str) -> str:
    """The text as a copy shows it."""
    return str(masking.copy({"method": text}, ADA, passages)["method"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ada Nwosu builds on it.", "[redacted] builds on it."),
        ("As NWOSU’s pilot shows", "As [redacted]’s pilot shows"),
        ("Nwosu, Ada (2025)", "[redacted] (2025)"),
        ("jose orsted lecki and JOSÉ", "[redacted] and [redacted]"),
        ("Jose\u0301 O\u0301rsted", "[redacted] [redacted]"),
        ("N\u00adwo\u200bsu wrote", "[redacted] wrote"),
        ("With Li Wu we like wuxia.", "With [redacted] we like wuxia."),
        ("at the university of\nelsewhere we", "at the [redacted] we"),
        ("Elsewhere’s cluster", "[redacted]’s cluster"),
        ("centre for safety", "centre for safety"),
        ("The Center for AI  Safety", "The [redacted]"),
        ("mail ada.n@uni-e.example now", "mail [redacted] now"),
        ("https://github.com/adan/drift, then", "[redacted] then"),
        ("see github.com/adan/drift", "see [redacted]"),
        ("doi:10.1000/xyz and 10.5555/abc", "[redacted] and [redacted]"),
        ("iD 0000-0002-1825-0097.", "iD [redacted]."),
        ("iD 0000\u20110002\u20111825\u20110097.", "iD [redacted]."),
        ("Adapt the nwosuesque adage.", "Adapt the nwosuesque adage."),
        ("", ""),
    ],
)
def test_what_tells_who_applies_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_passage_is_masked_besides_wherever_it_stands() -> None:
    text = "Our Drift-Bench shows it; DRIFT BENCH v2 as well."
    assert masked(text, "drift bench") == "Our [redacted] shows it; [redacted] v2 as well."
    assert masking.stands_in({"method": text}, "Drift Bench")
    assert not masking.stands_in({"method": text}, "Drift bank")
    assert not masking.stands_in({"method": text}, " – ")


def test_what_identifies_is_left_out_and_choices_stay() -> None:
    answers = {
        "team": [{"name": "Ada Nwosu"}],
        "conflicts": "Ada knows the chair.",
        "output_type": "ada-harness",
        "data_needs": [{"dataset": "Nwosu logs", "why": "None."}],
        "justification": "Ada Nwosu needs it.",
    }
    assert masking.copy(answers, ADA) == {
        "output_type": "ada-harness",
        "data_needs": [{"dataset": "[redacted] logs", "why": "None."}],
        "justification": "[redacted] needs it.",
    }


NAMES = st.lists(st.text("abceiosznwéøŁßñÅ", min_size=3, max_size=9), min_size=1, max_size=3)
AROUND = st.text("ab é.-’\n", max_size=9)


@settings(max_examples=25)
@given(name=NAMES, around=st.tuples(AROUND, AROUND), upper=st.booleans())
def test_no_name_is_ever_read(name: list[str], around: tuple[str, str], upper: bool) -> None:
    whole = " ".join(name)
    written = whole.upper() if upper else whole.lower()
    identity = masking.Identity(names=(whole,), affiliations=())
    text = f"{around[0]} {written}. {around[1]}"
    shown = fold(str(masking.copy({"method": text}, identity)["method"]))
    assert fold(whole) not in shown.replace(fold(masking.MASK), "")
