"""A mark for a model that is not hosted here: several answers are drawn, and the one with the best keyed score is taken."""

import json
import math
import pathlib
import random
import statistics

import plots
from workbench import measure as measure_run, say, table

from . import answers, detector, environment, power, schemes

PROMPTS, CANDIDATES = 32, 16
LENGTHS = (50, 100, 200)
TEMPERATURES = (1.0, 0.7)
ROWS = 64
SEED = 24
# Candidates to choose from, answers that are scored as one text, and keys.
DRAWN = (1, 2, 4, 8, 16)
POOLS = (1, 2, 4, 8, 16, 32)
KEYS = 10


def plan(bench):
    """The batches of candidates, as `generate.py` takes them."""
    texts, place, batches = answers.prompts(bench.options.corpus), answers.folder(bench), []
    count = 2 if bench.quick else PROMPTS
    for temperature in TEMPERATURES:
        asked = [{"id": f"p{prompt}-c{candidate}", "text": texts[prompt]}
                 for prompt in range(count) for candidate in range(CANDIDATES)]
        for start in range(0, len(asked), ROWS):
            batches.append({
                "file": str(place / f"candidates-{temperature}-{start}.jsonl"), "scheme": "unmarked", "temperature": temperature,
                "top_k": answers.TOP_K, "tokens": max(LENGTHS), "cuts": LENGTHS, "prompts": asked[start:start + ROWS]})
    return {"wheels": "", "seed": SEED, "batches": batches}


def draws(bench):
    """Candidates by temperature: for each prompt a list of texts by length."""
    settings, found = plan(bench), {}
    if any(not pathlib.Path(batch["file"]).exists() for batch in settings["batches"]):
        say("watermark: drawing candidates")
        answers.run("generate.py", settings | {"wheels": str(environment.wheels())})
    for batch in settings["batches"]:
        with open(batch["file"], encoding="utf-8") as lines:
            for record in map(json.loads, lines):
                prompt = record["id"].split("-")[0]
                found.setdefault(batch["temperature"], {}).setdefault(prompt, []).append(record["texts"])
    return {temperature: list(prompts.values()) for temperature, prompts in found.items()}


def choose(bench, scheme, lists):
    """Which candidate of each list the program takes."""
    file = bench.work / "lists.jsonl"
    file.write_text("".join(
        json.dumps({"id": str(number), "candidates": texts}) + "\n" for number, texts in enumerate(lists)), encoding="utf-8")
    manifest, keys = schemes.write(scheme, bench.work, "candidates")
    return [each["chosen"] for each in detector.read(
        measure_run([bench.binary, "watermark", "choose", "--manifest", manifest, "--keys", keys, file]).output)]


def score(bench, scheme, texts):
    """log10 p of texts."""
    file = bench.work / "texts.jsonl"
    file.write_text(
        "".join(json.dumps({"id": str(number), "text": text}) + "\n" for number, text in enumerate(texts)), encoding="utf-8")
    return [each["log10_p"] for each in detector.detect(bench, scheme, [file], "candidates")]


def measure(bench):
    source, rows = random.Random(SEED), []
    keys = [schemes.CANDIDATES.with_keys(source) for _ in range(3 if bench.quick else KEYS)]
    for temperature, prompts in draws(bench).items():
        for length in LENGTHS:
            for count in DRAWN:
                lists = [[texts[str(length)] for texts in drawn[:count]] for drawn in prompts]
                by_pool = {size: [] for size in POOLS if size <= len(prompts)}
                ranks = []
                for scheme in keys:
                    indices = choose(bench, scheme, lists) if count > 1 else [0] * len(lists)
                    ranks += indices
                    texts = [drawn[index] for drawn, index in zip(lists, indices)]
                    pools = [(size, "\n".join(texts[start:start + size]))
                             for size in by_pool for start in range(0, len(texts) - size + 1, size)]
                    for (size, _), value in zip(pools, score(bench, scheme, [text for _, text in pools])):
                        by_pool[size].append(value)
                for size, values in by_pool.items():
                    rows.append({
                        "temperature": temperature, "length": length, "drawn": count, "pool": size, "pools": len(values),
                        "known": sum(value <= math.log10(power.LEVEL) for value in values),
                        "log10_p": round(statistics.median(values), 2)})
                rows[-1]["first"] = sum(index == 0 for index in ranks) / len(ranks)
        say(f"watermark: candidates at {temperature}")
    return {"rows": rows, "keys": len(keys), "prompts": len(prompts)}


def sections(data, folder):
    rows, lines, files = data["rows"], [], []
    for temperature in sorted({row["temperature"] for row in rows}, reverse=True):
        for length in LENGTHS:
            for count in DRAWN:
                chosen = [row for row in rows
                          if (row["temperature"], row["length"], row["drawn"]) == (temperature, length, count)]
                lines.append([temperature, length, count, *(
                    f"{row['known'] / row['pools']:.0%} ({row['log10_p']:.1f})" for row in chosen)])
        file = f"candidates-{temperature}.svg"
        series = {f"best of {count}": [
            (row["pool"], row["known"] / row["pools"]) for row in rows
            if (row["temperature"], row["length"], row["drawn"]) == (temperature, max(LENGTHS), count)] for count in DRAWN}
        plots.line_plot(
            folder / file, f"Known at p <= 1e-6, answers of {max(LENGTHS)} tokens, temperature {temperature}",
            "answers scored as one text", "share", series, logarithmic=True)
        files.append(file)
    pools = sorted({row["pool"] for row in rows})
    return ["\n\n".join([
        "## A mark without the model's numbers",
        "Of m answers that SmolLM2 draws to a prompt, the one with the best keyed score is taken (`stillwatch "
        f"watermark choose`), so that an answer costs m. {data['prompts']} prompts under each of {data['keys']} keys; "
        "several answers are scored as one text: the share known at p <= 1e-6, and the median log10 p. One answer is "
        "never enough: its p-value is near 1/(m + 1). m = 1 is no mark.",
        table(["temperature", "tokens", "m", *(f"{size} answers" if size > 1 else "1 answer" for size in pools)], lines,
              "rrr" + "r" * len(pools)),
        *(f"![{file}]({folder.name}/{file})" for file in files),
    ])], []
