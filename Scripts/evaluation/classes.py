"""Innocent classes left out of the population, each in turn: does the judgement of the rest depend on them?"""

import collections
import statistics

from workbench import table
from worlds import one_world

CLASS_BAR = 0.01


def measure(bench):
    accounts, days = bench.small_size
    seeds = [501] if bench.quick else [501, 502, 503, 504, 505]
    whole = {str(seed): one_world(bench, seed, accounts, days, "all") for seed in seeds}
    names = sorted(entry["class"] for entry in whole[str(seeds[0])]["score"]["falseAccusations"])
    if bench.quick:
        names = names[:3]
    without = {
        name: {
            str(seed): one_world(bench, seed, accounts, days, "all", **{"without-classes": name})["score"]
            for seed in seeds[:2]}
        for name in names}
    return {
        "accounts": accounts, "days": days, "prompts": bench.prompts,
        "whole": {seed: world["score"] for seed, world in whole.items()}, "without": without}


def sections(data, _):
    totals = collections.defaultdict(lambda: [0, 0, 0])
    for score in data["whole"].values():
        for entry in score["falseAccusations"]:
            for index, key in enumerate(["accounts", "accused", "suspicious"]):
                totals[entry["class"]][index] += entry[key]
    misses, rows = [], []
    for name, (accounts, accused, suspicious) in sorted(totals.items()):
        scores = data["without"].get(name, {}).values()
        others = sum(score["falselyAccused"] for score in scores)
        recalls = [score["recall"] for score in scores]
        recall = f"{statistics.mean(recalls):.3f} ({min(recalls):.3f})" if recalls else "-"
        rows.append([f"`{name}`", accounts, accused, suspicious, others if scores else "-", recall])
        if accounts and accused > CLASS_BAR * accounts:
            misses.append(f"{accused} of {accounts} accounts of class `{name}` were accused")
    return [
        "## Innocent classes",
        f"Worlds of {data['accounts']:,} innocent accounts over {data['days']} days with a campaign of every kind, "
        f"{data['prompts']}, seeds {', '.join(data['whole'])}. No weight of the detector is learnt from labelled classes; "
        "what it compares with is the traffic judged. So two things are measured: how many of a class are accused, and "
        "whether the others are judged differently in a population without it (the first two of these seeds): how many of them are "
        "accused, and the mean (and least) recall.",
        table(["class", "accounts", "accused", "suspicious", "others accused without it", "recall without it"], rows),
    ], misses
