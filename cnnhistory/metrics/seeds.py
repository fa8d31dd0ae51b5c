"""Is one recipe better than another, each trained from several seeds?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, sqrt
from statistics import fmean, variance

import torch
from scipy.stats import nct, t

from cnnhistory._util.lookup import expected
from cnnhistory.metrics.comparison import Comparison, bisect, check_open, p_text

# As many ways of splitting the values are all tried; of more, as many are drawn.
SPLITS = 20_000


@dataclass(frozen=True, kw_only=True)
class SeedComparison(Comparison):
    """Two recipes, each with the results of several seeds.

    Units: `mean_a`, `mean_b` and `difference` (A minus B) in the unit of the results. `of` says
    what there is a result of, in the plural.
    """

    mean_a: float
    mean_b: float
    seeds: tuple[int, int]
    of: str = "seeds"

    @property
    def difference(self) -> float:
        """The mean of A minus that of B."""
        return self.mean_a - self.mean_b

    @property
    def conclusion(self) -> str:
        """What the test says, without numbers."""
        if self.lower is None:
            return self.undecided
        return f"{self.lower} has a lower mean than {self.higher}"

    @property
    def means(self) -> str:
        """Both means and how many seeds each is of, in words."""
        parts = zip(self.names, (self.mean_a, self.mean_b), self.seeds, strict=True)
        return ", ".join(
            f"{name} has a mean of {mean:.4g} over {count} {self.of}" for name, mean, count in parts
        )


@dataclass(frozen=True, kw_only=True)
class SeedTest(SeedComparison):
    """Two recipes, each with the results of several seeds, by Welch's t test or the paired one.

    Units: `smallest_difference` in the unit of the results: the true difference of the means that
    the test would have called one with the probability `power`, were the standard deviations those
    that were found.
    """

    smallest_difference: float
    power: float
    paired: bool = False

    @property
    def evidence(self) -> str:
        """The numbers, with the smallest difference that could have been seen if none was."""
        test = "paired t test" if self.paired else "Welch's t test"
        text = f"{self.means}; {test}, p = {p_text(self.p_value)}; "
        if self.significant:
            return text + f"difference {abs(self.difference):.3g}"
        return text + (
            f"a difference of {self.smallest_difference:.3g} would have been seen with a "
            f"probability of {100 * self.power:g} %"
        )


def t_test(
    a: Sequence[float],
    b: Sequence[float],
    *,
    level: float = 0.05,
    power: float = 0.8,
    names: tuple[str, str] = ("A", "B"),
    of: str = "seeds",
    paired: bool = False,
) -> SeedTest:
    """Compare the means of two recipes over their seeds, without assuming equal spread.

    t = (mean a - mean b) / s with s^2 = s_a^2 / n_a + s_b^2 / n_b, two-sided, with the degrees of
    freedom of Welch and Satterthwaite. With `paired`, result k of both belongs to the same seed,
    which gave both the same start and the same batches; s^2 = s_d^2 / n is then that of the n
    differences, and there are n - 1 degrees of freedom. The smallest difference d is the one for
    which t, then of the noncentral t distribution with noncentrality d / s, leaves the range of
    acceptance with the probability `power`.

    Raises:
        ValueError: fewer than two seeds, no spread at all, a level or power outside (0, 1), or
            pairs that lack a partner.

    Source: welch1947generalization; student1908probable.

    >>> print(t_test([3, 5, 7, 9], [2, 4, 6.5, 8], names=("old", "new"), paired=True))
    new has a lower mean than old
        [measured: old has a mean of 6 over 4 seeds, new has a mean of 5.125 over 4 seeds;
        paired t test, p = 0.006; difference 0.875]
    """
    for name, values in (("a", a), ("b", b)):
        if len(values) < 2:
            raise expected(name, "the results of at least two seeds", list(values))
    check_open("level", level)
    check_open("power", power)
    if paired and len(a) != len(b):
        raise ValueError(f"a, b: expected as many results of both, got {len(a)} and {len(b)}")
    groups = [[x - y for x, y in zip(a, b, strict=True)]] if paired else [a, b]
    parts = [variance(values) / len(values) for values in groups]
    scale = sqrt(sum(parts))
    if scale == 0:
        raise ValueError("a, b: expected results that differ between seeds, got none that do")
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(values) - 1) for part, values in zip(parts, groups, strict=True)
    )
    limit = float(t.ppf(1 - level / 2, freedom))

    def found(shift: float) -> float:
        return float(nct.sf(limit, freedom, shift) + nct.cdf(-limit, freedom, shift))

    top = 1.0
    while found(top) < power:
        top *= 2
    return SeedTest(
        mean_a=fmean(a),
        mean_b=fmean(b),
        seeds=(len(a), len(b)),
        p_value=2 * float(t.sf(abs(fmean(a) - fmean(b)) / scale, freedom)),
        smallest_difference=scale * bisect(found, power, 0.0, top),
        level=level,
        power=power,
        names=names,
        of=of,
        paired=paired,
    )


@dataclass(frozen=True, kw_only=True)
class PermutationTest(SeedComparison):
    """Two recipes by all ways, or many, of splitting their results between the two.

    Units: `smallest_p` is the smallest p value that so few results can give; `splits` is how many
    ways were tried, `exact` whether these are all; with `paired` each exchanges some pairs.
    """

    smallest_p: float
    splits: int
    exact: bool
    paired: bool = False

    @property
    def evidence(self) -> str:
        """The numbers, and whether so few seeds could have shown any difference."""
        kind, way = ("paired ", "exchanges") if self.paired else ("", "splits")
        ways = f"{'all' if self.exact else 'random'} {self.splits:,} {way}"
        text = f"{self.means}; {kind}permutation test, {ways}, p = {p_text(self.p_value)}"
        if self.significant:
            return f"{text}; difference {abs(self.difference):.3g}"
        if self.smallest_p > self.level:
            return (
                f"{text}; with so few seeds no difference could have been seen: the smallest "
                f"possible p is {p_text(self.smallest_p)}"
            )
        return text


def permutation_test(
    a: Sequence[float],
    b: Sequence[float],
    *,
    level: float = 0.05,
    names: tuple[str, str] = ("A", "B"),
    of: str = "seeds",
    paired: bool = False,
    seed: int = 0,
) -> PermutationTest:
    """Compare the means of two recipes over their seeds, without assuming any distribution.

    p is the share of the ways to split all results into groups of these sizes in which the means
    differ at least as much as they do. All C(n_a + n_b, n_a) ways are tried, or, of more than
    20,000, as many random ones, the real split counted with them. With `paired`, result k of both
    belongs together, and the ways are the 2^n of exchanging the two results of some pairs.

    Raises:
        ValueError: no result of one of the two, pairs that lack a partner, or a level outside
            (0, 1).

    >>> permutation_test([3, 5, 7, 9, 8, 6], [2, 4, 6.5, 8, 7, 5], paired=True).p_value
    0.03125
    """
    for name, values in (("a", a), ("b", b)):
        if len(values) < 1:
            raise expected(name, "at least one result", list(values))
    check_open("level", level)
    if paired and len(a) != len(b):
        raise ValueError(f"a, b: expected as many results of both, got {len(a)} and {len(b)}")
    together = torch.tensor([*a, *b], dtype=torch.double)
    count, first = len(together), len(a)
    ways = 2**first if paired else comb(count, first)
    exact = ways <= SPLITS
    random = torch.Generator().manual_seed(seed)
    if paired:
        if exact:
            kept = torch.cartesian_prod(*[torch.tensor([0, 1])] * first).view(ways, first)
        else:
            kept = torch.randint(2, (SPLITS - 1, first), generator=random)
            kept = torch.cat([torch.ones(1, first, dtype=torch.long), kept])
        chosen = torch.arange(first) + first * (1 - kept)
    elif exact:
        chosen = torch.tensor(list(combinations(range(count), first)))
    else:
        drawn = torch.rand(SPLITS - 1, count, generator=random).argsort(dim=1)[:, :first]
        chosen = torch.cat([torch.arange(first)[None], drawn])
    sums = together[chosen].sum(dim=1)
    apart = (sums / first - (together.sum() - sums) / len(b)).abs()
    # Sums in another order differ by rounding; such splits are as far apart as the real one.
    tolerance = 1e-12 * float(together.abs().max())
    real = abs(fmean(a) - fmean(b))
    # With equal groups every split has a mirror image with the same distance.
    fewest = (2 if len(a) == len(b) else 1) / ways
    return PermutationTest(
        mean_a=fmean(a),
        mean_b=fmean(b),
        seeds=(len(a), len(b)),
        p_value=float((apart >= real - tolerance).double().mean()),
        smallest_p=max(fewest, 1 / len(chosen)),
        splits=len(chosen),
        exact=exact,
        level=level,
        names=names,
        of=of,
        paired=paired,
    )
