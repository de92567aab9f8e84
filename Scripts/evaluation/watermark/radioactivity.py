"""Students of a marked teacher: does what they say show that they learned from marked answers, and only then?"""

import json
import math
import random
import statistics

import plots
from parts import Bar
from workbench import say, table

from . import answers, chances, environment, null, suspects
from .schemes import SCHEMES, SETTINGS, SHORT, TITLES

SEED = 25
SHARES = (0.0, 0.01, 0.05, 0.1, 0.5, 1.0)
# Tokens that a student learns, and answers of 200 tokens that it gives.
TEXT, ANSWERS, ANSWER = 1_000_000, 2500, 200
PROMPT = 16
SEEDS = (1, 2, 3)
MARKS = ("gumbel", "synthid")
# Students of an unmarked teacher, each tested under a key of its own.
INNOCENT, INNOCENT_TEXT, INNOCENT_ANSWERS = 200, 100_000, 100
# Tokens at which the test with a fixed number of them is read.
PLANNED = 5_000
LEVELS = (0.05, 0.01)
# A student learns from the four tokens before; the teacher from two, so that what it says is open enough to be marked.
MODELS = {"order": 4, "beta": 1.0, "teacher_order": 2, "teacher_beta": 5.0}
BAR_SHARE, BAR_TOKENS, BAR_LEVEL = 0.05, 300_000, 1e-6
# Tokens scored at which curves are read.
STEPS = (1_000, 3_000, 10_000, 30_000, 100_000)

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


def points(trace):
    """Tokens scored, and log10 of the p-value of that number and of the one that may be watched, where each step is reached."""
    found = []
    for step in STEPS:
        reached = next((record for record in trace if record["scored"] >= step), None)
        if reached:
            found.append([reached["scored"], round(reached["log10_p_descriptive"], 2), round(reached["log10_p_anytime"], 2)])
    return found


def until(trace):
    """Tokens scored until the watched test's p-value was below the bar's level; None if it never was."""
    return next((record["scored"] for record in trace if record["log10_p_anytime"] < math.log10(BAR_LEVEL)), None)


def measure(bench):
    folder, facts = learn(bench)
    curves, innocent = jobs(bench)
    found = {"agrees": facts["agrees"], "curves": [], "innocent": []}
    for each in curves:
        scheme, mark = SCHEMES[each["scheme"]], each["scheme"]
        taught = suspects.windows(bench, scheme, [folder / f"taught-{mark}.jsonl"], mark)
        for filtered, more in ((False, []), (True, ["--filter", taught])):
            _, trace = suspects.test(bench, scheme, folder / f"{each['name']}.jsonl", mark, *more)
            found["curves"].append({
                "scheme": mark, "share": each["marked"], "seed": each["seed"], "filtered": filtered, "points": points(trace),
                "until": until(trace)})
    say("watermark: curves of students")
    source = random.Random(SEED)
    for each in innocent:
        scheme = SCHEMES[each["scheme"]].with_keys(source)
        report, _ = suspects.test(bench, scheme, folder / f"{each['name']}.jsonl", "innocent", "--planned-tokens", str(PLANNED))
        found["innocent"].append({
            "scheme": each["scheme"], "n": report["scored"], "log10_p": report["log10_p_planned"],
            "anytime": report["log10_p_anytime"]})
    say("watermark: innocent students")
    return found


def runs(data, mark, share, filtered):
    return [row for row in data["curves"] if (row["scheme"], row["share"], row["filtered"]) == (mark, share, filtered)]


def middle(data, mark, share, filtered, column):
    """The median curve over students: pairs of tokens scored and a p-value's log10."""
    return [(statistics.median(each[0] for each in step), statistics.median(each[column] for each in step))
            for step in zip(*(row["points"] for row in runs(data, mark, share, filtered)))]


