"""False positives: how often text without a mark has a p-value as small as it says."""

import json
import random

from parts import Bar
from workbench import Failure, say, table

from . import answers, chances, detector, environment
from .schemes import SCHEMES, TITLES

COUNT = 100_000
SHORTEST, LONGEST = 50, 1000
LEVELS = (1e-2, 1e-3, 1e-4)
BLOCK = 1000
SEED = 21
KINDS = {"real": "real text", "random": "random tokens"}
KEYS = {"fixed": "published", "fresh": "fresh"}
# Green lists of these schemes are of the token itself as well, so that each position needs a list of its own.
SLOW = {"kgw_selfhash"}


def documents(bench):
    """The folder of real.jsonl and random.jsonl, made now where they are not there, and how many there are."""
    folder = answers.place(bench, "documents")
    facts = folder / "facts.json"
    count = COUNT // 50 if bench.quick else COUNT
    if facts.exists() and json.loads(facts.read_text())["count"] == count:
        return folder, json.loads(facts.read_text())
    if not bench.options.corpus:
        raise Failure("the documents need text: --corpus DIR")
    say("watermark: cutting documents")
    plan = {"corpus": str(bench.options.corpus), "folder": str(folder), "seed": SEED, "count": count,
            "shortest": SHORTEST, "longest": LONGEST}
    found = answers.run("documents.py", plan) | {"count": count}
    facts.write_text(json.dumps(found))
    return folder, found


def blocks(bench, file, count):
    """The file in pieces of `count` lines."""
    with open(file, encoding="utf-8") as lines:
        part, number = [], 0
        for line in lines:
            part.append(line)
            if len(part) == count:
                yield write(bench, number, part)
                part, number = [], number + 1
        if part:
            yield write(bench, number, part)


def write(bench, number, lines):
    file = bench.work / f"block-{number}.jsonl"
    file.write_text("".join(lines), encoding="utf-8")
    return file


def tally(scheme, records):
    """What is kept of many documents' records: how many, and at each level how many were below it and how many an exact
    test lets be below it."""
    found = {"documents": len(records), "tokens": sum(record["n"] for record in records), "below": [], "attainable": []}
    for level in LEVELS:
        found["below"].append(sum(record["p_value"] <= level for record in records))
        if scheme.name.startswith("kgw"):
            gamma = scheme.fields["gamma"]
            found["attainable"].append(sum(chances.attainable(record["n"], gamma, level) for record in records))
        else:
            found["attainable"].append(level * len(records))
    return found


def add(tallies):
    return {
        "documents": sum(each["documents"] for each in tallies),
        "tokens": sum(each["tokens"] for each in tallies),
        "below": [sum(each["below"][index] for each in tallies) for index in range(len(LEVELS))],
        "attainable": [sum(each["attainable"][index] for each in tallies) for index in range(len(LEVELS))],
    }


def measure(bench):
    folder, facts = documents(bench)
    found = {"facts": facts, "rows": []}
    for name, scheme in SCHEMES.items():
        for kind in KINDS:
            file = folder / f"{kind}.jsonl"
            records = detector.detect(bench, scheme, [file], name)
            found["rows"].append({"scheme": name, "kind": kind, "keys": "fixed"} | tally(scheme, records))
            source = random.Random(f"{SEED} {name} {kind}")
            tallies = []
            for block in blocks(bench, file, BLOCK):
                fresh = scheme.with_keys(source)
                tallies.append(tally(fresh, detector.detect(bench, fresh, [block], "block")))
                block.unlink()
            found["rows"].append({"scheme": name, "kind": kind, "keys": "fresh", "blocks": len(tallies)} | add(tallies))
            say(f"watermark: null of {name}, {KINDS[kind]}")
    return found


def shares(row):
    """Of each level: the observed rate, the bounds of its band, and whether it is inside."""
    for level, below, attainable in zip(LEVELS, row["below"], row["attainable"]):
        low, high = chances.band(row["documents"], attainable / row["documents"])
        yield level, below, low, high, low <= below <= high


def sections(data, folder):
    rows = []
    for row in data["rows"]:
        cells = []
        for level, below, low, high, inside in shares(row):
            cells.append(f"{below} ({low} - {high})" + ("" if inside else " **out**"))
        rows.append([TITLES[row["scheme"]], KINDS[row["kind"]], KEYS[row["keys"]], f"{row['documents']:,}", *cells])
    facts = data["facts"]
    return ["\n\n".join([
        "## Text without a mark",
        "Documents with a p-value at or below each level, and between which numbers 99 % of an exact test's would be. "
        f"The {facts['real']:,} documents of real text are cut from {facts['tokens']:,} tokens of prompts and answers, none twice; "
        f"lengths are {SHORTEST} to {LONGEST} tokens, with a density in proportion to 1/length^2, so that there are many. "
        f"Keys are those of the schemes' published examples, or fresh ones for every {BLOCK:,} documents. Green lists count, so "
        "that their p-values take few values, and the band is about what an exact test attains with them.",
        table(["scheme", "text", "keys", "documents", *(f"p <= {level:g}" for level in LEVELS)], rows, "lllrrrr"),
    ])], []


def bars(data):
    found = []
    for name in SCHEMES:
        rows = [row for row in data["rows"] if row["scheme"] == name]
        results = [inside for row in rows for *_, inside in shares(row)]
        if results:
            found.append(Bar(
                f"{TITLES[name]}: false positives at 1e-2, 1e-3, 1e-4", "all within the 99 % band",
                f"{sum(results)} of {len(results)}", "", all(results)))
    return found
