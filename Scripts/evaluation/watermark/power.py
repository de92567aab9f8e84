"""Power: how often a marked answer of a real model is known by its mark, by length and temperature."""

import math
import statistics

import plots
from parts import Bar
from workbench import say, table

from . import answers, chances, detector, environment
from .schemes import SCHEMES, SETTINGS, SHORT, TITLES, VOCABULARY

LENGTHS = (50, 100, 200, 500)
# More lengths for the plot of p-values.
STEPS = (10, 20, 30, 50, 70, 100, 150, 200, 300, 500)
LEVEL = 1e-6
# The level at which "tokens needed" are published.
NEEDED = 0.02
# Schemes whose own detector gives a p-value that can be run again.
RERUN = ("gumbel", "kgw", "sglang")


def cut(records, length):
    return [record | {"tokens": record["tokens"][:length]} for record in records]


def rerun(bench, scheme, file):
    """log10 of the p-values that the original detector gives."""
    found = answers.run("originals.py", {
        "wheels": str(environment.wheels()), "scheme": scheme, "setting": SETTINGS[scheme], "vocabulary": VOCABULARY,
        "file": str(file), "rounds": 1, "single": True})["results"]
    if scheme == "kgw":
        # transformers' is a normal tail.
        gamma = SETTINGS["kgw"]["gamma"]
        scores = [(each["score"] - gamma * each["n"]) / math.sqrt(each["n"] * gamma * (1 - gamma)) for each in found]
        return [log10(math.erfc(score / math.sqrt(2)) / 2) for score in scores]
    if scheme == "sglang":
        return [each["log_p"] / math.log(10) for each in found]
    return [log10(each["p"]) for each in found]


def log10(value):
    return math.log10(max(value, 1e-320))


def measure(bench):
    found = {"rows": [], "scores": {}, "unmarked": []}
    made = answers.read(bench)
    for (name, temperature), records in made.items():
        if name == "unmarked":
            continue
        for length in sorted({*LENGTHS, *STEPS}):
            file = detector.write(bench.work / "power.jsonl", cut(records, length))
            results = detector.detect(bench, SCHEMES[name], [file], name)
            row = {"scheme": name, "temperature": temperature, "length": length, "answers": len(results),
                   "known": sum(each["log10_p"] <= math.log10(LEVEL) for each in results),
                   "log10_p": round(statistics.median(each["log10_p"] for each in results), 2),
                   "n": statistics.median(each["n"] for each in results)}
            if name in RERUN and length in LENGTHS:
                row["rerun"] = sum(each <= math.log10(LEVEL) for each in rerun(bench, name, file))
            found["rows"].append(row)
            if length == 200:
                found["scores"].setdefault(name, {})[str(temperature)] = [round(each["z"], 2) for each in results]
        say(f"watermark: power of {name} at {temperature}")
    plain = [record for (name, _), records in made.items() if name == "unmarked" for record in records]
    for name in SETTINGS:
        if name != "unmarked":
            file = detector.write(bench.work / "power.jsonl", cut(plain, 200))
            results = detector.detect(bench, SCHEMES[name], [file], name)
            found["unmarked"].append({
                "scheme": name, "answers": len(results), "least": round(min(each["log10_p"] for each in results), 2)})
            found["scores"].setdefault(name, {})["unmarked"] = [round(each["z"], 2) for each in results]
    return found


def share(known, total):
    low, high = chances.interval(known, total)
    return f"{known / total:.0%} ({low:.0%} - {high:.0%})"


def histogram(values, low, high, steps=40):
    """A density of values as points (x, share of the values in the bin)."""
    width = (high - low) / steps
    counts = [0] * steps
    for value in values:
        counts[min(steps - 1, max(0, int((value - low) / width)))] += 1
    return [(low + (index + 0.5) * width, count / len(values)) for index, count in enumerate(counts)]


