"""What a mark survives: words exchanged, answers cut, answers among text by people, answers put in other words."""

import math
import statistics

import plots
from workbench import say, table

from . import answers, detector, null, power
from .schemes import SCHEMES, SETTINGS, SHORT, TITLES

TEMPERATURE = 1.0
SEED = 23
SUBSTITUTIONS = (0.0, 0.1, 0.3, 0.5)
KEPT = (1.0, 0.5, 0.25, 0.1)
MIXED = (1.0, 0.5, 0.25, 0.1, 0.05)
PARAPHRASES, PARAPHRASE_TOKENS = 32, 200
EDITS = {
    "substituted": ("words exchanged for others, share", SUBSTITUTIONS),
    "kept": ("of the answer kept, share", KEPT),
    "mixed": ("of the text marked, share (500 tokens)", MIXED),
    "given": ("first tokens of the answer", (PARAPHRASE_TOKENS,)),
    "paraphrased": ("those in the model's other words", (PARAPHRASE_TOKENS,)),
}


def measure(bench):
    made, (documents, _) = answers.read(bench), null.documents(bench)
    files = {}
    for (name, temperature), records in made.items():
        if temperature == TEMPERATURE and name != "unmarked":
            files[name] = str(detector.write(bench.work / f"{name}.whole.jsonl", records))
    say("watermark: editing answers")
    answers.run("edits.py", {
        "files": files, "human": str(documents / "real.jsonl"), "folder": str(bench.work), "seed": SEED,
        "substitutions": SUBSTITUTIONS, "kept": KEPT, "mixed": MIXED, "paraphrases": 4 if bench.quick else PARAPHRASES,
        "tokens": PARAPHRASE_TOKENS})
    rows = []
    for name in files:
        for edit, (_, shares) in EDITS.items():
            for share in shares:
                file = bench.work / f"{name}.{edit}.{share}.jsonl"
                results = detector.detect(bench, SCHEMES[name], [file], name)
                rows.append({
                    "scheme": name, "edit": edit, "share": share, "answers": len(results),
                    "known": sum(each["log10_p"] <= math.log10(power.LEVEL) for each in results),
                    "log10_p": round(statistics.median(each["log10_p"] for each in results), 2)})
    return {"rows": rows}


def sections(data, folder):
    rows, files = data["rows"], []
    names = [name for name in SETTINGS if any(row["scheme"] == name for row in rows)]
    for edit, (title, shares) in EDITS.items():
        if len(shares) > 1:
            file = f"{edit}.svg"
            plots.line_plot(
                folder / file, "Answers known by their mark at p <= 1e-6", title, "share of answers",
                {SHORT[name]: [(row["share"], row["known"] / row["answers"]) for row in sorted(rows, key=lambda row: row["share"])
                                if (row["scheme"], row["edit"]) == (name, edit)] for name in names})
            files.append(file)
    lines = []
    for edit, (title, shares) in EDITS.items():
        for share in shares:
            chosen = {row["scheme"]: row for row in rows if (row["edit"], row["share"]) == (edit, share)}
            lines.append([title, f"{share:g}", *(
                f"{chosen[name]['known'] / chosen[name]['answers']:.0%} ({chosen[name]['log10_p']:.1f})" for name in names)])
    count = next(row["answers"] for row in rows if row["edit"] == "paraphrased")
    return ["\n\n".join([
        "## What a mark survives",
        f"Answers of {answers.TOKENS} tokens at temperature {TEMPERATURE:g}, decoded, edited and encoded again, scored "
        "without the prompt: the share known at p <= 1e-6, and the median log10 p. Words are exchanged for words of "
        "other texts; what is kept is a run from a random place; text by people stands before and after. In the "
        f"model's other words: SmolLM2 was asked to rewrite the first {PARAPHRASE_TOKENS} tokens of {count} answers, "
        "without a mark; with 135 million parameters it repeats much of what it is given, so that this is no strong "
        "attack.",
        table(["edit", "", *(TITLES[name] for name in names)], lines, "lr" + "r" * len(names)),
        *(f"![{file}]({folder.name}/{file})" for file in files),
    ])], []
