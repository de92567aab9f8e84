"""Scans with a state that are killed and resumed: do they come to the results of one that was left alone?"""

import random
import shutil
import signal
import subprocess
import time

from workbench import Failure, measure as run_program, recorded, say, table

from . import world
from .scanning import COSTS, costs, different, results, scanned

SHARE = 1 / 30
TRIALS, QUICK_TRIALS = 10, 2
SEED = 17
# Draws of a moment until a kill comes before the end.
DRAWS = 20


def measure(bench):
    generator = random.Random(SEED)
    kills = QUICK_TRIALS if bench.quick else TRIALS
    with world.made(bench, world.seed_case(bench, 1 if bench.quick else SHARE)) as folder:
        world.warm(folder / "exchanges.jsonl")
        plain = scanned(bench, folder)
        wanted = results(bench.work / "scan")
        state, out = bench.work / "state", bench.work / "resumed"
        undisturbed = finish(bench, folder, state, out)
        trials = []
        for number in range(kills):
            trials.append(trial(bench, folder, 1, undisturbed["wall"], generator))
            trials[-1]["different"] = different(wanted, results(out))
            say(f"scale: kill {number + 1} of {kills}, differing: {trials[-1]['different'] or 'nothing'}")
        many = trial(bench, folder, kills, undisturbed["wall"] / kills, generator)
        many["different"] = different(wanted, results(out))
        data = {"plain": plain, "undisturbed": undisturbed, "trials": trials, "many": many}
        bench.remove("scan", "state", "resumed")
    return data


def command(bench, folder, state, out):
    return [
        bench.binary, "scan", folder / "exchanges.jsonl", "--accounts", folder / "accounts.csv", "--state", state,
        "--out", out]


def finish(bench, folder, state, out):
    """Scans with a state to the end; the state is gone afterwards."""
    run = run_program(command(bench, folder, state, out))
    shutil.rmtree(state, ignore_errors=True)
    return recorded(run)


def trial(bench, folder, kills, longest, generator):
    """A scan that is killed so many times, each time within so many seconds of its start, and then left alone."""
    state, out = bench.work / "state", bench.work / "resumed"
    moments = []
    for _ in range(kills * DRAWS):
        if not moments:
            for old in (state, out):
                shutil.rmtree(old, ignore_errors=True)
        moment = generator.uniform(0, longest)
        if not killed_at(moment, command(bench, folder, state, out)):
            # It came to its end first, so there is nothing left to be killed.
            moments = []
            continue
        moments.append(round(moment, 3))
        if len(moments) == kills:
            return {"moments": moments, "resumed": finish(bench, folder, state, out)}
    raise Failure(f"the scan ended before it could be killed {kills} times")


def killed_at(moment, words):
    """Whether a process could be killed that many seconds after its start."""
    process = subprocess.Popen(
        list(map(str, words)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    status = process.wait()
    if status not in (0, -signal.SIGKILL):
        raise Failure(f"'scan --state' ended with status {status}")
    return status != 0


def sections(data, _):
    trials, many = data["trials"], data["many"]
    misses = [
        f"killed after {', '.join(map(str, one['moments']))} s: {', '.join(one['different'])} differ from a scan left alone"
        for one in [*trials, many] if one["different"]]
    rows = [["scan", "-", *costs([data["plain"]])], ["scan with a state", "-", *costs([data["undisturbed"]])]]
    for one in [*trials, many]:
        kills = len(one["moments"])
        rows.append([
            f"killed {f'{kills} times' if kills > 1 else 'once'} and resumed",
            ", ".join(f"{moment:.1f}" for moment in one["moments"]), *costs([one["resumed"]])])
    return [
        "## Killed and resumed",
        f"`scan --state` of {data['plain']['exchanges']:,} exchanges, killed with SIGKILL at random moments (seed {SEED}) and "
        "started again. The bar is that `verdicts.jsonl`, `campaigns.jsonl` and `report.html` are those of a scan without "
        "state to the byte, and `summary.json` but for its timings.",
        table(["", "killed after, s", *COSTS], rows),
        "The last columns are of the run that came to the end.",
    ], misses
