"""Everything about verdicts: parts that are measured one by one and kept, and one results file over all of them."""

import datetime
import hashlib
import json
import time

import ablations
import adaptive
import baselines
import bounds
import classes
import flags
import large
import power
import reference
import size
import windows
import worlds
from workbench import Failure, elapsed, machine, say, verdict_line

# In the order of the results file.
PARTS = {
    "worlds": worlds,
    "flags": flags,
    "large": large,
    "bounds": bounds,
    "classes": classes,
    "reference": reference,
    "size": size,
    "baselines": baselines,
    "windows": windows,
    "ablations": ablations,
    "adaptive": adaptive,
    "power": power,
}


def run(bench):
    """Measures the parts asked for and returns the bars that any part misses."""
    folder = bench.options.results / "detection"
    folder.mkdir(exist_ok=True)
    names = list(PARTS) if bench.options.parts is None else bench.options.parts
    for name in names:
        if name not in PARTS:
            raise Failure(f"no part '{name}'; known are {', '.join(PARTS)}")
    misses = []
    for name in names:
        started = time.monotonic()
        record = {
            "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
            "program": hashlib.sha256(bench.binary.read_bytes()).hexdigest()[:16],
            "machine": machine(),
            "quick": bench.quick,
        }
        data = PARTS[name].measure(bench)
        record["seconds"] = round(time.monotonic() - started)
        record["data"] = data
        text = json.dumps(record, indent=1, sort_keys=False, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        say(f"detection: {name} measured, {elapsed(started)}")
        misses = write(bench, folder)
    return misses


def write(bench, folder):
    """Writes the results file from all parts that were ever measured."""
    blocks, misses, facts = [], [], []
    for name, part in PARTS.items():
        file = folder / f"{name}.json"
        if not file.exists():
            facts.append(f"- `{name}`: not measured yet")
            continue
        record = json.loads(file.read_text(encoding="utf-8"))
        quick = ", `--quick`" if record["quick"] else ""
        facts.append(
            f"- `{name}`: {record['date']}, program {record['program']}, {record['seconds']} s on {record['machine']}{quick}")
        section, missed = part.sections(record["data"], folder)
        blocks += section
        misses += [f"{name}: {miss}" for miss in missed]
    bench.write("Detection", [
        "Each part is kept in `detection/` when it was measured; `--parts` measures some of them again.",
        "\n".join(facts),
        "## Bars",
        verdict_line(misses),
        *blocks,
        worlds.NOTES,
    ])
    return misses
