"""Detection speed beside the schemes' own detectors: one thread, CPU time, in turns."""

import array
import json
import math
import random
import statistics

from parts import Bar
from workbench import Failure, measure as run, say, table, take_turns

from . import answers, detector, environment, null
from .schemes import SCHEMES, SETTINGS, TITLES, VOCABULARY

LENGTH = 500
ROUNDS = 5
# Documents of a batch that ours scores, and those that theirs does.
OURS, OURS_SINGLE = 20_000, 5_000
# Green lists are made once for each token of the vocabulary, so that their cost a token is that of a large batch.
MANY = 100_000
SEED = 27
THEIRS = {"synthid": 200, "gumbel": 200, "kgw": 8, "sglang": 40}
THEIRS_SINGLE = {"synthid": 40, "gumbel": 200, "kgw": 8, "sglang": 40}
# How much faster ours is to be, on a batch and on single documents.
BARS = {"synthid": (20, 100), "gumbel": (20, None), "kgw": (1000, None)}
KINDS = {"batch": "batch", "single": "one document at a time"}


def documents(bench):
    """A function that gives a file of so many documents of one length, each from a random place of the real text."""
    folder, _ = null.documents(bench)
    tokens = array.array("I")
    with open(folder / "real.jsonl", encoding="utf-8") as lines:
        for line in lines:
            tokens.extend(json.loads(line)["tokens"])

    def part(number):
        file, source = bench.work / f"first-{number}.jsonl", random.Random(SEED)
        if not file.exists():
            with open(file, "w", encoding="utf-8") as out:
                for each in range(number):
                    start = source.randrange(len(tokens) - LENGTH)
                    document = {"id": f"d{each}", "tokens": tokens[start:start + LENGTH].tolist()}
                    out.write(json.dumps(document, separators=(",", ":")) + "\n")
        return file

    return part


def theirs(scheme, file, single, rounds=1):
    return answers.run("originals.py", {
        "wheels": str(environment.wheels()), "scheme": scheme, "setting": SETTINGS[scheme], "vocabulary": VOCABULARY,
        "file": str(file), "rounds": rounds, "single": single})


def agree(bench, name, file):
    """Fails unless ours scores the same positions as theirs and finds the same sum in them."""
    expected = theirs(name, file, True)["results"]
    found = detector.read(run(detector.command(bench, SCHEMES[name], [file], name, *STATISTIC.get(name, []))).output)
    for ours, other in zip(found, expected, strict=True):
        if ours["n"] != other["n"] or not math.isclose(ours["score"], other["score"], rel_tol=1e-6):
            raise Failure(f"{name}: document {ours['id']}: {ours} beside {other}")
    return len(found)


# What makes ours sum what theirs does.
STATISTIC = {"synthid": ["--detector", "mean"]}


def measure(bench):
    part = documents(bench)
    found = {"length": LENGTH, "rows": []}
    for name in THEIRS:
        count, single = MANY if name == "kgw" else OURS, OURS_SINGLE
        if bench.quick:
            count, single = count // 20, single // 20
        agreed = agree(bench, name, part(THEIRS[name]))
        say(f"watermark: {name}: {agreed} documents scored alike")

        def ours(files, name=name):
            return run(detector.command(bench, SCHEMES[name], files, name)).cpu

        commands = {
            "batch": lambda: ours([part(count)]) / (count * LENGTH),
            # One process scores one document after the other: what its start takes is taken off.
            "single": lambda: (ours([part(single)]) - ours([part(1)])) / ((single - 1) * LENGTH),
            "their batch": lambda: one(theirs(name, part(THEIRS[name]), False)),
            "their single": lambda: one(theirs(name, part(THEIRS_SINGLE[name]), True)),
        }
        if name == "kgw":
            # Its green lists are kept between documents; these are so few that most must be made.
            commands["few"] = lambda: (ours([part(8)]) - ours([part(1)])) / (7 * LENGTH)
        times = take_turns(f"watermark: {name}", commands, bench.options.rounds or ROUNDS)
        found["rows"].append({"scheme": name, "agreed": agreed, "documents": count, "seconds_per_token": times})
    return found


def one(result):
    return result["seconds"][0] / result["tokens"]


def ratios(row, kind):
    """How many times as fast ours is in each round."""
    times = row["seconds_per_token"]
    return [other / own for own, other in zip(times[kind], times[f"their {'single' if kind == 'few' else kind}"])]


def sections(data, folder):
    rows = []
    for row in data["rows"]:
        for kind, title in [*KINDS.items(), ("few", "8 documents, green lists not yet made")]:
            times = row["seconds_per_token"]
            if kind not in times:
                continue
            other = times[f"their {'single' if kind == 'few' else kind}"]
            values = ratios(row, kind)
            title = f"{row['documents']:,} documents" if kind == "batch" else title
            rows.append([
                TITLES[row["scheme"]], title, f"{1 / statistics.median(times[kind]):,.0f}",
                f"{1 / statistics.median(other):,.0f}", f"{statistics.median(values):,.0f} x",
                f"{min(values):,.0f} - {max(values):,.0f}", row["agreed"]])
    return ["\n\n".join([
        "## Detection speed",
        f"Documents of {data['length']} tokens from random places of real text, one thread, CPU time. Ours is the "
        "whole program: it starts, reads JSON, scores, computes p-values and writes JSON; for one document at a time "
        "its start is taken off. Theirs scores tokens that are in memory, fewer documents as it is slower. Green "
        "lists are made once for each token of the vocabulary, so that a large batch costs least. Both take turns; "
        "the ratio is the median over rounds, with the least and largest. Before the clock starts, ours must score "
        "the same positions as theirs and find the same sum (last column: documents so compared).",
        table(["scheme", "", "tokens/s, ours", "tokens/s, theirs", "ratio", "least - largest", "alike"], rows, "llrrrrr"),
    ])], []


def bars(data):
    found = []
    for row in data["rows"]:
        for kind, bar in zip(KINDS, BARS.get(row["scheme"], (None, None))):
            if bar:
                ratio = statistics.median(ratios(row, kind))
                times = row["seconds_per_token"]
                found.append(Bar(
                    f"{TITLES[row['scheme']]}: detection, {KINDS[kind]}, tokens/s", f">= {bar:,} x theirs",
                    f"{1 / statistics.median(times[kind]):,.0f} ({ratio:,.0f} x)",
                    f"{1 / statistics.median(times[f'their {kind}']):,.0f}", ratio >= bar))
    return found
