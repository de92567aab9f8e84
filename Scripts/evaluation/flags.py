"""Flags put to the test: does a scan of what there was at the flag find the campaign, and accuse whom?"""

import collections
import csv

from workbench import table
from worlds import kind_of


def measure(bench):
    accounts, days = bench.size
    data = {"accounts": accounts, "days": days, "prompts": bench.prompts, "flags": []}
    for seed in [1] if bench.quick else [1, 2]:
        world = bench.simulate("world", seed=seed, accounts=accounts, days=days, campaigns="all")
        with open(world / "labels.csv", newline="", encoding="utf-8") as file:
            campaign_of = {row["account"]: row["campaign"] for row in csv.DictReader(file)}
        bench.scan(world, "scan")
        found = [group for group in bench.records("scan", "campaigns.jsonl") if group["verdict"] == "distillation"]
        for group in found:
            commonest = collections.Counter(campaign_of[account] for account in group["accounts"]).most_common(1)[0][0]
            bench.scan(world, "then", "--until", group["first_flagged"])
            verdicts = bench.records("then", "verdicts.jsonl")
            accused = [v["account"] for v in verdicts if v["verdict"] == "distillation"]
            data["flags"].append({
                "seed": seed, "campaign": commonest, "flagged": group["first_flagged"],
                "present": sum(campaign_of[v["account"]] == commonest for v in verdicts),
                "found": sum(campaign_of[account] == commonest for account in accused),
                "accused": len(accused),
                "innocent": sum(campaign_of[account] == "" for account in accused)})
            bench.remove("then")
        bench.remove("scan", "world")
    return data


def sections(data, _):
    flags = data["flags"]
    found = [flag for flag in flags if flag["found"] * 2 >= flag["present"]]
    missed = collections.Counter(kind_of({"name": flag["campaign"]}) for flag in flags if flag not in found)
    accused, innocent = (sum(flag[key] for flag in flags) for key in ("accused", "innocent"))
    rows = [[flag["seed"], f"`{flag['campaign']}`", flag["flagged"], flag["present"], flag["found"], flag["accused"],
             flag["innocent"]] for flag in flags]
    return [
        "### Scans that end at a flag",
        f"`first_flagged` says when the tests could have known, given the group. Here the log of {data['accounts']:,} "
        f"innocent accounts is scanned again up to each of those moments. At {len(found)} of {len(flags)} that scan accuses "
        "at least half of the campaign's accounts that it sees"
        + (f"; it does not for {', '.join(f'`{kind}` ({count})' for kind, count in missed.items())}" if missed else "")
        + f". Of {accused:,} accusations in these shorter logs, {innocent} are of innocent accounts.",
        table(["seed", "campaign", "flagged", "its accounts so far", "accused of them", "accused in all", "innocent of these"],
              rows, align="llrrrrr"),
    ], []
