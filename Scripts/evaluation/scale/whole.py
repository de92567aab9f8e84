"""The seed case from end to end: logs in, report out."""

from workbench import median, say, table
from worlds import PRECISION_BAR, RECALL_BAR, ratio

from . import world
from .scanning import COSTS, costs, different, results, scanned, timings


def measure(bench):
    rounds = 1 if bench.quick else bench.options.repeats
    with world.made(bench, world.seed_case(bench, packed=True)) as folder:
        log = world.log_of(folder)
        world.warm(log)
        runs, found = [], []
        for number in range(rounds):
            runs.append(scanned(bench, folder, "--threads", 2, log=log, facts=False))
            found.append(results(bench.work / "scan"))
            say(f"scale: whole: scan {number + 1} of {rounds}: {runs[-1]['wall']:.1f} s")
        report = bench.work / "scan" / "report.html"
        return {
            "runs": runs, "score": bench.score(folder, "scan"), "report_bytes": report.stat().st_size,
            "log_bytes": int(bench.summary("scan")["counts"]["bytes"]),
            "changed": sorted({name for other in found for name in different(found[0], other)})}


def sections(data, _):
    runs, score = data["runs"], data["score"]
    misses = [f"{name} is not the same in all scans" for name in data["changed"]]
    for name, bar in (("precision", PRECISION_BAR), ("recall", RECALL_BAR)):
        if score[name] is None or score[name] < bar:
            misses.append(f"{name} is {ratio(score[name], 3)}, bar {bar}")
    seconds = timings(runs)
    campaign = score["campaigns"][0]
    wall = median(runs, "wall")
    header = [*COSTS, *(f"of which {name}" for name in seconds), "MB/s", "exchanges/s", "report MB"]
    cells = [
        *costs(runs), *(f"{value:.2f}" for value in seconds.values()), f"{data['log_bytes'] / wall / 1e6:,.0f}",
        f"{runs[0]['exchanges'] / wall:,.0f}", f"{data['report_bytes'] / 1e6:.1f}"]
    return [
        "## From end to end",
        f"`scan` of the packed seed case with two threads, with the facts that the log carries: {runs[0]['exchanges']:,} exchanges, "
        f"{data['log_bytes'] / 1e9:.1f} GB. Scans: {len(runs)}.",
        table(header, [cells], align="r" * len(header)),
        f"Of the campaign's {campaign['accounts']:,} accounts {score['accused'] - score['falselyAccused']:,} were accused, "
        f"and {score['falselyAccused']:,} innocent ones: precision {ratio(score['precision'])}, recall "
        f"{ratio(score['recall'])}. The reported campaign that matches best holds {ratio(campaign.get('coverage'), 3)} of it.",
    ], misses
