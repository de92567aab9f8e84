"""The size of profiles on disk, and what making them costs."""

from workbench import measure as run_program, recorded, table

from . import world
from .growth import ACCOUNT_SHARES, QUIET_RATE
from .scanning import COSTS, costs


def specs(bench):
    """The worlds of few exchanges an account, and the seed case."""
    return [*(world.seed_case(bench, share, QUIET_RATE) for share in ACCOUNT_SHARES), world.seed_case(bench)]


def profiled(bench, folder):
    """Makes the profiles of a world's log; gives the file and the figures of the run."""
    out = bench.work / "profiles"
    run = run_program([bench.binary, "profile", folder / "exchanges.jsonl", "--threads", 2, "--out", out])
    return out, {**recorded(run), "bytes": out.stat().st_size}


def measure(bench):
    data = []
    for spec in specs(bench):
        with world.made(bench, spec, keep=spec == world.seed_case(bench)) as folder:
            world.warm(folder / "exchanges.jsonl")
            file, run = profiled(bench, folder)
            file.unlink()
            data.append({"accounts": spec.accounts, "exchanges": spec.exchanges, "run": run})
    return data


def sections(data, _):
    return [
        "## Profiles",
        "What `profile` writes of a log with two threads; one run each.",
        table(["exchanges", "accounts", *COSTS, "file MB", "bytes an account"], [[
            f"{entry['exchanges']:,}", f"{entry['accounts']:,}", *costs([entry["run"]]),
            f"{entry['run']['bytes'] / 1e6:,.1f}", f"{entry['run']['bytes'] / entry['accounts']:,.0f}",
        ] for entry in data], align="r" * 7),
    ], []
