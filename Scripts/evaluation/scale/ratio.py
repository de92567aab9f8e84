"""A scan's CPU seconds beside the least that reading such a log costs, and beside profiles made in Python."""

from workbench import compiled_parse, measure as run_program, median, recorded, table, take_turns

from . import world
from .baselines import FOLDER, baseline, beginning, python
from .scanning import COSTS, costs, scanned

# Leaves out the SHA-256 of the input, where the program offers it.
DIGEST_FREE = "no-digest"
FIRST = 1_000_000


def measure(bench):
    rounds = 1 if bench.quick else bench.options.repeats
    first = FIRST // 50 if bench.quick else FIRST
    parse = compiled_parse(bench)
    interpreter = python()
    with world.made(bench, world.seed_case(bench, 1 if bench.quick else world.PLAIN_SHARE)) as folder:
        log = folder / "exchanges.jsonl"
        world.warm(log)
        commands = {
            "plain parse": lambda: baseline([parse, log]),
            "scan": lambda: scanned(bench, folder, "--threads", 2)}
        if bench.knows("scan", DIGEST_FREE):
            commands["scan without digest"] = lambda: scanned(bench, folder, "--threads", 2, f"--{DIGEST_FREE}")
        data = {"whole": take_turns("scale: ratio", commands, rounds)}

        part = beginning(log, first, bench.work / "first" / "exchanges.jsonl")
        (part.parent / "accounts.csv").symlink_to((folder / "accounts.csv").resolve())
        commands = {
            "plain parse": lambda: baseline([parse, part]),
            "profiles in Python": lambda: baseline([interpreter, "-B", FOLDER / "profiles.py", part]),
            "scan": lambda: scanned(bench, part.parent, "--threads", 1)}
        if bench.knows("profile", "out"):
            commands["profile"] = lambda: recorded(run_program(
                [bench.binary, "profile", part, "--threads", 1, "--out", bench.work / "first.profiles"]))
        data["first"] = take_turns("scale: ratio of the first exchanges", commands, rounds)
        bench.remove("first")
    return data


def sections(data, _):
    whole, first = data["whole"], data["first"]
    count = first["plain parse"][0]["exchanges"]
    return [
        "## Beside a plain parse",
        f"A tenth of the seed case, a scan with two threads, the parse with one. Rounds: {len(whole['scan'])}.",
        compared(whole, whole["plain parse"][0]["exchanges"]),
        "The plain parse is `Benchmarks/baselines/parse.cpp`: simdjson's DOM parser by line, all text unescaped.",
        "## Beside profiles made in Python",
        f"The first {count:,} exchanges, one thread each. Rounds: {len(first['scan'])}.",
        compared(first, count),
        "`Benchmarks/baselines/profiles.py` makes account profiles from the fastest public parts known: msgspec, google-re2, "
        "rensa and numpy. It does less than `profile`: no digest, no sample of exchanges, half of the sketches. Imports are "
        "not counted.",
    ], []


def compared(found, exchanges):
    parse = median(found["plain parse"], "cpu")
    return table(["", *COSTS, "CPU us an exchange", "x plain parse"], [[
        name, *costs(runs), f"{median(runs, 'cpu') / exchanges * 1e6:.2f}", f"{median(runs, 'cpu') / parse:.1f}",
    ] for name, runs in found.items()])