def draw(data, folder, mark):
    panels = []
    for filtered, label in ((False, "tokens scored"), (True, "tokens scored, windows of the teacher only")):
        series = {}
        for share in SHARES:
            curve = [(n, -value) for n, value in middle(data, mark, share, filtered, 1)]
            # Nothing is drawn below a tenth, where there is nothing to be seen.
            series[f"{share:.0%} marked"] = [(n, max(value, 0.1)) for n, value in curve] or [(STEPS[0], 0.1)]
        panels.append((label, series))
    file = f"radioactivity-{mark}.svg"
    plots.log_log_plot(
        folder / file, f"-log10 of the p-value by tokens scored, students of a teacher under {SHORT[mark]}", "-log10 p", panels)
    return file


def rejected(data, level):
    return sum(each["anytime"] <= math.log10(level) for each in data["innocent"])


def sections(data, folder):
    files, rows = [draw(data, folder, mark) for mark in MARKS], []
    for mark in MARKS:
        for share in SHARES:
            for filtered in (False, True):
                cells = [f"{p:,.1f}" for _, p in middle(data, mark, share, filtered, 1)]
                found = [row["until"] for row in runs(data, mark, share, filtered)]
                rows.append([
                    SHORT[mark], f"{share:.0%}", "yes" if filtered else "no", *cells, *[""] * (len(STEPS) - len(cells)),
                    f"{statistics.median(found):,.0f}" if all(found) else f"{len(found) - found.count(None)} of {len(found)} ever"])
    count = len(data["innocent"])
    innocents = [[
        f"{level:g}", sum(each["log10_p"] <= math.log10(level) for each in data["innocent"] if each["log10_p"] is not None),
        rejected(data, level), chances.band(count, level)[1]] for level in LEVELS]
    return ["\n\n".join([
        "## Students of marked answers",
        f"Students learn {TEXT:,} tokens, of which a share was said by a teacher under a mark, and the rest is text by "
        f"people; both are models of the few tokens before (teacher {MODELS['teacher_order']}, student "
        f"{MODELS['order']}); the marks' numbers {'equal' if data['agrees'] else 'do NOT equal'} those of vLLM and "
        f"transformers. Students answer prompts with {ANSWER} tokens each; `stillwatch provenance test --protocol "
        "closed` reads the answers, all windows or (filter) only those that the teacher ever said. Median log10 p "
        f"over {len(SEEDS)} students when so many tokens are scored, and tokens until the test that may be watched and "
        f"stopped at will has p < {BAR_LEVEL:g}:",
        table(["teacher's mark", "marked", "filter", *(f"{step:,}" for step in STEPS), f"p < {BAR_LEVEL:g} after"], rows,
              "lrl" + "r" * (len(STEPS) + 1)),
        *(f"![{file}]({folder.name}/{file})" for file in files),
        f"{count} students of the same teacher without a mark (half of {INNOCENT_TEXT:,} tokens are its words), each "
        f"tested under a key of its own: how many are rejected at {PLANNED:,} tokens scored, how many ever by the test "
        "that is watched from the first answer to the last, and the most that either would reject in 99 % of such "
        "trials if it keeps its word.",
        table(["level", f"at {PLANNED:,} tokens", "watched", "at most"], innocents),
    ])], [] if data["agrees"] else ["the marks of the students' teacher are not the originals'"]


def bars(data):
    count, found = len(data["innocent"]), []
    for level in LEVELS:
        most = int(level * count)
        found.append(Bar(f"of {count} students of unmarked text, ever rejected at {level:g}", f"<= {most}",
                         str(rejected(data, level)), "", rejected(data, level) <= most))
    for mark in MARKS:
        reached = [row["until"] for row in runs(data, mark, BAR_SHARE, False)]
        worst = max(reached) if all(reached) else None
        found.append(Bar(
            f"{BAR_SHARE:.0%} marked, {TITLES[mark]}: tokens scored until p < {BAR_LEVEL:g}, slowest of {len(reached)} "
            "students",
            f"<= {BAR_TOKENS:,}", f"{worst:,}" if worst else "never", "", worst is not None and worst <= BAR_TOKENS))
    return found
