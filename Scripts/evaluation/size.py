"""How often the test of content rejects groups at the very edge of its null, by the distribution that its p-value assumes.

Account means are drawn so that the account explains just the share of content that the null allows, evenly or not; the
test's statistic follows from them. No log is read: this checks a formula.
"""

import math

from workbench import say, table

INTRACLASS = 0.015
DIMENSIONS = 100
LEVEL = 1e-3
DRAWS = 40000
GROUPS = [5, 10, 30]
EXCHANGES = [8, 20, 100]
KINDS = {
    "all alike": "every account differs as much",
    "half": "half of the accounts differ twice as much, half not at all",
    "unequal": "accounts differ by exponentially distributed variances",
}


def measure(bench):
    try:
        import numpy
        from scipy import stats
    except ImportError as error:
        say(f"size: {error.name} is not installed, left out ('pip install numpy scipy')")
        return {"left_out": f"{error.name} is not installed"}
    generator = numpy.random.default_rng(61)
    tau = INTRACLASS / (1 - INTRACLASS)
    draws = DRAWS // 10 if bench.quick else DRAWS
    least = math.sqrt(2 / DIMENSIONS)
    cells = []
    for kind in KINDS:
        for accounts in GROUPS:
            for exchanges in EXCHANGES:
                shape = (draws, accounts)
                variance = {
                    "all alike": lambda: numpy.full(shape, tau),
                    "half": lambda: 2 * tau * (generator.random(shape) < 0.5),
                    "unequal": lambda: generator.exponential(tau, shape),
                }[kind]()
                between = (1 + exchanges * variance) * generator.chisquare(DIMENSIONS, shape) / DIMENSIONS
                ratio = between.mean(1)
                spread = between.std(1, ddof=1) / ratio
                bound = 1 + exchanges * tau
                z = (ratio - bound) / (bound * numpy.maximum(least, spread) / math.sqrt(accounts))
                cells.append({
                    "kind": kind, "accounts": accounts, "exchanges": exchanges,
                    "normal": float((stats.norm.cdf(z) < LEVEL).mean()),
                    "student": float((stats.t.cdf(z, accounts - 1) < LEVEL).mean())})
    return {"draws": draws, "cells": cells}


def sections(data, _):
    title = "## Size of the content test"
    if "left_out" in data:
        return [title, f"Not measured: {data['left_out']}."], []
    rows = [
        [KINDS[cell["kind"]], cell["accounts"], cell["exchanges"], f"{cell['normal'] / LEVEL:.1f}",
         f"{cell['student'] / LEVEL:.1f}"] for cell in data["cells"]]
    return [
        title,
        f"Groups whose accounts explain just the share of content that the null allows ({INTRACLASS}), simulated "
        f"{data['draws']:,} times with content of {DIMENSIONS} dimensions: how many times as often as it should the p-value falls "
        f"below {LEVEL}, were it taken from a normal distribution, and from Student's as it is.",
        table(["accounts differ", "accounts", "exchanges of each", "normal", "Student"], rows),
        "Above one the p-value is too small by that factor. Of five accounts of which half do not differ, one group in 32 has none "
        "that does, and no test can tell. The p-value never accuses by itself.",
    ], []
