"""Students of a marked teacher: does what they say show that they learned from marked answers, and only then?"""

import json
import math
import random
import statistics

import plots
from parts import Bar
from workbench import say, table

from . import answers, chances, environment, null, suspects
from .schemes import SCHEMES, SETTINGS, TITLES

SEED = 25
SHARES = (0.0, 0.01, 0.05, 0.1, 0.5, 1.0)
# Tokens that a student learns, and answers of 200 tokens that it gives.
TEXT, ANSWERS, ANSWER = 1_000_000, 2500, 200
PROMPT = 16
SEEDS = (1, 2, 3)
MARKS = ("gumbel", "synthid")
# Students of an unmarked teacher, each tested under a key of its own.
INNOCENT, INNOCENT_TEXT, INNOCENT_ANSWERS = 200, 100_000, 100
LEVELS = (0.05, 0.01)
# A student learns from the four tokens before; the teacher from two, so that what it says is open enough to be marked.
MODELS = {"order": 4, "beta": 1.0, "teacher_order": 2, "teacher_beta": 5.0}
BAR_SHARE, BAR_TOKENS, BAR_LEVEL = 0.05, 300_000, 1e-6
# Answers are added until these many tokens are scored, for the curves.
STEPS = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000)
# A real model: its last layers are tuned on its own marked answers.
TUNING = {"layers": 8, "batch": 8, "length": 256, "epochs": 4, "rate": 2e-4, "seed": SEED, "temperature": 1.0,
          "top_k": answers.TOP_K, "tokens": 300, "rows": 64}
TUNED_SEEN, TUNED_NEW = 64, 128


def tuning_plan(bench, out):
    """Tunes on all answers under vLLM's mark; asks prompts of those answers, twice, and others."""
    texts = answers.prompts(bench.options.corpus)
    files = [batch["file"] for batch in answers.plan(bench)["batches"] if batch["scheme"] == "gumbel"]
    seen, new = (4, 4) if bench.quick else (TUNED_SEEN, TUNED_NEW)
    asked = [{"id": f"seen{number}-{turn}", "text": texts[number]} for turn in range(2) for number in range(seen)]
    asked += [{"id": f"new{number}", "text": texts[1000 + number]} for number in range(new)]
    tuning = TUNING | ({"epochs": 1, "tokens": 40} if bench.quick else {})
    return {"answers": files, "out": str(out), "prompts": asked} | tuning


def job(name, mark, share, seed, unmarked=0.0, text=TEXT, count=ANSWERS):
    return {"name": name, "scheme": mark, "setting": SETTINGS[mark], "marked": share, "unmarked": unmarked, "text": text,
            "answers": count, "seed": seed}


