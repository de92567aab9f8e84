"""False positives: how often text without a mark has a p-value as small as it says."""

import json
import math
import random
import statistics

from parts import Bar
from workbench import Failure, say, table

from . import answers, chances, detector
from .schemes import SCHEMES, TITLES

COUNT = 100_000
SHORTEST, LONGEST = 50, 1000
LEVELS = (1e-2, 1e-3, 1e-4)
BLOCK = 1000
SEED = 21
KINDS = {
    "random": "random tokens", "permuted": "real text, ids exchanged", "own": "real text of its own", "real": "all real text"}
KEYS = {"fixed": "published", "fresh": "fresh"}
# What is measured of each kind. Of all real text under one key no number is expected: its documents have phrases in common,
# whose scores are the same in all of them.
WITH = {"random": ("fixed", "fresh"), "permuted": ("fixed",), "own": ("fixed",), "real": ("fixed", "fresh")}
BARRED = {("random", "fixed"), ("random", "fresh"), ("permuted", "fixed"), ("own", "fixed"), ("real", "fresh")}
# Here each position has a green list of its own, and fewer documents are scored.
SLOW, FEW = {"kgw_selfhash"}, 20_000
# Green lists are drawn by one pair of tokens at most, and any two real texts have pairs in common.
PAIRS = {"kgw", "kgw_selfhash"}
# Deviations of a normal number that 99 % lie within.
WITHIN = 2.576


def documents(bench):
    """The folder of the documents that `documents.py` writes, made now where they are not there, and how many there are."""
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
    """Many blocks' tallies as one, with the deviation of the sum at each level as the blocks show it."""
    levels = range(len(LEVELS))
    columns = [[each["below"][index] for each in tallies] for index in levels]
    return {
        "documents": sum(each["documents"] for each in tallies),
        "tokens": sum(each["tokens"] for each in tallies),
        "below": [sum(column) for column in columns],
        "attainable": [sum(each["attainable"][index] for each in tallies) for index in levels],
        "deviation": [round(statistics.stdev(column) * len(column) ** 0.5, 2) if len(column) > 1 else 0 for column in columns],
    }


def measure(bench):
    folder, facts = documents(bench)
    found = {"facts": facts, "rows": []}
    for name, scheme in SCHEMES.items():
        for kind, kinds_of_keys in WITH.items():
            file = folder / f"{kind}.jsonl"
            if name in SLOW:
                file = next(blocks(bench, file, FEW)).rename(bench.work / "few.jsonl")
            records = detector.detect(bench, scheme, [file], name)
            found["rows"].append({"scheme": name, "kind": kind, "keys": "fixed"} | tally(scheme, records))
            if "fresh" in kinds_of_keys:
                source, tallies = random.Random(f"{SEED} {name} {kind}"), []
                for block in blocks(bench, file, BLOCK):
                    fresh = scheme.with_keys(source)
                    tallies.append(tally(fresh, detector.detect(bench, fresh, [block], "block")))
                    block.unlink()
                found["rows"].append(
                    {"scheme": name, "kind": kind, "keys": "fresh", "blocks": len(tallies)} | add(tallies))
        say(f"watermark: null of {name}")
    return found


def limits(row):
    """At each level: how many were below it, and between which numbers 99 % of such counts lie.

    Documents under one key that share phrases are not independent: with fresh keys for each block the blocks are, and their
    own deviation counts where it is larger than the binomial one.
    """
    deviations = row.get("deviation") if row["kind"] == "real" else None
    for index, (below, attainable) in enumerate(zip(row["below"], row["attainable"])):
        low, high = chances.band(row["documents"], attainable / row["documents"])
        if deviations:
            low = min(low, max(0, math.ceil(attainable - WITHIN * deviations[index])))
            high = max(high, math.floor(attainable + WITHIN * deviations[index]))
        yield below, low, high


def is_barred(row):
    """Whether the row's documents are independent, so that its numbers must be inside."""
    return (row["kind"], row["keys"]) in BARRED and not (row["kind"] == "own" and row["scheme"] in PAIRS)


def sections(data, folder):
    rows = []
    for row in data["rows"]:
        cells = []
        for below, low, high in limits(row):
            inside = low <= below <= high
            cells.append(f"{below} ({low} - {high})" + ("" if inside else " **out**" if is_barred(row) else " out"))
        rows.append([TITLES[row["scheme"]], KINDS[row["kind"]], KEYS[row["keys"]], f"{row['documents']:,}", *cells])
    facts = data["facts"]
    return ["\n\n".join([
        "## Text without a mark",
        "Documents with a p-value at or below each level, and between which numbers 99 % of such counts lie if "
        f"p-values are what they say. {facts['real']:,} documents are cut from {facts['tokens']:,} tokens of public "
        f"prompts and answers, none twice; lengths are {SHORTEST} to {LONGEST} tokens, with a density in proportion to "
        "1/length^2, so that there are many. Keys are those of the schemes' published examples, or fresh ones for "
        f"every {BLOCK:,} documents.",
        "A p-value is a probability over keys. Documents that share phrases share those phrases' scores under one "
        "key, and the corpus is full of templates: over all real text under one key counts stray to either side, "
        f"which is shown and is no bar. What is independent must be inside: the {facts['own']:,} documents of which at "
        "most 5 % of the windows of five tokens come in an earlier one (not for green lists, which depend on pairs of "
        "tokens); all documents with token ids exchanged by a permutation of each document's own, which keeps a "
        "document's repetitions; random tokens; and fresh keys, for whose blocks the deviation is that between "
        "blocks. Green lists count, so that their p-values take few values, and their numbers are about what an exact "
        "test attains with them.",
        table(["scheme", "text", "keys", "documents", *(f"p <= {level:g}" for level in LEVELS)], rows, "lllrrrr"),
    ])], []


def bars(data):
    found = []
    for name in SCHEMES:
        rows = [row for row in data["rows"] if row["scheme"] == name and is_barred(row)]
        results = [low <= below <= high for row in rows for below, low, high in limits(row)]
        if results:
            # Each is inside with a chance of 99 %: so many are, but once in two hundred times.
            least = chances.band(len(results), 0.99)[0]
            found.append(Bar(
                f"{TITLES[name]}: false positives within the 99 % band", f">= {least} of {len(results)}",
                f"{sum(results)}", "", sum(results) >= least))
    return found
