"""False discoveries against the bound that was asked for, in worlds with campaigns and without."""

import collections
import csv
import statistics
import time

from plots import line_plot
from workbench import elapsed, say, table

BOUNDS = [0.01, 0.05, 0.1]
# A reported campaign is a false discovery when fewer of its members than this share belong to campaigns.
GUILTY_SHARE = 0.5
WORLDS_BAR = 0.05


def measure(bench):
    accounts, days = bench.small_size
    count = 2 if bench.quick else 20
    data = {"accounts": accounts, "days": days, "prompts": bench.prompts, "with": {}, "without": {}}
    for kind, campaigns, first in [("with", "all", 101), ("without", "none", 201)]:
        for seed in range(first, first + count):
            started = time.monotonic()
            world = bench.simulate("world", seed=seed, accounts=accounts, days=days, campaigns=campaigns)
            data[kind][str(seed)] = {str(bound): one_scan(bench, world, bound) for bound in BOUNDS}
            bench.remove("world")
            say(f"bounds: seed {seed}, campaigns {campaigns}: {data[kind][str(seed)]}, {elapsed(started)}")
    return data


def one_scan(bench, world, bound):
    bench.scan(world, "scan", "--fdr", bound)
    with open(world / "labels.csv", newline="", encoding="utf-8") as file:
        guilty = {row["account"] for row in csv.DictReader(file) if row["label"] != "innocent"}
    verdicts = collections.Counter(
        (verdict["verdict"], verdict["account"] in guilty) for verdict in bench.records("scan", "verdicts.jsonl"))
    members = collections.defaultdict(list)
    for verdict in bench.records("scan", "verdicts.jsonl"):
        if verdict["verdict"] == "distillation":
            members[verdict["campaign"]].append(verdict["account"] in guilty)
    bench.remove("scan")
    return {
        "campaigns": len(members),
        "false_campaigns": sum(statistics.mean(group) < GUILTY_SHARE for group in members.values()),
        "accused": verdicts["distillation", True] + verdicts["distillation", False],
        "falsely_accused": verdicts["distillation", False],
        "suspicious_innocents": verdicts["suspicious", False],
        "guilty": len(guilty),
    }


def sections(data, folder):
    misses, rows, curves = [], [], {"campaigns": [], "accounts": []}
    for bound in BOUNDS:
        scans = [world[str(bound)] for world in data["with"].values()]
        clean = [world[str(bound)] for world in data["without"].values()]
        campaigns = statistics.mean(share(scan["false_campaigns"], scan["campaigns"]) for scan in scans)
        accounts = statistics.mean(share(scan["falsely_accused"], scan["accused"]) for scan in scans)
        recall = statistics.mean((scan["accused"] - scan["falsely_accused"]) / scan["guilty"] for scan in scans)
        worlds = sum(scan["accused"] > 0 for scan in clean)
        rows.append([
            bound, f"{campaigns:.4f}", f"{accounts:.4f}", f"{recall:.3f}", f"{worlds} of {len(clean)}",
            sum(scan["accused"] for scan in clean), sum(scan["suspicious_innocents"] for scan in clean)])
        curves["campaigns"].append((bound, campaigns))
        curves["accounts"].append((bound, accounts))
        for what, value in [("campaigns", campaigns), ("accounts", accounts)]:
            if value > bound:
                misses.append(f"false-discovery proportion of {what} at {bound} is {value:.4f}")
        if bound == BOUNDS[0] and worlds > WORLDS_BAR * len(clean):
            misses.append(f"innocents were accused in {worlds} of {len(clean)} worlds without campaigns")
    line_plot(
        folder / "calibration.svg", "False discoveries against the bound asked for", "bound (--fdr)",
        "mean false-discovery proportion", curves, y_top=0.12, diagonal=True)
    return [
        "## False discoveries",
        f"{len(data['with'])} worlds with a campaign of every kind and {len(data['without'])} without, "
        f"{data['accounts']:,} innocent accounts over {data['days']} days, {data['prompts']}; seeds of their own. The "
        "false-discovery proportion of a world is the share of what was reported that is innocent: of campaigns, those "
        "in which fewer than half of the members belong to one; of accounts, the innocent ones among the accused.",
        table(["`--fdr`", "mean proportion, campaigns", "mean proportion, accounts", "recall",
               "worlds without campaigns with an accusation", "accounts accused there", "suspicious there"], rows),
        "![False-discovery proportion against the bound; the dashed line is the bound](detection/calibration.svg)",
    ], misses


def share(part, whole):
    return part / whole if whole else 0.0
