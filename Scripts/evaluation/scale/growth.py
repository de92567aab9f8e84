"""How the cost of a scan grows with exchanges and with accounts."""

import math

from plots import log_log_plot
from workbench import median, say, table

from . import world
from .scanning import scanned, timings

# Shares of the seed case: exchanges and accounts grow together, 32 exchanges of each account.
SHARES = [1 / 30, 1 / 10, 1 / 3, 1]
# Of its accounts, and few exchanges of each: five, of which the accounts of the campaign have 63.
ACCOUNT_SHARES = [1 / 100, 1 / 10, 1]
QUIET_RATE = 3
ROUNDS = 3
SERIES = {
    "exchanges": "32 exchanges of each account",
    "accounts": "5 exchanges of each account",
}


def measure(bench):
    specs = {
        "exchanges": [world.seed_case(bench, share, packed=True) for share in SHARES],
        "accounts": [world.seed_case(bench, share, QUIET_RATE, packed=True) for share in ACCOUNT_SHARES]}
    return {series: [point(bench, spec) for spec in specs[series]] for series in SERIES}


def point(bench, spec):
    rounds = 1 if bench.quick else min(ROUNDS, bench.options.repeats)
    with world.made(bench, spec, keep=False) as folder:
        log = world.log_of(folder)
        world.warm(log)
        runs = [scanned(bench, folder, "--threads", 2, log=log) for _ in range(rounds)]
        say(f"scale: growth: {runs[0]['exchanges']:,} exchanges of {runs[0]['accounts']:,} accounts, "
            f"{median(runs, 'wall'):.1f} s")
        return {"log_bytes": int(bench.summary("scan")["counts"]["bytes"]), "runs": runs}


def exponent(points):
    """The slope of the least-squares line through (log x, log y): 1 where cost is in proportion."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    mean_x, mean_y = (sum(values) / len(logs) for values in zip(*logs))
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)


def sections(data, folder):
    blocks, panels = ["## How cost grows"], []
    for name, of_each in SERIES.items():
        points = data[name]
        size = [point["runs"][0][name] for point in points]
        costs = {"CPU": [median(point["runs"], "cpu") for point in points]}
        for part in ("read", "judge"):
            costs[part] = [max(timings(point["runs"])[part], 1e-3) for point in points]
        memory = [max(run["peak_memory"] for run in point["runs"]) for point in points]
        rows = [[
            f"{point['runs'][0]['exchanges']:,}", f"{point['runs'][0]['accounts']:,}", f"{point['log_bytes'] / 1e9:.2f}",
            f"{median(point['runs'], 'wall'):.1f}", *(f"{costs[part][index]:.2f}" for part in costs),
            f"{memory[index] / 2**20:,.0f}"] for index, point in enumerate(points)]
        fitted = {part: list(zip(size, values)) for part, values in {**costs, "memory": memory}.items()}
        for what, first in (("**exponent**", 0), ("in the last step", -2)):
            rows.append([what, *[""] * 3, *(f"{exponent(fitted[part][first:]):.2f}" for part in fitted)])
        blocks += [
            f"### With {name}",
            f"Worlds like the seed case, {of_each}, scanned with two threads. Scans of each: {len(points[0]['runs'])}. The "
            f"exponent is fitted to cost against {name}: 1 is in proportion.",
            table(["exchanges", "accounts", "log GB", "seconds", "CPU seconds", "read seconds", "judge seconds", "peak MiB"],
                  rows, align="r" * 8)]
        del fitted["memory"]
        panels.append((f"{name} ({of_each})", fitted))
    log_log_plot(folder.parent / "scale.svg", "What a scan costs, two threads", "seconds", panels)
    blocks.append("![Seconds of CPU, reading and judging against exchanges and accounts, on logarithmic axes](scale.svg)")
    return blocks, []
