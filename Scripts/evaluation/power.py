"""The smallest campaigns that are found: accounts, rates, dilution and days, by drills in one innocent world."""

import json
import time

from plots import line_plot
from workbench import measure as run_program
from workbench import elapsed, say, table

SIZES, RATES, DILUTIONS = [10, 25, 50, 100], [5, 26], [0, 0.3, 0.6, 0.8, 0.9]
DAYS = [2, 4, 7, 14]


def measure(bench):
    accounts, days = bench.small_size
    world = bench.simulate("world", seed=601, accounts=accounts, days=days, campaigns="none")
    sizes, rates, dilutions = (SIZES[1:2], RATES[1:2], DILUTIONS[:2]) if bench.quick else (SIZES, RATES, DILUTIONS)
    data = {"accounts": accounts, "days": days, "prompts": bench.prompts}
    for cover in ["personal", "resold"]:
        data[cover] = drill(bench, world, sizes, rates, dilutions, 14, cover)
    data["by_days"] = {
        str(length): drill(bench, world, sizes, [10], [0], length, "personal")
        for length in (DAYS[-1:] if bench.quick else DAYS)}
    bench.remove("world")
    return data


def drill(bench, world, sizes, rates, dilutions, days, cover):
    started = time.monotonic()

    def joined(values):
        return ",".join(map(str, values))

    corpus = ["--corpus", bench.options.corpus] if bench.options.corpus else []
    run_program([
        bench.binary, "drill", world / "exchanges.jsonl", "--accounts", world / "accounts.csv", "--out",
        bench.work / "drill", "--sizes", joined(sizes), "--rates", joined(rates), "--dilutions", joined(dilutions),
        "--days", days, "--cover", cover, "--repeats", 3, *corpus])
    cells = json.loads((bench.work / "drill" / "drill.json").read_text(encoding="utf-8"))["cells"]
    bench.remove("drill")
    say(f"power: {cover} cover, {days} days: {len(cells)} cells, {elapsed(started)}")
    return [
        {
            "accounts": cell["accounts"], "rate": cell["exchanges_per_account_day"], "dilution": cell["dilution"],
            "caught": cell["caught"], "trials": len(cell["trials"]), "leaked": cell["leaked_share"],
            "hours": cell["median_hours_to_flag"],
            "newly_accused": sum(len(trial["newly_accused"]) for trial in cell["trials"]),
        } for cell in cells]


def sections(data, folder):
    blocks = [
        "## The smallest campaign that is found",
        f"Clean hydras put into one world of {data['accounts']:,} innocent accounts over {data['days']} days "
        f"({data['prompts']}) by `stillwatch drill`, for 14 days, three times a cell; caught means that half of its "
        "accounts or more are accused. Personal cover is the traffic of one innocent account for each account of the "
        "campaign; resold cover is anybody's, as that of a shop that sells access on."]
    innocents = trials = 0
    for cover in ["personal", "resold"]:
        cells = data[cover]
        innocents += sum(cell["newly_accused"] for cell in cells)
        trials += sum(cell["trials"] for cell in cells)
        dilutions = sorted({cell["dilution"] for cell in cells})
        rows, curves = [], {}
        for size, rate in sorted({(cell["accounts"], cell["rate"]) for cell in cells}):
            found = {c["dilution"]: c for c in cells if c["accounts"] == size and c["rate"] == rate}
            rows.append([f"{size} accounts, {rate:g} a day",
                         *(f"{found[d]['caught']} of {found[d]['trials']}" for d in dilutions)])
        for size in sorted({cell["accounts"] for cell in cells}):
            curves[f"{size} accounts"] = [
                (d, power([c for c in cells if c["accounts"] == size and c["dilution"] == d])) for d in dilutions]
        name = f"power-{cover}.svg"
        if len(dilutions) > 1:
            line_plot(folder / name, f"Campaigns caught under {cover} cover, all rates", "share of cover traffic",
                      "share caught", curves)
        blocks += [f"### {cover.capitalize()} cover", table(["campaign", *(f"{d:.0%}" for d in dilutions)], rows),
                   f"![Share of campaigns caught against dilution, {cover} cover](detection/{name})"]
    rows, curves, leaks = [], {}, {}
    for length, cells in data["by_days"].items():
        for cell in cells:
            curves.setdefault(f"{cell['accounts']} accounts", []).append((int(length), power([cell])))
            leaks.setdefault(f"{cell['accounts']} accounts", []).append((int(length), cell["leaked"] or 0))
            hours = "-" if cell["hours"] is None else f"{cell['hours']:.0f}"
            leak = "-" if cell["leaked"] is None else f"{cell['leaked']:.2f}"
            rows.append([f"{length} days, {cell['accounts']} accounts", f"{cell['caught']} of {cell['trials']}", hours,
                         leak])
    if len(data["by_days"]) > 1:
        line_plot(folder / "power-days.svg", "Campaigns caught by length, undiluted, 10 a day", "days", "share caught",
                  curves)
        line_plot(folder / "leak-days.svg", "Leaked before the flag by length, undiluted, 10 a day", "days",
                  "share of the harvest", leaks)
    blocks += [
        "### By days", table(["campaign, 10 a day, undiluted", "caught", "median hours to the flag", "leaked"], rows),
        "![Share caught against days](detection/power-days.svg)",
        "![Share leaked before the flag against days](detection/leak-days.svg)",
        f"In these {trials} trials, undiluted ones among them, {innocents} innocent accounts in all were accused that are not accused "
        "without the campaign."]
    return blocks, []


def power(cells):
    trials = sum(cell["trials"] for cell in cells)
    return sum(cell["caught"] for cell in cells) / trials if trials else 0.0
