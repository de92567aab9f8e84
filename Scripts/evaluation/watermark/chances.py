"""Exact binomial numbers, without a library."""

import functools
import math


def log_mass(successes, trials, chance):
    if chance <= 0 or chance >= 1:
        return 0.0 if successes == trials * chance else -math.inf
    return (math.lgamma(trials + 1) - math.lgamma(successes + 1) - math.lgamma(trials - successes + 1)
            + successes * math.log(chance) + (trials - successes) * math.log1p(-chance))


def band(trials, chance, coverage=0.99):
    """The numbers of successes between the binomial quantiles of (1 - coverage) / 2 on either side."""
    side, total, low = (1 - coverage) / 2, 0.0, None
    for successes in range(trials + 1):
        total += math.exp(log_mass(successes, trials, chance))
        if low is None and total >= side:
            low = successes
        if total >= 1 - side:
            return low, successes
    return low or 0, trials


@functools.cache
def attainable(trials, chance, level):
    """The largest probability of at least k successes that is not above `level`: what an exact test at that level has."""
    total = 0.0
    for successes in range(trials, -1, -1):
        mass = math.exp(log_mass(successes, trials, chance))
        if total + mass > level:
            return total
        total += mass
    return total


def interval(successes, trials, coverage=0.95):
    """Clopper and Pearson's interval for a share."""
    side = (1 - coverage) / 2

    def solve(is_low):
        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            if is_low:
                tail = sum(math.exp(log_mass(k, trials, middle)) for k in range(successes, trials + 1))
                low, high = (middle, high) if tail < side else (low, middle)
            else:
                tail = sum(math.exp(log_mass(k, trials, middle)) for k in range(successes + 1))
                low, high = (middle, high) if tail > side else (low, middle)
        return (low + high) / 2

    return (0.0 if successes == 0 else solve(True)), (1.0 if successes == trials else solve(False))
