"""Verdicts against the labels of simulated worlds, with campaigns and without."""

import collections
import csv
import time

from workbench import elapsed, say, table, verdict_line

# The bars are asked of every world by itself, not of the mean.
RECALL_BAR = 0.9
RECALL_KINDS = ["naive_burst", "shared_hydra", "clean_hydra", "injected_prompt", "release_rush"]
PRECISION_BAR = 0.97

CLEAN_SEEDS = [11, 12, 13, 14]


def run(bench):
    """Returns the bars that were missed."""
    accounts, days = (400, 14) if bench.quick else (2000, 21)
    seeds = bench.options.seeds
    clean_seeds = CLEAN_SEEDS[:1] if bench.quick else CLEAN_SEEDS
    worlds = {seed: one_world(bench, seed, accounts, days, "all") for seed in seeds}
    clean = {seed: one_world(bench, seed, accounts, days, "none") for seed in clean_seeds}
    misses = missed_bars(worlds)
    bench.write("Detection", [
        f"Worlds of {accounts:,} innocent accounts over {days} days with {bench.prompts}. A world with campaigns holds "
        "one of every kind that the simulator knows. Scanned with the account table and the default settings.",
        "## Bars",
        f"In every world: recall of at least {RECALL_BAR} for " + ", ".join(f"`{kind}`" for kind in RECALL_KINDS)
        + f", and precision over all accounts of at least {PRECISION_BAR}.",
        verdict_line(misses),
        "## Worlds with campaigns",
        overall(worlds),
        "An account is accused when its verdict is `distillation`. The false positive rate is the share of innocent "
        "accounts that were accused. Accounts without a verdict sent nothing in these days.",
        "## Recall by campaign",
        by_campaign(worlds),
        "For each seed: the share of the campaign's accounts that were accused, then coverage / purity of the reported "
        "campaign that matches best (the share of the campaign's accounts in it / the share of it that belongs to the "
        "campaign).",
        "## Answers given before a campaign was flagged",
        leaked(worlds),
        "The share of a campaign's exchanges before the moment at which it would have been flagged (`first_flagged`); all "
        "those of an account that was not accused count.",
        "## Innocent accounts accused or suspected, by class",
        by_class({**worlds, **clean}, clean),
        "Accused + suspicious; a dot stands for none.",
        "## Worlds without campaigns",
        without_campaigns(clean),
        NOTES,
    ])
    return misses


def one_world(bench, seed, accounts, days, campaigns):
    started = time.monotonic()
    world = bench.simulate("world", seed=seed, accounts=accounts, days=days, campaigns=campaigns)
    bench.scan(world, "scan")
    score = bench.score(world, "scan")
    reported = collections.Counter(group["verdict"] for group in bench.records("scan", "campaigns.jsonl"))
    counts = bench.summary("scan")["counts"]
    leak = leaks(world / "labels.csv", bench.records("scan", "verdicts.jsonl"))
    bench.remove("world", "scan")
    say(f"detection: seed {seed}, campaigns {campaigns}: accused {score['accused']} (innocent "
        f"{score['falselyAccused']}) of {score['guilty']} guilty, suspicious {score['suspicious']}, {elapsed(started)}")
    return {"score": score, "reported": reported, "counts": counts, "leak": leak}


def leaks(labels, verdicts):
    """The share of each campaign's exchanges that came before its accounts were flagged."""
    with open(labels, newline="", encoding="utf-8") as file:
        campaign_of = {row["account"]: row["campaign"] for row in csv.DictReader(file) if row["campaign"]}
    total, before = collections.Counter(), collections.Counter()
    for verdict in verdicts:
        campaign = campaign_of.get(verdict["account"])
        if campaign is None:
            continue
        total[campaign] += verdict["exchanges"]
        accused = verdict["verdict"] == "distillation"
        before[campaign] += verdict["exchanges_before_flag"] if accused else verdict["exchanges"]
    return {campaign: before[campaign] / total[campaign] for campaign in total}


def leaked(worlds):
    names = sorted({name for world in worlds.values() for name in world["leak"]})
    rows = [[f"`{name}`"] + [ratio(world["leak"].get(name), 3) for world in worlds.values()] for name in names]
    return table(["campaign"] + [f"seed {seed}" for seed in worlds], rows)


def kind_of(campaign):
    """`naive_burst-1` is the first campaign of the kind `naive_burst`."""
    return campaign["name"].rsplit("-", 1)[0]


