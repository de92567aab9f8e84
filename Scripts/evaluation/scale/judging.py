"""Profiles on disk: their size, what making and judging them costs, and whether the verdicts are a scan's."""

from workbench import measure as run_program, median, recorded, say, table

from . import world
from .growth import ACCOUNT_SHARES, QUIET_RATE
from .scanning import COSTS, RESULTS, costs, different, results, scanned

ROUNDS = 3


def measure(bench):
    seed_case = world.seed_case(bench, packed=True)
    specs = [*(world.seed_case(bench, share, QUIET_RATE, packed=True) for share in ACCOUNT_SHARES), seed_case]
    return [one_world(bench, spec, keep=spec == seed_case) for spec in specs]


def one_world(bench, spec, keep):
    rounds = 1 if bench.quick else min(ROUNDS, bench.options.repeats)
    file = bench.work / "profiles"
    with world.made(bench, spec, keep) as folder:
        log = world.log_of(folder)
        world.warm(log)
        made = recorded(run_program([bench.binary, "profile", log, "--threads", 2, "--out", file]))
        runs = [recorded(run_program([
            bench.binary, "judge", file, "--threads", 2, "--out", bench.work / "judged"])) for _ in range(rounds)]
        scan = scanned(bench, folder, "--threads", 2, log=log, facts=False)
    data = {
        "accounts": scan["accounts"], "exchanges": scan["exchanges"], "bytes": file.stat().st_size, "profile": made,
        "runs": runs, "scan": scan,
        "different": different(*(results(bench.work / name, RESULTS) for name in ("scan", "judged")))}
    file.unlink()
    bench.remove("judged", "scan")
    say(f"scale: judging {scan['accounts']:,} accounts took {median(runs, 'wall'):.1f} s")
    return data


def sections(data, _):
    def rows(cells):
        return [[f"{entry['exchanges']:,}", f"{entry['accounts']:,}", *cells(entry)] for entry in data]

    misses = [
        f"{entry['accounts']:,} accounts: {', '.join(entry['different'])} differ from a scan's"
        for entry in data if entry["different"]]
    first = ["exchanges", "accounts"]
    return [
        "## Profiles on disk",
        "What `profile` writes of a log with two threads; one run each.",
        table([*first, *COSTS, "file MB", "bytes an account"], rows(lambda entry: [
            *costs([entry["profile"]]), f"{entry['bytes'] / 1e6:,.1f}", f"{entry['bytes'] / entry['accounts']:,.0f}",
        ]), align="r" * 7),
        "### Judging them",
        f"`judge` of that file with two threads and the account table. Runs: {len(data[0]['runs'])}; one scan of the log for "
        f"comparison. The bar is that `{'`, `'.join(RESULTS)}` are the scan's, to the byte.",
        table([*first, *COSTS, "CPU ms an account", "x the scan's memory"], rows(lambda entry: [
            *costs(entry["runs"]), f"{median(entry['runs'], 'cpu') / entry['accounts'] * 1e3:.3f}",
            f"{max(run['peak_memory'] for run in entry['runs']) / entry['scan']['peak_memory']:.2f}",
        ]), align="r" * 7),
    ], misses
