"""The paired tests against SciPy and published values."""

import pytest
from scipy.stats import binom, binomtest

from classify.compare import Paired, paired, short_of

PARTED = [(10, 2), (5, 5), (0, 7), (100, 70), (1, 0), (6, 3), (400, 460)]


@pytest.mark.parametrize(("b", "c"), PARTED)
def test_the_exact_test_is_the_binomial_one(b: int, c: int) -> None:
    found = Paired(50, b, c, 9)
    assert found.exact == pytest.approx(binomtest(b, b + c).pvalue)
    if b != c:
        assert found.mid_p == pytest.approx(binomtest(b, b + c).pvalue - binom.pmf(b, b + c, 0.5))
    below = binom.cdf(c, b + c, 0.5) - binom.pmf(c, b + c, 0.5) / 2
    assert found.chance_of_so_few == pytest.approx(below)


def test_known_values() -> None:
    # Fagerland, Lydersen and Laake (2013), airway hyper-responsiveness before and after: 1 against 7.
    found = Paired(1, 1, 7, 12)
    assert (round(found.exact, 4), round(found.mid_p, 4)) == (0.0703, 0.0391)
    # The same paper, complete response: 16 against 5 in 161.
    found = Paired(59, 6, 16, 80)
    assert (round(found.exact, 4), round(found.mid_p, 4)) == (0.0525, 0.0347)
    middle, low, high = found.difference()
    assert middle == pytest.approx(10 / 161)
    assert low < middle < high
    assert low == pytest.approx(0.0057, abs=0.002)


def test_nothing_parts_the_two() -> None:
    found = Paired(3, 0, 0, 1)
    assert (found.exact, found.mid_p, found.chance_of_so_few) == (1.0, 1.0, 0.5)
    assert Paired(0, 0, 0, 0).difference() == (0.0, 0.0, 0.0)


def test_letters_are_paired_one_by_one() -> None:
    assert paired([True, True, False, False], [True, False, True, False]) == Paired(1, 1, 1, 1)


def test_so_few_right_by_chance() -> None:
    assert short_of(4, 5, 0.95) == pytest.approx(binom.cdf(4, 5, 0.95))
    assert short_of(0, 0, 0.95) == 1.0
