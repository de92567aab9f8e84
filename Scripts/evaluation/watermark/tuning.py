"""A real student: SmolLM2-135M-Instruct, tuned on its own marked answers, and asked again."""

import json

from workbench import say, table

from . import answers, suspects
from .schemes import SCHEMES

SEED = 28
# Its last layers learn.
TUNING = {"layers": 8, "batch": 8, "length": 256, "epochs": 6, "rate": 2e-4, "seed": SEED, "temperature": 1.0,
          "top_k": answers.TOP_K, "tokens": 300, "rows": 64}
TUNED_SEEN, TUNED_NEW = 32, 64
# Answers to each prompt that it was taught with.
TURNS = 8


def plan(bench, out):
    """Tunes on all answers under vLLM's mark; asks prompts of those answers several times, and others once."""
    texts = answers.prompts(bench.options.corpus)
    files = [batch["file"] for batch in answers.plan(bench)["batches"] if batch["scheme"] == "gumbel"]
    seen, new = (4, 4) if bench.quick else (TUNED_SEEN, TUNED_NEW)
    asked = [{"id": f"seen{number}-{turn}", "text": texts[number]} for turn in range(TURNS) for number in range(seen)]
    asked += [{"id": f"new{number}", "text": texts[1000 + number]} for number in range(new)]
    tuning = TUNING | ({"epochs": 1, "tokens": 40} if bench.quick else {})
    return {"answers": files, "out": str(out), "prompts": asked} | tuning


def measure(bench):
    folder = answers.place(bench, "students")
    out = folder / "smollm2.jsonl"
    losses = folder / "smollm2.json"
    if not out.exists() or not losses.exists():
        say("watermark: tuning SmolLM2 on marked answers")
        losses.write_text(json.dumps(answers.run("finetune.py", plan(bench, out))))
    with open(out, encoding="utf-8") as lines:
        said = [json.loads(line) for line in lines]
    plain = [record for (name, temperature), records in answers.read(bench).items()
             if (name, temperature) == ("unmarked", TUNING["temperature"]) for record in records]
    found = {"losses": json.loads(losses.read_text())["losses"], "tokens": json.loads(losses.read_text())["tokens"], "rows": []}
    files = [batch["file"] for batch in answers.plan(bench)["batches"] if batch["scheme"] == "gumbel"]
    taught = suspects.windows(bench, SCHEMES["gumbel"], files, "tuned")
    groups = {
        "tuned, prompts it was taught with": [record for record in said if record["id"].startswith("seen")],
        "tuned, other prompts": [record for record in said if record["id"].startswith("new")],
        "before, prompts it was to be taught with": plain,
    }
    for title, records in groups.items():
        file = bench.work / "tuned.jsonl"
        with open(file, "w", encoding="utf-8") as lines:
            for record in records:
                kept = {key: record[key] for key in ("id", "prompt_tokens", "tokens")}
                lines.write(json.dumps(kept, separators=(",", ":")) + "\n")
        for filtered, more in ((False, []), (True, ["--filter", taught])):
            report, _ = suspects.test(bench, SCHEMES["gumbel"], file, "tuned", *more)
            found["rows"].append({
                "who": title, "filtered": filtered, "answers": len(records), "n": report["scored"],
                "log10_p": report["log10_p_descriptive"], "anytime": report["log10_p_anytime"]})
    return found


def sections(data, folder):
    lines = [[row["who"], "yes" if row["filtered"] else "no", row["answers"], f"{row['n']:,}", f"{row['log10_p']:.2f}",
              f"{row['anytime']:.2f}"] for row in data["rows"]]
    return ["\n\n".join([
        "## A real student",
        f"SmolLM2-135M-Instruct itself, its last {TUNING['layers']} layers tuned for {TUNING['epochs']} rounds on "
        f"{data['tokens']:,} tokens of its own answers under vLLM's mark (loss {data['losses'][0]:.2f} in the first "
        f"round, {data['losses'][-1]:.2f} in the last), then asked again without a mark:",
        table(["who", "filter", "answers", "scored", "log10 p", "watched"], lines, "llrrrr"),
    ])], []
