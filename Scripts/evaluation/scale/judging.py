"""Judging profiles that are on disk: time and memory, and whether the verdicts are a scan's."""

from workbench import measure as run_program, median, recorded, say, table

from . import world
from .profiles import profiled, specs
from .scanning import COSTS, RESULTS, costs, different, results, scanned

ROUNDS = 3


def measure(bench):
    rounds = 1 if bench.quick else min(ROUNDS, bench.options.repeats)
    data = []
    for spec in specs(bench):
        with world.made(bench, spec, keep=spec == world.seed_case(bench)) as folder:
            file, run = profiled(bench, folder)
            runs = [recorded(run_program([
                bench.binary, "judge", file, "--accounts", folder / "accounts.csv", "--threads", 2,
                "--out", bench.work / "judged"])) for _ in range(rounds)]
            scan = scanned(bench, folder, "--threads", 2)
            data.append({
                "accounts": scan["accounts"], "exchanges": scan["exchanges"], "bytes": run["bytes"], "runs": runs,
                "scan": scan, "different": different(*(results(bench.work / name, RESULTS) for name in ("scan", "judged")))})
            file.unlink()
            bench.remove("judged", "scan")
            say(f"scale: judging {scan['accounts']:,} accounts took {median(runs, 'wall'):.1f} s")
    return data


def sections(data, _):
    misses = [
        f"{entry['accounts']:,} accounts: {name} is not a scan's" for entry in data for name in entry["different"]]
    return [
        "## Judging profiles",
        "`judge` of a file of profiles with two threads and the account table, and one scan of the log for comparison. Runs: "
        f"{len(data[0]['runs'])}. The bar is that all results are the scan's, to the byte.",
        table(["exchanges", "accounts", "file MB", *COSTS, "CPU ms an account", "x the scan's memory"], [[
            f"{entry['exchanges']:,}", f"{entry['accounts']:,}", f"{entry['bytes'] / 1e6:,.1f}", *costs(entry["runs"]),
            f"{median(entry['runs'], 'cpu') / entry['accounts'] * 1e3:.3f}",
            f"{max(run['peak_memory'] for run in entry['runs']) / entry['scan']['peak_memory']:.2f}",
        ] for entry in data], align="r" * 8),
    ], misses
