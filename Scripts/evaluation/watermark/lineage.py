"""Likeness without marks: 'stillwatch provenance lineage' on answers of real models, each taking the suspect's place in turn.

The answers are a folder `lineage` of --worlds: MODEL.jsonl as the command reads them, and tree.json, {"family": {MODEL: FAMILY},
"parent": {MODEL: PARENT}}; models without a family are one each. A suspect that descends from the teacher is paired with bases
that it does not come from, as when a base is declared falsely: "nearer to ours" is right. Any other suspect is paired with its
own parent, or with bases of other families if it has none: "nearer to ours" is wrong. Models that descend from the teacher beside
the suspect, and those of the teacher's own family, are left out, as they are no references.
"""

import collections
import concurrent.futures
import json

from parts import Bar
from workbench import Failure, measure as command_output, say, table

ALPHA, LEAST_PROMPTS = 0.1, 5
WORDS = ["nearer to ours than to its base", "nearer to its base", "can't tell"]


class Tree:
    def __init__(self, document, models):
        self.parents = {child: parent for child, parent in document.get("parent", {}).items() if child in models}
        self.families = {model: document.get("family", {}).get(model, model) for model in models}

    def descends(self, model, ancestor):
        seen = set()
        while model in self.parents and model not in seen:
            seen.add(model)
            model = self.parents[model]
            if model == ancestor:
                return True
        return False

    def is_related(self, model, other):
        return (
            self.families[model] == self.families[other]
            or self.descends(model, other)
            or self.descends(other, model)
        )


def cases(models, tree):
    """Yields (kind, suspect, teacher, base, left out)."""
    for teacher in models:
        if teacher in tree.parents:
            continue
        for suspect in models:
            if suspect == teacher:
                continue
            descends = tree.descends(suspect, teacher)
            if not descends and tree.is_related(suspect, teacher):
                continue
            parent = tree.parents.get(suspect)
            if descends or parent is None:
                bases = [
                    base
                    for base in models
                    if base not in tree.parents
                    and not tree.is_related(base, teacher)
                    and not tree.is_related(base, suspect)
                ]
            else:
                bases = [parent]
            family = [
                model
                for model in models
                if model not in (suspect, teacher)
                and tree.families[model] == tree.families[teacher]
                and not tree.descends(model, teacher)
            ]
            for base in bases:
                used = {suspect, teacher, base}
                children = [model for model in models if model not in used and tree.descends(model, teacher)]
                siblings = [model for model in family if model not in used]
                kind = "descendant" if descends else "own parent" if parent else "unrelated"
                yield kind, suspect, teacher, base, children + siblings


def judged(bench, folder, case):
    """What the command says of one case."""
    _, suspect, teacher, base, left_out = case
    command = [bench.binary, "provenance", "lineage", "--answers", folder, "--format", "json", "--suspect", suspect,
               "--teacher", teacher, "--base", base, "--alpha", ALPHA, "--least-prompts", LEAST_PROMPTS]
    for name in left_out:
        command += ["--leave-out", name]
    return json.loads(command_output(list(map(str, command))).output)


def measure(bench):
    place = bench.options.worlds
    folder = place / "lineage" if place else None
    if folder is None or not (folder / "tree.json").exists():
        if bench.options.parts is None:
            say("watermark: no folder 'lineage' with answers of several models in --worlds; lineage is left out")
            return None
        raise Failure("lineage needs --worlds DIR with a folder 'lineage' in it: MODEL.jsonl of each model, and tree.json")
    models = sorted(path.stem for path in folder.glob("*.jsonl"))
    tree = Tree(json.loads((folder / "tree.json").read_text(encoding="utf-8")), models)
    lines = [json.loads(line) for line in (folder / f"{models[0]}.jsonl").read_text(encoding="utf-8").splitlines()]
    todo = list(cases(models, tree))
    verdicts, first = collections.defaultdict(collections.Counter), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for case, result in zip(todo, pool.map(lambda case: judged(bench, folder, case), todo)):
            verdicts[case[0]][result["verdict"]] += 1
            if result["p_values"]["rank"] * (len(result["references"]) + 1) < 1.5:
                first[case[0]] += 1
    return {"models": models, "prompts": len(lines), "alpha": ALPHA,
            "verdicts": {kind: dict(counts) for kind, counts in verdicts.items()}, "first": dict(first)}


def sections(data, folder):
    if data is None:
        return [], []
    rows = []
    for kind, counts in data["verdicts"].items():
        total = sum(counts.values())
        rows.append([kind, total, *(f"{counts.get(word, 0) / total:.1%}" for word in WORDS),
                     f"{data['first'].get(kind, 0) / total:.1%}"])
    return ["## Likeness without marks", (
        f"Answers of {len(data['models'])} public models to {data['prompts']} prompts, each model in the suspect's place against "
        f"every teacher, at alpha {data['alpha']}. Cases share models and are far from independent, and so few prompts say "
        "little: most verdicts are \"can't tell\"."), table(
        ["suspect", "cases", *WORDS, "ranked first"], rows, "lrrrrr")], []


def bars(data):
    if data is None:
        return []
    counts = collections.Counter()
    for kind in ("own parent", "unrelated"):
        counts.update(data["verdicts"].get(kind, {}))
    wrong, total = counts[WORDS[0]], sum(counts.values())
    return [Bar("suspects that do not come from ours said to be nearer to it", f"<= {data['alpha']:.0%}",
                f"{wrong} of {total}", "", wrong <= data["alpha"] * total)]
