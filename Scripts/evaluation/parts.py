"""Measurements that consist of parts, each measured by itself and kept, with one results file over all of them."""

import dataclasses
import datetime
import json
import time

from workbench import Failure, elapsed, machine, say, table, verdict_line


@dataclasses.dataclass(frozen=True)
class Bar:
    """One row of the table of bars. `beside` is the same of what it is compared with, as far as there is any."""

    what: str
    bar: str
    ours: str
    beside: str
    is_met: bool

    @property
    def miss(self):
        return f"{self.what}: {self.ours}, bar {self.bar}"


def run(bench, title, parts, notes=(), dated=True):
    """Measures the parts asked for and returns the bars that any part misses.

    A part is a module: `measure(bench)` gives what is kept, as JSON, in a folder beside the results file;
    `sections(data, folder)` makes Markdown blocks and the bars missed of it. A part may have `bars(data)` besides, each a
    `Bar`, for a table at the head.
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
    blocks, misses, facts, bars = [], [], [], []
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
        if hasattr(part, "bars"):
            found = part.bars(record["data"])
            bars += [[f"`{name}`", bar.what, bar.bar, bar.ours, bar.beside, "" if bar.is_met else "**missed**"]
                     for bar in found]
            missed = missed + [bar.miss for bar in found if not bar.is_met]
        misses += [f"{name}: {miss}" for miss in missed]
    tables = [table(["part", "what", "bar", "ours", bench.beside, ""], bars, "lllrrl")] if bars else []
    bench.write(title, [
        f"Each part is kept in `{bench.name}/` when it was measured; `--parts` measures some of them again.",
        "\n".join(facts),
        "## Bars",
        verdict_line(misses),
        *tables,
        *blocks,
        *notes,
    ], dated=dated)
    return misses
