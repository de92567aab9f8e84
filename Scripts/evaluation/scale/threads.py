"""One thread against two."""

from workbench import median, table, take_turns

from . import world
from .scanning import COSTS, costs, scanned, timings


def measure(bench):
    with world.made(bench, world.seed_case(bench, 1 if bench.quick else world.PLAIN_SHARE)) as folder:
        world.warm(folder / "exchanges.jsonl")
        return take_turns(
            "scale: threads", {
                str(count): lambda count=count: scanned(bench, folder, "--threads", count) for count in (1, 2)},
            1 if bench.quick else bench.options.repeats)


def sections(data, _):
    one = data["1"]
    names = list(timings(one))
    rows = [[
        count, *costs(runs), f"{median(one, 'wall') / median(runs, 'wall'):.2f}",
        *(f"{timings(one)[name] / max(timings(runs)[name], 1e-3):.2f}" for name in names),
    ] for count, runs in data.items()]
    return [
        "## One thread and two",
        f"Scans of a tenth of the seed case. Rounds: {len(one)}.",
        table(["threads", *COSTS, "times as fast", *(f"{name}: times as fast" for name in names)], rows),
    ], []
