"""Verdicts against the labels of simulated worlds with one campaign of every kind, and how soon they come."""

import collections
import csv
import time

from workbench import elapsed, say, table

# The bars are asked of every world by itself, not of the mean.
PRECISION_BAR = 0.99
RECALL_BAR = 0.95
COVERAGE_BAR, PURITY_BAR = 0.9, 0.97
RECALL_BARS = {
    **dict.fromkeys(
        ["naive_burst", "shared_hydra", "clean_hydra", "injected_prompt", "release_rush", "reasoning_elicitation",
         "rubric_grading", "agentic", "two_pools", "signature_replay"], 0.95),
    **dict.fromkeys(["mixed_hydra", "slow_paraphrase", "aged_pivot"], 0.8),
}
LEAK_BARS = {
    **dict.fromkeys(["naive_burst", "shared_hydra", "injected_prompt", "release_rush"], 0.01),
    **dict.fromkeys(["clean_hydra", "reasoning_elicitation", "rubric_grading", "agentic"], 0.05),
    **dict.fromkeys(["mixed_hydra", "slow_paraphrase", "aged_pivot"], 0.15),
}


def measure(bench):
    accounts, days = bench.size
    seeds = bench.options.seeds[:2] if bench.quick else bench.options.seeds
    return {
        "accounts": accounts, "days": days, "prompts": bench.prompts,
        "worlds": {str(seed): one_world(bench, seed, accounts, days, "all") for seed in seeds},
    }


def sections(data, _):
    """Markdown blocks, and the bars that were missed."""
    worlds = data["worlds"]
    misses = missed_bars(worlds)
    return [
        "## Worlds with campaigns",
        f"Worlds of {data['accounts']:,} innocent accounts over {data['days']} days with {data['prompts']}. Each holds one "
        "campaign of every kind of the public record that the simulator knows. Scanned with the account table and the "
        "default settings.",
        overall(worlds),
        "An account is accused when its verdict is `distillation`. The false positive rate is the share of innocent "
        "accounts that were accused. Accounts without a verdict sent nothing in these days.",
        "### Recall by campaign",
        by_campaign(worlds),
        "For each seed: the share of the campaign's accounts that were accused, then coverage / purity of the reported "
        "campaign that matches best (the share of the campaign's accounts in it / the share of it that belongs to the "
        "campaign).",
        "### Answers given before a campaign was flagged",
        leaked(worlds),
        "The share of a campaign's exchanges before the moment at which it would have been flagged (`first_flagged`); all "
        "those of an account that was not accused count.",
        "### Innocent accounts accused or suspected, by class",
        by_class(worlds),
        "Accused + suspicious; a dot stands for none.",
    ], misses


def one_world(bench, seed, accounts, days, campaigns, **more):
    """Makes a world, scans it and gives what can be said of the verdicts."""
    started = time.monotonic()
    world = bench.simulate("world", seed=seed, accounts=accounts, days=days, campaigns=campaigns, **more)
    result = judged(bench, world)
    bench.remove("world")
    score = result["score"]
    say(f"detection: seed {seed}, campaigns {campaigns} {more or ''}: accused {score['accused']} (innocent "
        f"{score['falselyAccused']}) of {score['guilty']} guilty, suspicious {score['suspicious']}, {elapsed(started)}")
    return result


def judged(bench, world, facts=True, more=()):
    """Scans a world, with `more` options, and gives what can be said of the verdicts."""
    run = bench.scan(world, "scan", *more, facts=facts)
    groups = bench.records("scan", "campaigns.jsonl")
    verdicts = bench.records("scan", "verdicts.jsonl")
    total, leak = leaks(world / "labels.csv", verdicts)
    result = {
        "score": bench.score(world, "scan"),
        "reported": dict(collections.Counter(group["verdict"] for group in groups)),
        "counts": bench.summary("scan")["counts"],
        "exchanges": total,
        "seconds": round(run.wall, 1),
        "peak": run.peak_memory,
        "leak": leak,
    }
    bench.remove("scan")
    return result


def leaks(labels, verdicts):
    """Each campaign's exchanges, and the share of them that came before its accounts were flagged."""
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
    return dict(total), {campaign: before[campaign] / total[campaign] for campaign in total}


def leaked(worlds):
    names = sorted({name for world in worlds.values() for name in world["leak"]})
    rows = [[f"`{name}`"] + [ratio(world["leak"].get(name), 3) for world in worlds.values()] for name in names]
    return table(["campaign"] + [f"seed {seed}" for seed in worlds], rows)


def kind_of(campaign):
    """`naive_burst-1` is the first campaign of the kind `naive_burst`."""
    return campaign["name"].rsplit("-", 1)[0]


def missed_bars(worlds):
    misses = []

    def ask(seed, what, value, bar, at_most=False):
        if value is None or (value > bar if at_most else value < bar):
            misses.append(f"seed {seed}: {what} is {ratio(value, 3)}, bar {bar}")

    for seed, world in worlds.items():
        score = world["score"]
        ask(seed, "precision", score["precision"], PRECISION_BAR)
        ask(seed, "recall", score["recall"], RECALL_BAR)
        found = {kind_of(campaign): campaign for campaign in score["campaigns"]}
        for kind, bar in RECALL_BARS.items():
            ask(seed, f"recall of `{kind}`", found.get(kind, {}).get("recall"), bar)
        for campaign in score["campaigns"]:
            # Two pools of one operator are two campaigns that a link joins; each is a part of the true one.
            if campaign.get("bestReportedCampaign") and kind_of(campaign) != "two_pools":
                ask(seed, f"coverage of `{campaign['name']}`", campaign["coverage"], COVERAGE_BAR)
                ask(seed, f"purity of `{campaign['name']}`", campaign["purity"], PURITY_BAR)
        for name, share in world["leak"].items():
            bar = LEAK_BARS.get(kind_of({"name": name}))
            if bar is not None:
                ask(seed, f"leak of `{name}`", share, bar, at_most=True)
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


def by_class(worlds):
    classes = sorted({entry["class"] for world in worlds.values() for entry in world["score"]["falseAccusations"]})
    rows = []
    for name in classes:
        total, cells = 0, []
        for world in worlds.values():
            entry = next((e for e in world["score"]["falseAccusations"] if e["class"] == name), None)
            if entry is None:
                cells.append("-")
                continue
            total += entry["accounts"]
            nothing = entry["accused"] == 0 and entry["suspicious"] == 0
            cells.append("·" if nothing else f"{entry['accused']} + {entry['suspicious']}")
        rows.append([f"`{name}`", total, *cells])
    return table(["class", "accounts in all", *(f"seed {seed}" for seed in worlds)], rows)


NOTES = """## What these figures do not say

- The worlds come from this project's own simulator, written by people who knew the detector, and its thresholds were
  set on worlds of the same kind. High figures show that the parts work together; they are no estimate of what a
  provider would see.
- The campaigns of the public record, as simulated, split a data set among their accounts, balance the load and sign up
  in bursts or turn active together, and the detector leans on exactly these signs. What becomes of those that do not is
  under "Attackers who know the detector".
- The innocent classes are those that somebody thought of. Real traffic holds groups that nobody has.
- Each kind has one campaign of some tens of accounts a world, so one account is two to three points of recall.
- Worlds with the same settings differ only by their seed; they are no independent sample of real traffic."""
