"""Scans of a world, what is kept of them, and whether two of them came to the same."""

import hashlib
import json
import statistics

from workbench import median, recorded

RESULTS = ("verdicts.jsonl", "campaigns.jsonl", "report.html")


def scanned(bench, world, *more, log=None, facts=True):
    """Scans a world, or another log with its account table, and gives the figures of the run."""
    run = bench.scan(world, "scan", *more, log=log, facts=facts)
    summary = bench.summary("scan")
    return {
        **recorded(run), "timings": summary["timings"], "exchanges": summary["counts"]["exchanges"],
        "accounts": summary["counts"]["accounts"]}


def results(folder, names=(*RESULTS, "summary.json")):
    """The SHA-256 of each file of results; of the summary without its timings."""
    return {name: digest(folder / name) for name in names}


def digest(file):
    if file.name == "summary.json":
        summary = json.loads(file.read_text(encoding="utf-8"))
        del summary["timings"]
        return hashlib.sha256(json.dumps(summary).encode()).hexdigest()
    with open(file, "rb") as contents:
        return hashlib.file_digest(contents, "sha256").hexdigest()


def different(expected, found):
    """Names of the results that are not the same."""
    return [name for name in expected if expected[name] != found[name]]


COSTS = ["seconds", "CPU seconds", "peak MiB"]


def costs(runs):
    """Cells for wall time, CPU seconds and peak memory of runs of one command."""
    peak = max(run["peak_memory"] for run in runs)
    return [f"{median(runs, 'wall'):.2f}", f"{median(runs, 'cpu'):.2f}", f"{peak / 2**20:,.0f}"]


def timings(runs):
    """Medians of what scans say of their own times, by name."""
    return {
        name: statistics.median(run["timings"][name] for run in runs)
        for name in runs[0]["timings"] if isinstance(runs[0]["timings"][name], (int, float))}
