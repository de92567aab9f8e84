"""Speed and memory of a scan, beside counting lines and a plain parse of the same file."""

import statistics

from workbench import compiled_parse, measure, table, take_turns, verdict_line

# What a reader of a gigabyte may expect of two cores, in 10^6 bytes a second.
BAR = 100
EXCHANGES = 380_000


def run(bench):
    """Returns the bars that were missed."""
    exchanges, runs = (40_000, 3) if bench.quick else (EXCHANGES, 5)
    parse = compiled_parse(bench)
    world = bench.simulate("world", seed=1, exchanges=exchanges)
    log = world / "exchanges.jsonl"
    size = log.stat().st_size
    out = bench.work / "scan"

    def scan(threads):
        return [bench.binary, "scan", log, "--accounts", world / "accounts.csv", "--out", out, "--threads", threads]

    commands = {
        "`wc -l`": ["wc", "-l", log],
        "plain parse, 1 thread": [parse, log],
        "`stillwatch scan`, 1 thread": scan(1),
        "`stillwatch scan`, 2 threads": scan(2),
    }
    # The first round warms the page cache and does not count.
    found = take_turns(
        "throughput", {name: lambda words=words: measure(words) for name, words in commands.items()}, runs + 1)
    found = {name: results[1:] for name, results in found.items()}
    timings = bench.summary("scan")["timings"]
    bench.remove("world", "scan")
    memory = memory_by_exchanges(bench)

    wall = {name: statistics.median(result.wall for result in results) for name, results in found.items()}
    speed = size / wall["`stillwatch scan`, 2 threads"] / 1e6
    misses = [] if speed >= BAR else [f"a scan with two threads reads {speed:.0f} MB/s, not {BAR}"]
    rows = [[
        name, f"{wall[name]:.2f}", f"{statistics.median(result.cpu for result in results):.2f}",
        f"{size / wall[name] / 1e6:,.0f}",
        f"{wall[name] / wall['`wc -l`']:.1f}", f"{wall[name] / wall['plain parse, 1 thread']:.2f}",
        f"{max(result.peak_memory for result in results) / 1e6:.0f}",
    ] for name, results in found.items()]
    bench.write("Throughput", [
        f"A world of {size:,} bytes with {bench.prompts}, in the page cache. Medians of {runs} runs in turn after one "
        "round that does not count; memory is the largest of the runs. The machine is shared: the ratios, all of one "
        "run, say more than the seconds. A scan includes the SHA-256 of the file, judging and the report.",
        "## Bars",
        f"At least {BAR} MB/s with two threads.",
        verdict_line(misses),
        "## Speed",
        table(["", "seconds", "CPU seconds", "MB/s", "x `wc -l`", "x plain parse", "peak MB"], rows),
        "The last scan's own times: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in timings.items()) + ".",
        "The plain parse is `Benchmarks/baselines/parse.cpp`: simdjson's DOM parser, line by line.",
        "## Memory",
        "Worlds of 1,000 innocent accounts without campaigns: the same accounts make more exchanges.",
        memory,
    ])
    return misses


def memory_by_exchanges(bench):
    rows = []
    for exchanges in [20_000, 40_000, 80_000, 160_000]:
        world = bench.simulate("world", seed=2, accounts=1000, campaigns="none", exchanges=exchanges)
        size = (world / "exchanges.jsonl").stat().st_size
        result = bench.scan(world, "scan")
        counts = bench.summary("scan")["counts"]
        rows.append([f"{counts['exchanges']:,}", f"{counts['accounts']:,}", f"{size / 1e6:.0f}",
                     f"{result.peak_memory / 1e6:.0f}"])
        bench.remove("world", "scan")
    return table(["exchanges", "accounts", "log MB", "peak MB"], rows, align="rrrr")