def jobs(bench):
    """Students for the curves, and innocent ones, as `students.py` takes them."""
    part = 20 if bench.quick else 1
    curves = [job(f"{mark}-{share}-{seed}", mark, share, seed, text=TEXT // part, count=ANSWERS // part)
              for mark in MARKS for share in SHARES for seed in SEEDS]
    innocent = [job(f"innocent-{number}", MARKS[number % len(MARKS)], 0.0, 1000 + number, 0.5, INNOCENT_TEXT // part,
                    INNOCENT_ANSWERS) for number in range(INNOCENT // part)]
    return curves, innocent


def learn(bench):
    """The folder with what all students said, made now where it is not there."""
    folder, (documents, _) = answers.place(bench, "students"), null.documents(bench)
    curves, innocent = jobs(bench)
    missing = [each for each in curves + innocent if not (folder / f"{each['name']}.jsonl").exists()]
    if missing:
        say("watermark: teaching students")
        # All of them, so that a teacher says the same as before.
        done = answers.run("students.py", MODELS | {
            "wheels": str(environment.wheels()), "documents": str(documents / "real.jsonl"), "folder": str(folder),
            "seed": SEED, "prompt": PROMPT, "answer": ANSWER, "jobs": curves + innocent})
        (folder / "facts.json").write_text(json.dumps(done))
    return folder, json.loads((folder / "facts.json").read_text())


def first(bench, file, count):
    """A file of the first answers of another."""
    with open(file, encoding="utf-8") as lines:
        part = [line for _, line in zip(range(count), lines)]
    out = bench.work / "suspect.jsonl"
    out.write_text("".join(part), encoding="utf-8")
    return out


def steps(bench, mark, file, most):
    """Tokens scored and log10 p after more and more answers."""
    found = []
    for count in sorted({max(1, round(step / ANSWER)) for step in STEPS} | {most}):
        if count <= most:
            found.append(suspects.fixed(suspects.test(bench, SCHEMES[mark], first(bench, file, count), mark)))
    return found


def tuned(bench, folder):
    """SmolLM2 after it was tuned on its own marked answers, and before."""
    out = folder / "smollm2.jsonl"
    losses = folder / "smollm2.json"
    if not out.exists() or not losses.exists():
        say("watermark: tuning SmolLM2 on marked answers")
        losses.write_text(json.dumps(answers.run("finetune.py", tuning_plan(bench, out))))
    with open(out, encoding="utf-8") as lines:
        said = [json.loads(line) for line in lines]
    plain = [record for (name, temperature), records in answers.read(bench).items()
             if (name, temperature) == ("unmarked", TUNING["temperature"]) for record in records]
    found = {"losses": json.loads(losses.read_text())["losses"], "tokens": json.loads(losses.read_text())["tokens"], "rows": []}
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
        report = suspects.test(bench, SCHEMES["gumbel"], file, "tuned")
        n, log10_p = suspects.fixed(report)
        found["rows"].append({"who": title, "answers": len(records), "n": n, "log10_p": log10_p,
                              "anytime_p": suspects.anytime(report)})
    return found


def measure(bench):
    folder, facts = learn(bench)
    curves, innocent = jobs(bench)
    found = {"agrees": facts["agrees"], "curves": [], "innocent": []}
    for each in curves:
        file = folder / f"{each['name']}.jsonl"
        found["curves"].append({
            "scheme": each["scheme"], "share": each["marked"], "seed": each["seed"],
            "points": steps(bench, each["scheme"], file, each["answers"])})
    say("watermark: curves of students")
    source = random.Random(SEED)
    for each in innocent:
        scheme = SCHEMES[each["scheme"]].with_keys(source)
        report = suspects.test(bench, scheme, folder / f"{each['name']}.jsonl", "innocent")
        n, log10_p = suspects.fixed(report)
        found["innocent"].append({"scheme": each["scheme"], "n": n, "log10_p": log10_p, "anytime_p": suspects.anytime(report)})
    say("watermark: innocent students")
    found["tuned"] = tuned(bench, folder)
    return found


def draw(data, folder, mark):
    series = {}
    for share in SHARES:
        runs = [row["points"] for row in data["curves"] if (row["scheme"], row["share"]) == (mark, share)]
        series[f"{share:.0%} marked"] = [
            (statistics.median(n for n, _ in points), max(-statistics.median(p for _, p in points), 0.05)) for points in zip(*runs)]
    file = f"radioactivity-{mark}.svg"
    plots.log_log_plot(
        folder / file, f"p-value against tokens scored, students of a teacher under {TITLES[mark]}", "-log10 p",
        [("tokens scored", series)])
    return file


def rejected(data, level):
    return sum(each["anytime_p"] <= level for each in data["innocent"])


def sections(data, folder):
    files = [draw(data, folder, mark) for mark in MARKS]
    rows = []
    for mark in MARKS:
        for share in SHARES:
            runs = [row["points"] for row in data["curves"] if (row["scheme"], row["share"]) == (mark, share)]
            rows.append([TITLES[mark], f"{share:.0%}", *(
                f"{statistics.median(p for _, p in points):,.1f} ({statistics.median(n for n, _ in points):,.0f})"
                for points in zip(*runs))])
    count = len(data["innocent"])
    innocents = [[f"{level:g}", sum(each["log10_p"] <= math.log10(level) for each in data["innocent"]), rejected(data, level),
                  chances.band(count, level)[1]] for level in LEVELS]
    tune = data["tuned"]
    lines = [[row["who"], row["answers"], f"{row['n']:,}", f"{row['log10_p']:.2f}", f"{row['anytime_p']:.2g}"]
             for row in tune["rows"]]
    return ["\n\n".join([
        "## Students of marked answers",
        f"Students learn {TEXT:,} tokens, of which a share was said by a teacher under a mark, and the rest is text by people; both "
        f"are models of the few tokens before (teacher {MODELS['teacher_order']}, student {MODELS['order']}), the marks' numbers "
        f"{'equal' if data['agrees'] else 'do NOT equal'} those of vLLM and transformers. Students answer prompts with {ANSWER} "
        f"tokens; `stillwatch provenance test --protocol closed` reads the answers. Median log10 p of {len(SEEDS)} students, and "
        "the tokens scored, after more and more answers:",
        table(["teacher's mark", "marked", *("" for _ in STEPS), ""][:2 + len(rows[0]) - 2], rows, "lr" + "r" * (len(rows[0]) - 2)),
        *(f"![{file}]({folder.name}/{file})" for file in files),
        f"{count} students of the same teacher without a mark, each tested under a key of its own and watched from the first token "
        "to the last: how many were ever rejected, beside the test with a fixed number of tokens, and the most that 99 % of a "
        "test that keeps its word would reject.",
        table(["level", "fixed number", "watched", "at most"], innocents),
        f"SmolLM2-135M-Instruct itself, its last {TUNING['layers']} layers tuned for {TUNING['epochs']} rounds on {tune['tokens']:,} "
        f"tokens of its own answers under vLLM's mark (loss {tune['losses'][0]:.2f} in the first round, {tune['losses'][-1]:.2f} in "
        "the last), then asked again, without a mark:",
        table(["who", "answers", "scored", "log10 p", "p of the watched test"], lines),
    ])], [] if data["agrees"] else ["the marks of the students' teacher are not the originals'"]


def bars(data):
    count, found = len(data["innocent"]), []
    for level in LEVELS:
        most = chances.band(count, level)[1]
        found.append(Bar(f"of {count} students of unmarked text, ever rejected at {level:g}", f"<= {most} (99 % band)",
                         str(rejected(data, level)), "", rejected(data, level) <= most))
    for mark in MARKS:
        runs = [row["points"] for row in data["curves"] if (row["scheme"], row["share"]) == (mark, BAR_SHARE)]
        best = [min((n for n, p in points if n <= BAR_TOKENS and p <= math.log10(BAR_LEVEL)), default=None) for points in runs]
        worst = max(best) if all(best) else None
        found.append(Bar(
            f"{BAR_SHARE:.0%} marked, {TITLES[mark]}: tokens scored until p < {BAR_LEVEL:g}, slowest of {len(runs)} students",
            f"<= {BAR_TOKENS:,}", f"{worst:,}" if worst else "never", "", worst is not None))
    return found
