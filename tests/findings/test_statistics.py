"""Before and after: agreement with published tables and the verdicts' edges.

What is compared with is imported where it is asked: each worker of the tests reads every file.
"""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from findings.states import Verdict
from findings.statistics import (
    Conditions,
    Durations,
    Rate,
    Scores,
    Share,
    adjusted,
    compare,
    difference_interval,
    p_value,
    standing,
    unlike,
    verdict_of,
)


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


def test_the_exact_rate_agrees_with_garwoods_published_table() -> None:
    """Garwood 1936 (Biometrika 28:437), limits of a Poisson mean at 95 %: 0, 1, 5 and 10."""
    for events, low, high in ((0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668)):
        assert Rate(events, 1).interval() == pytest.approx((low, high), abs=5e-4)
    assert Rate(10, 1).interval() == pytest.approx((4.795, 18.390), abs=5e-4)


def test_the_adjustment_agrees_with_the_published_example() -> None:
    """Benjamini and Hochberg 1995, section 4.1: of fifteen p-values four stand at 5 %."""
    from statsmodels.stats.multitest import multipletests

    published = [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
        *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    ]
    found = adjusted(published)
    assert sum(p <= 0.05 for p in found) == 4
    assert found == pytest.approx(multipletests(published, method="fdr_bh")[1], abs=1e-9)
    assert adjusted([]) == []


def shares() -> st.SearchStrategy[Share]:
    counts = st.integers(1, 5000)
    return counts.flatmap(lambda n: st.builds(Share, st.integers(0, n), st.just(n)))


def rates() -> st.SearchStrategy[Rate]:
    return st.builds(Rate, st.integers(0, 400), st.floats(0.5, 5000))


def scores() -> st.SearchStrategy[tuple[float, ...]]:
    number = st.floats(0, 1).map(lambda v: round(v, 4))
    return st.lists(number, min_size=2, max_size=30).map(tuple).filter(lambda v: len(set(v)) > 1)


def _scores(values: tuple[float, ...]) -> Scores:
    return Scores(len(values), statistics.fmean(values), statistics.stdev(values))


@settings(max_examples=40)
@given(rates(), rates())
def test_rates_agree_with_statsmodels(before: Rate, after: Rate) -> None:
    from statsmodels.stats.rates import confint_poisson, confint_poisson_2indep
    from statsmodels.stats.rates import test_poisson_2indep as poisson_test

    one = confint_poisson(before.events, before.exposure, method="exact-c")
    assert before.interval() == pytest.approx(one, abs=1e-9)
    two = confint_poisson_2indep(
        *(after.events, after.exposure, before.events, before.exposure),
        method="mover",
        method_mover="exact-c",
        compare="diff",
    )
    assert difference_interval(before, after) == pytest.approx(two, abs=1e-9)
    if before.events:
        given_all = poisson_test(
            *(after.events, after.exposure, before.events, before.exposure), method="cond-midp"
        )
        assert p_value(before, after) == pytest.approx(given_all.pvalue, abs=1e-9)


@settings(max_examples=40)
@given(scores(), scores())
def test_scores_agree_with_statsmodels(before: tuple[float, ...], after: tuple[float, ...]) -> None:
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

    one, two = _scores(before), _scores(after)
    assert one.interval() == pytest.approx(DescrStatsW(before).tconfint_mean(), abs=1e-9)
    both = CompareMeans(DescrStatsW(after), DescrStatsW(before))
    expected = both.tconfint_diff(usevar="unequal")
    assert difference_interval(one, two) == pytest.approx(expected, abs=1e-9)
    assert p_value(one, two) == pytest.approx(both.ttest_ind(usevar="unequal")[1], abs=1e-9)


def test_durations_hold_their_median_and_come_out_the_same_each_time() -> None:
    before = Durations(tuple(float(v) for v in range(30, 90)))
    after = Durations(tuple(float(v) for v in range(5, 65)))
    result = compare(before, after, minimum=30, threshold=10)
    assert result.difference == -25
    assert result.verdict == Verdict.REDUCED
    assert result.interval[0] <= -25 <= result.interval[1] < -10
    assert difference_interval(Durations(before.values), after) == result.interval
    assert before.interval() == (51.0, 68.0)
    """The 22nd and the 39th of sixty: the binomial's 95 % of the ranks of a median."""
    assert p_value(before, before) == 1.0


def test_few_or_equal_durations_have_an_interval_too() -> None:
    few = Durations((3.0,))
    assert few.interval() == (3.0, 3.0)
    assert difference_interval(few, Durations((1.0, 2.0))) == (-2.0, -1.0)
    same = Durations((4.0,) * 40)
    found = compare(same, same)
    assert (found.interval, found.p_value, found.verdict) == ((0.0, 0.0), 1.0, Verdict.NOT_SHOWN)


def test_many_verdicts_at_once_are_worth_less() -> None:
    """One near miss of twenty stands no longer; a strong one does, and too little data is out."""
    near = compare(Share(50, 100), Share(35, 100))
    strong = compare(Share(90, 100), Share(5, 100))
    same = compare(Share(50, 100), Share(50, 100))
    little = compare(Share(9, 10), Share(0, 10))
    assert near.verdict == strong.verdict == Verdict.REDUCED
    found = standing([near, strong, None, little, *[same] * 18])
    assert found == [False, True, True, True, *[True] * 18]
    assert verdict_of(Share(50, 100), Share(35, 100)) == (near.verdict, near.p_value)


def test_unlike_conditions_are_named() -> None:
    before = Conditions(model="gpt-4o", attack="important_instructions", harness="AgentDojo")
    after = Conditions(model="GPT-4o", attack="injecagent")
    assert [str(one) for one in unlike(before, after)] == [
        "the attack is “important_instructions” before and “injecagent” after",
        "the harness is “AgentDojo” before and not stated after",
    ]


def test_what_was_not_counted_alike_is_not_compared() -> None:
    with pytest.raises(TypeError, match="cannot be compared"):
        compare(Share(1, 2), Rate(1, 2))


@given(shares(), shares())
def test_the_intervals_agree_with_statsmodels(before: Share, after: Share) -> None:
    from scipy.stats import binomtest
    from statsmodels.stats.proportion import (
        confint_proportions_2indep,
        proportion_confint,
        proportions_ztest,
    )

    wilson = proportion_confint(before.hits, before.trials, alpha=0.05, method="wilson")
    assert before.interval() == pytest.approx(wilson, abs=1e-9)
    assert before.interval() == pytest.approx(
        tuple(binomtest(before.hits, before.trials).proportion_ci(0.95, "wilson")), abs=1e-9
    )
    together = before.hits + after.hits
    if 0 < together < before.trials + after.trials:
        hits, trials = [after.hits, before.hits], [after.trials, before.trials]
        tested = proportions_ztest(hits, trials)[1]
        assert p_value(before, after) == pytest.approx(tested, abs=1e-9)
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


@given(shares(), shares())
def test_intervals_hold_their_estimate_and_stay_in_range(before: Share, after: Share) -> None:
    result = compare(before, after)
    low, high = result.interval
    assert -1 - 1e-12 <= low <= result.difference + 1e-9
    assert result.difference - 1e-9 <= high <= 1 + 1e-12
    assert 0 < result.detectable <= 1
    assert not math.isnan(low)
