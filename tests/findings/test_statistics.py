"""Before and after: agreement with published tables and the verdicts' edges."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from findings.states import Verdict
from findings.statistics import Share, compare, difference_interval


def test_wilson_agrees_with_newcombes_published_table() -> None:
    """Newcombe 1998 (Statistics in Medicine 17:857), table I, method 3: 81/263, 15/148, 0/20."""
    for share, low, high in (
        (Share(81, 263), 0.2553, 0.3662),
        (Share(15, 148), 0.0624, 0.1605),
        (Share(0, 20), 0.0000, 0.1611),
    ):
        got = share.interval()
        assert got[0] == pytest.approx(low, abs=5e-5)
        assert got[1] == pytest.approx(high, abs=5e-5)


def test_the_difference_agrees_with_newcombes_published_table() -> None:
    """Newcombe 1998 (Statistics in Medicine 17:873), table II, method 10: 56/70 − 48/80."""
    result = compare(before=Share(48, 80), after=Share(56, 70))
    assert result.difference == pytest.approx(0.2)
    assert result.interval[0] == pytest.approx(0.0524, abs=5e-5)
    assert result.interval[1] == pytest.approx(0.3339, abs=5e-5)


def shares() -> st.SearchStrategy[Share]:
    counts = st.integers(1, 5000)
    return counts.flatmap(lambda n: st.builds(Share, st.integers(0, n), st.just(n)))


@given(shares(), shares())
def test_the_intervals_agree_with_statsmodels(before: Share, after: Share) -> None:
    wilson = proportion_confint(before.hits, before.trials, alpha=0.05, method="wilson")
    assert before.interval() == pytest.approx(wilson, abs=1e-9)
    newcombe = confint_proportions_2indep(
        after.hits, after.trials, before.hits, before.trials, compare="diff", method="newcomb"
    )
    assert difference_interval(before, after) == pytest.approx(newcombe, abs=1e-9)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (Share(41, 60), Share(4, 60), Verdict.REDUCED),
        (Share(10, 60), Share(9, 60), Verdict.NOT_SHOWN),
        (Share(4, 60), Share(41, 60), Verdict.WORSE),
        (Share(9, 10), Share(0, 10), Verdict.INSUFFICIENT),
    ],
)
def test_the_verdicts(before: Share, after: Share, verdict: Verdict) -> None:
    assert compare(before, after).verdict == verdict


def test_an_improvement_below_the_threshold_is_not_shown() -> None:
    assert compare(Share(300, 600), Share(240, 600), threshold=0.2).verdict == Verdict.NOT_SHOWN


def test_where_more_is_better_the_sign_turns() -> None:
    result = compare(Share(4, 60), Share(41, 60), higher_is_better=True)
    assert result.verdict == Verdict.REDUCED


@pytest.mark.parametrize("text", ["41", "41/0", "a/b", "5/4", "-1/3", ""])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"share|form"):
        Share.parse(text)


shares = st.integers(1, 500).flatmap(lambda n: st.integers(0, n).map(lambda k: Share(k, n)))


@given(shares, shares)
def test_intervals_hold_their_estimate_and_stay_in_range(before: Share, after: Share) -> None:
    result = compare(before, after)
    low, high = result.interval
    assert -1 - 1e-12 <= low <= result.difference + 1e-9
    assert result.difference - 1e-9 <= high <= 1 + 1e-12
    assert 0 < result.detectable <= 1
    assert not math.isnan(low)