def missed_bars(worlds):
    misses = []
    for seed, world in worlds.items():
        score = world["score"]
        recalls = {kind_of(campaign): campaign["recall"] for campaign in score["campaigns"]}
        for kind in RECALL_KINDS:
            recall = recalls.get(kind)
            if recall is None:
                misses.append(f"seed {seed}: no campaign `{kind}` in the world")
            elif recall < RECALL_BAR:
                misses.append(f"seed {seed}: recall of `{kind}` is {recall:.3f}")
        precision = score["precision"]
        # A world where nobody is accused has no precision, and has missed the recall already.
        if precision is None or precision < PRECISION_BAR:
            misses.append(f"seed {seed}: precision is {ratio(precision)}")
    return misses


def ratio(value, digits=4):
    return "-" if value is None else f"{value:.{digits}f}"


def overall(worlds):
    header = ["seed", "exchanges", "accounts", "guilty", "accused", "false accusations", "suspicious",
              "no verdict", "precision", "recall", "false positive rate", "AUROC"]
    rows = []
    for seed, world in worlds.items():
        score = world["score"]
        rows.append([
            seed, f"{world['counts']['exchanges']:,}", f"{score['accounts']:,}", score["guilty"], score["accused"],
            score["falselyAccused"], score["suspicious"], score["withoutVerdict"], ratio(score["precision"]),
            ratio(score["recall"]), ratio(score["falsePositiveRate"], 5), ratio(score["auroc"])])
    return table(header, rows)


def by_campaign(worlds):
    names = sorted({campaign["name"] for world in worlds.values() for campaign in world["score"]["campaigns"]})
    rows = []
    for name in names:
        row = [f"`{name}`"]
        for world in worlds.values():
            found = [campaign for campaign in world["score"]["campaigns"] if campaign["name"] == name]
            if not found:
                row += ["-", "-", "-"]
                continue
            campaign = found[0]
            row += [campaign["accounts"], ratio(campaign["recall"], 3),
                    f"{ratio(campaign.get('coverage'), 2)} / {ratio(campaign.get('purity'), 2)}"
                    if campaign.get("bestReportedCampaign") else "-"]
        rows.append(row)
    header = ["campaign"]
    for seed in worlds:
        header += [f"accounts, seed {seed}", "recall", "coverage / purity"]
    return table(header, rows)


def by_class(worlds, clean):
    classes = sorted({entry["class"] for world in worlds.values() for entry in world["score"]["falseAccusations"]})
    rows = []
    for name in classes:
        row = [f"`{name}`"]
        total = 0
        cells = []
        for world in worlds.values():
            entry = next((e for e in world["score"]["falseAccusations"] if e["class"] == name), None)
            if entry is None:
                cells.append("-")
                continue
            total += entry["accounts"]
            nothing = entry["accused"] == 0 and entry["suspicious"] == 0
            cells.append("·" if nothing else f"{entry['accused']} + {entry['suspicious']}")
        rows.append(row + [total] + cells)
    header = ["class", "accounts in all"]
    header += [f"seed {seed}" + (", no campaigns" if seed in clean else "") for seed in worlds]
    return table(header, rows)


def without_campaigns(clean):
    header = ["seed", "exchanges", "accounts", "accused", "suspicious", "campaigns reported", "suspicious groups"]
    rows = []
    for seed, world in clean.items():
        score = world["score"]
        rows.append([
            seed, f"{world['counts']['exchanges']:,}", f"{score['accounts']:,}", score["accused"], score["suspicious"],
            world["reported"].get("distillation", 0), world["counts"]["suspicious_groups"]])
    return table(header, rows)


NOTES = """## What these figures do not say

- The worlds come from this project's own simulator, written by people who knew the detector, and its thresholds were
  set on worlds of the same kind. High figures show that the parts work together; they are no estimate of what a
  provider would see.
- All simulated campaigns split a data set among their accounts, balance the load and sign up in bursts or turn active
  together, and the detector leans on exactly these signs. A campaign that draws prompts at random, gives its accounts
  uneven volumes and ages them apart from each other would be harder to find, and is not in here.
- The innocent classes are those that somebody thought of. Real traffic holds groups that nobody has.
- Each kind has one campaign of some tens of accounts a world, so one account is two to three points of recall.
- Worlds with the same settings differ only by their seed; they are no independent sample of real traffic."""
