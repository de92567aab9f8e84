"""One campaign of thousands of accounts among thousands of innocent ones."""

from workbench import table
from worlds import PRECISION_BAR, RECALL_BAR, judged, kind_of, ratio


def measure(bench):
    innocents, size = (800, 300) if bench.quick else (8000, 3000)
    data = {"accounts": innocents, "days": 21, "prompts": bench.prompts, "worlds": {}}
    for seed in [901] if bench.quick else [901, 902]:
        world = bench.simulate(
            "world", seed=seed, accounts=innocents, days=21, campaigns="clean_hydra",
            **{"campaign-accounts": size, "campaign-rate": 26})
        data["worlds"][str(seed)] = judged(bench, world)
        bench.remove("world")
    return data


def sections(data, _):
    rows, misses = [], []
    for seed, world in data["worlds"].items():
        score = world["score"]
        for name, bar in (("precision", PRECISION_BAR), ("recall", RECALL_BAR)):
            if score[name] < bar:
                misses.append(f"seed {seed}: {name} is {ratio(score[name], 3)}, bar {bar}")
        campaign = score["campaigns"][0]
        rows.append([
            seed, f"{world['counts']['exchanges']:,}", f"`{kind_of(campaign)}`", campaign["accounts"], score["accused"],
            score["falselyAccused"], ratio(score["recall"]), ratio(campaign.get("coverage"), 2),
            ratio(world["leak"][campaign["name"]], 3), f"{world['seconds']:.0f} s", f"{world['peak'] / 2**20:.0f} MiB"])
    return [
        "## A campaign of thousands",
        f"One `clean_hydra` of 26 exchanges an account and day among {data['accounts']:,} innocent accounts over "
        f"{data['days']} days, {data['prompts']}.",
        table(["seed", "exchanges", "campaign", "accounts", "accused", "innocents", "recall", "coverage", "leaked",
               "scan", "memory"], rows),
    ], misses
