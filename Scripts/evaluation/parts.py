"""Measurements that consist of parts, each measured by itself and kept, with one results file over all of them."""

import datetime
import json
import time

from workbench import Failure, elapsed, machine, say, verdict_line


def run(bench, title, parts, notes=(), dated=True):
    """Measures the parts asked for and returns the bars that any part misses.

    A part is a module: `measure(bench)` gives what is kept, as JSON, in a folder beside the results file;
    `sections(data, folder)` makes Markdown blocks and the bars missed of it.
    """
    folder = bench.options.results / bench.name
    folder.mkdir(exist_ok=True)
    names = list(parts) if bench.options.parts is None else bench.options.parts
    for name in names:
        if name not in parts:
            raise Failure(f"no part '{name}'; known are {', '.join(parts)}")
    misses = []
    for name in names:
        started = time.monotonic()
        record = {"date": datetime.datetime.now(datetime.timezone.utc).date().isoformat()} if dated else {}
        record |= {
            "program": bench.digest()[:16], "commit": bench.commit(), "machine": machine(), "quick": bench.quick}
        data = parts[name].measure(bench)
        record["seconds"] = round(time.monotonic() - started)
        record["data"] = data
        text = json.dumps(record, indent=1, sort_keys=False, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        say(f"{bench.name}: {name} measured, {elapsed(started)}")
        misses = write(bench, title, parts, notes, dated)
    return misses


def write(bench, title, parts, notes, dated):
    """Writes the results file from all parts that were ever measured."""
    folder = bench.options.results / bench.name
    blocks, misses, facts = [], [], []
    for name, part in parts.items():
        file = folder / f"{name}.json"
        if not file.exists():
            facts.append(f"- `{name}`: not measured yet")
            continue
        record = json.loads(file.read_text(encoding="utf-8"))
        program = f"program {record['program']}" + (f" of commit {record['commit']}" if "commit" in record else "")
        known = [record["date"], program] if dated else [program]
        facts.append(
            f"- `{name}`: {', '.join(known)}, {record['seconds']} s on {record['machine']}"
            + (", `--quick`" if record["quick"] else ""))
        section, missed = part.sections(record["data"], folder)
        blocks += section
        misses += [f"{name}: {miss}" for miss in missed]
    bench.write(title, [
        f"Each part is kept in `{bench.name}/` when it was measured; `--parts` measures some of them again.",
        "\n".join(facts),
        "## Bars",
        verdict_line(misses),
        *blocks,
        *notes,
    ], dated=dated)
    return misses
