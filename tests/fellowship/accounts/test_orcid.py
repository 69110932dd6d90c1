"""ORCID iDs: their form, and their check digit (ISO 7064 11,2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.accounts.orcid import normalise_orcid


def with_digit(number: int) -> str:
    """The iD of a 15-digit number, its check digit computed from the standard's text."""
    digits = f"{number:015d}"
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    rest = (12 - total % 11) % 11
    whole = digits + ("X" if rest == 10 else str(rest))
    return "-".join(whole[i : i + 4] for i in range(0, 16, 4))


@pytest.mark.parametrize(
    "value",
    [
        "0000-0002-1825-0097",
        "0000-0001-5109-3700",
        "0000-0002-1694-233X",
        "https://orcid.org/0000-0002-1694-233X",
        " 0000-0002-1825-0097 ",
    ],
)
def test_known_ids_are_accepted(value: str) -> None:
    assert normalise_orcid(value) in value


@given(st.integers(0, 10**15 - 1))
def test_the_check_digit_is_the_standards(number: int) -> None:
    orcid = with_digit(number)
    assert normalise_orcid(orcid) == orcid
    wrong = orcid[:-1] + ("0" if orcid[-1] != "0" else "1")
    with pytest.raises(ValueError):
        normalise_orcid(wrong)


@pytest.mark.parametrize("value", ["0000-0002-1825-009", "0000-0002-1825-00977", "abcd", "1" * 40])
def test_other_forms_are_refused(value: str) -> None:
    with pytest.raises(ValueError):
        normalise_orcid(value)