def draw(data, folder):
    rows = data["rows"]
    names = [name for name in SETTINGS if any(row["scheme"] == name for row in rows)]
    files = []
    for temperature in sorted({row["temperature"] for row in rows}):
        chosen = [row for row in rows if row["temperature"] == temperature]
        of = lambda name, key: [(row["length"], key(row)) for row in chosen if row["scheme"] == name]
        plots.line_plot(
            folder / f"power-{temperature}.svg", f"Answers known by their mark at p <= 1e-6, temperature {temperature}",
            "tokens", "share of answers",
            {SHORT[name]: of(name, lambda row: row["known"] / row["answers"]) for name in names if of(name, len)},
            logarithmic=True)
        series = {SHORT[name]: of(name, lambda row: -row["log10_p"]) for name in names if of(name, len)}
        plots.line_plot(
            folder / f"p-values-{temperature}.svg", f"p-value against tokens, temperature {temperature}", "tokens",
            "-log10 of the median p-value", series, logarithmic=True, level=-math.log10(LEVEL),
            y_top=5 * math.ceil(max(y for points in series.values() for _, y in points) / 5))
        files += [f"power-{temperature}.svg", f"p-values-{temperature}.svg"]
    for name in names:
        scores = data["scores"][name]
        every = [value for values in scores.values() for value in values]
        low, high = math.floor(min(every)) - 1, math.ceil(max(every)) + 1
        series = {("no mark" if key == "unmarked" else f"marked, {key}"): histogram(values, low, high)
                  for key, values in scores.items()}
        plots.line_plot(
            folder / f"z-{name}.svg", f"z of answers of 200 tokens, {SHORT[name]}", "z", "share of answers", series, dots=False,
            y_top=max(y for points in series.values() for _, y in points),
            ticks=list(range(5 * math.ceil(low / 5), high + 1, 5)))
        files.append(f"z-{name}.svg")
    return files


def tokens(data, name, temperature, level):
    """The fewest tokens measured at which the median p-value is at or below a level."""
    enough = [row["length"] for row in data["rows"]
              if (row["scheme"], row["temperature"]) == (name, temperature) and row["log10_p"] <= math.log10(level)]
    return f"<= {min(enough)}" if enough else f"> {max(STEPS)}"


def sections(data, folder):
    files = draw(data, folder)
    rows = []
    for row in data["rows"]:
        if row["length"] in LENGTHS:
            rows.append([
                TITLES[row["scheme"]], row["temperature"], row["length"], row["answers"], share(row["known"], row["answers"]),
                f"{row['rerun'] / row['answers']:.0%}" if "rerun" in row else "", f"{row['log10_p']:.1f}", f"{row['n']:g}"])
    plain = [[TITLES[row["scheme"]], row["answers"], f"{row['least']:.2f}"] for row in data["unmarked"]]
    kinds = list(dict.fromkeys((row["scheme"], row["temperature"]) for row in data["rows"]))
    needed = [[TITLES[name], temperature, *(tokens(data, name, temperature, level) for level in (NEEDED, LEVEL))]
              for name, temperature in kinds]
    return ["\n\n".join([
        "## Power on a real model's answers",
        f"Answers of SmolLM2-135M-Instruct to public prompts, {answers.TOKENS} tokens each (the end of an answer is "
        f"never drawn), top-k {answers.TOP_K}, marked by the generators of transformers, vLLM and SGLang themselves, "
        "cut to the first tokens. Known: p <= 1e-6, with Clopper and Pearson's 95 % interval. Beside it the same "
        "answers under the scheme's own detector (transformers' p-value is a normal tail; its SynthID has none).",
        table(["scheme", "temperature", "tokens", "answers", "known", "own detector", "median log10 p", "scored"], rows,
              "lrrrrrrr"),
        f"Tokens until the median p-value is at or below {NEEDED:g} and {LEVEL:g}, in the steps "
        f"{', '.join(map(str, STEPS))}. Published for KGW on Llama 2 7B-chat and Mistral-7B-Instruct: fewer than 100 "
        "(Piet et al., MarkMyWords, arXiv 2312.00273).",
        table(["scheme", "temperature", f"p <= {NEEDED:g}", f"p <= {LEVEL:g}"], needed),
        "Unmarked answers of the same model, 200 tokens:",
        table(["scheme", "answers", "least log10 p"], plain),
        *(f"![{file}]({folder.name}/{file})" for file in files),
    ])], []


def bars(data):
    found = []
    for row in data["unmarked"]:
        # The least of n p-values is below 0.001/n once in a thousand runs.
        bound = math.log10(0.001 / row["answers"])
        found.append(Bar(
            f"{TITLES[row['scheme']]}: least log10 p of {row['answers']} unmarked answers", f">= {bound:.1f}",
            f"{row['least']:.2f}", "", row["least"] >= bound))
    return found
