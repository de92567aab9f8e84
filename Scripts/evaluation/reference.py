"""Calibration on one's own past: is the bound kept, and what does a reference change, also one from a past with campaigns?"""

import json
import statistics

from workbench import measure as run
from workbench import table
from worlds import judged, ratio

BOUNDS = ["volume_spread", "content_intraclass"]
NAMES = {"volume_spread": "spread of log volumes", "content_intraclass": "share of content the account explains"}


def measure(bench):
    accounts, days = bench.small_size
    pasts = [801, 802] if bench.quick else [801, 802, 803, 804, 805, 806]
    data = {"accounts": accounts, "days": days, "prompts": bench.prompts, "miss": 0.05, "references": {}, "worlds": {}}
    for campaigns in ("none", "all"):
        for seed in pasts if campaigns == "none" else pasts[:2]:
            world = bench.simulate("past", seed=seed, accounts=accounts, days=days, campaigns=campaigns)
            file = reference(bench, f"{campaigns}-{seed}")
            run([bench.binary, "calibrate", world / "exchanges.jsonl", "--accounts", world / "accounts.csv", "--out", file,
                 "--miss", data["miss"]])
            data["references"][f"{campaigns}, {seed}"] = json.loads(file.read_text(encoding="utf-8"))
            bench.remove("past")
    for entry in data["references"].values():
        entry.pop("inputs")
    choices = {"shipped": None, "clean past": f"none-{pasts[0]}", "past with campaigns": f"all-{pasts[0]}"}
    for seed in [811] if bench.quick else [811, 812, 813]:
        world = bench.simulate("world", seed=seed, accounts=accounts, days=days, campaigns="all")
        data["worlds"][str(seed)] = {
            name: judged(bench, world, more=[] if choice is None else ["--reference", reference(bench, choice)])
            for name, choice in choices.items()}
        bench.remove("world")
    return data


def reference(bench, name):
    return bench.work / f"reference-{name}.json"


def sections(data, _):
    clean = {name: entry for name, entry in data["references"].items() if name.startswith("none")}
    rows, misses = [], []
    for bound in BOUNDS:
        shares = [
            statistics.mean(value < entry[bound]["value"] for value in other[bound]["measured"])
            for name, entry in clean.items() if entry[bound]["value"] is not None
            for another, other in clean.items() if another != name]
        if not shares:
            continue
        mean = statistics.mean(shares)
        if mean > data["miss"]:
            misses.append(f"{ratio(mean, 3)} of the groups of other pasts are below the bound of `{bound}`, promised {data['miss']}")
        rows.append([
            NAMES[bound], f"{statistics.mean(len(entry[bound]['measured']) for entry in clean.values()):.0f}",
            " - ".join(f"{edge(entry[bound]['value'] for entry in clean.values()):.4f}" for edge in (min, max)),
            f"{mean:.3f}", f"{max(shares):.3f}", f"{statistics.mean(below(entry[bound]['measured'], bound) for entry in clean.values()):.3f}"])
    effect = []
    for name in next(iter(data["worlds"].values())):
        found = [world[name] for world in data["worlds"].values()]
        effect.append([
            name, sum(world["score"]["falselyAccused"] for world in found),
            ratio(statistics.mean(world["score"]["precision"] for world in found)),
            ratio(statistics.mean(world["score"]["recall"] for world in found)),
            ratio(statistics.mean(statistics.median(world["leak"].values()) for world in found), 3)])
    past = [f"{name.split(', ')[1]}: {entry['accounts_left_out']} of {entry['accounts']}"
            for name, entry in data["references"].items() if not name.startswith("none")]
    return [
        "## Calibrated on one's own past",
        f"`stillwatch calibrate --miss {data['miss']}` on {len(clean)} pasts of {data['accounts']:,} innocent accounts over "
        f"{data['days']} days without campaigns, {data['prompts']}. Each past's bounds are held against the groups of the "
        f"others: the share of them below a bound should be at most {data['miss']} on average.",
        table(["bound", "groups", "bounds", "share below, mean", "share below, worst pair", "share below the shipped value"],
              rows),
        "Worlds with a campaign of every kind, judged with the shipped values, with a reference from a clean past, and with "
        f"one from a past with as many campaigns (accounts left out as accused, by seed: {'; '.join(past)}). Seeds "
        f"{', '.join(data['worlds'])}.",
        table(["reference", "innocents accused", "precision", "recall", "median share leaked before the flag"], effect),
    ], misses


SHIPPED = {"volume_spread": 0.45, "content_intraclass": 0.015}


def below(values, bound):
    return statistics.mean(value < SHIPPED[bound] for value in values)
