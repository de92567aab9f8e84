"""Attackers who have read how the detector decides: whether they are found, and what hiding costs them."""

import statistics

from workbench import table
from worlds import kind_of, one_world

# The share of an attacker's exchanges that are for the data set.
HARVEST = {"adaptive_cover": 0.2}
KINDS = ["clean_hydra", "adaptive_volumes", "adaptive_style", "adaptive_cover", "adaptive_small"]
WHAT = {
    "clean_hydra": "the yardstick: clean infrastructure, nothing hidden",
    "adaptive_volumes": "people's volumes and hours, sign-ups over ten months, a first day for each account",
    "adaptive_style": "every account asks about subjects of its own in a manner of its own",
    "adaptive_cover": "four fifths of each account's traffic look like one person's",
    "adaptive_small": "pools of four to eight accounts, each with a data set and a time of its own",
}


def measure(bench):
    accounts, days = bench.size
    seeds = range(301, 302 if bench.quick else 304)
    worlds = {}
    for seed in seeds:
        for kind in KINDS:
            world = one_world(bench, seed, accounts, days, kind)
            worlds[f"{kind} {seed}"] = {key: world[key] for key in ("score", "leak", "exchanges")}
    return {"accounts": accounts, "days": days, "prompts": bench.prompts, "worlds": worlds}


def sections(data, _):
    rows = []
    for kind in KINDS:
        worlds = [world for name, world in data["worlds"].items() if name.split()[0] == kind]
        campaigns = [c for world in worlds for c in world["score"]["campaigns"] if kind_of(c) == kind]
        leaks = [share for world in worlds for share in world["leak"].values()]
        guilty = sum(world["score"]["guilty"] for world in worlds)
        harvest = HARVEST.get(kind, 1) * sum(sum(world["exchanges"].values()) for world in worlds) / guilty
        recalls = [world["score"]["recall"] for world in worlds]
        rows.append([
            f"`{kind}`", WHAT[kind], len(campaigns), guilty, f"{harvest:,.0f}",
            f"{statistics.mean(recalls):.3f}", f"{min(recalls):.3f}", f"{statistics.mean(leaks):.3f}",
            sum(world["score"]["falselyAccused"] for world in worlds)])
    return [
        "## Attackers who know the detector",
        f"One attacker a world, {data['accounts']:,} innocent accounts over {data['days']} days, {data['prompts']}.",
        table(["attacker", "what it does", "campaigns", "accounts", "harvest an account", "recall", "worst world", "leaked",
               "innocents accused"], rows, align="llrrrrrrr"),
        "Harvest an account: exchanges for the data set in the mean over accounts, cover taken off. What an attacker "
        "loses is the difference to the yardstick.",
    ], []
