"""Leave-one-model-out evaluation of 'stillwatch provenance lineage' on answers of real models.

Every model takes the suspect's place in turn, against every teacher. A suspect that descends from the teacher is paired
with bases that it does not come from, as when a base is declared falsely: a verdict "nearer to ours" is right. Any other
suspect is paired with its own parent, or with bases of other families if it has none: a verdict "nearer to ours" is wrong.
Models that descend from the teacher beside the suspect are left out, as they are no references; models of the teacher's
own family are named as siblings with --siblings, and are left out without.

The family tree is a JSON file: {"family": {MODEL: FAMILY}, "parent": {MODEL: PARENT}}; models without a family are one
each. Answers are files MODEL.jsonl as the command reads them.
"""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import subprocess
import sys


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


def cases(models, tree, names_siblings):
    """Yields (kind, suspect, teacher, base, siblings, left out)."""
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
                left_out = children if names_siblings else children + siblings
                kind = "descendant" if descends else "own parent" if parent else "unrelated"
                yield kind, suspect, teacher, base, siblings if names_siblings else [], left_out


def run(arguments, case):
    _, suspect, teacher, base, siblings, left_out = case
    command = [arguments.stillwatch, "provenance", "lineage", "--answers", arguments.answers, "--format", "json"]
    command += ["--suspect", suspect, "--teacher", teacher, "--base", base]
    command += ["--alpha", str(arguments.alpha), "--least-prompts", str(arguments.least_prompts)]
    for name in siblings:
        command += ["--sibling", name]
    for name in left_out:
        command += ["--leave-out", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--stillwatch", default=".build/release/stillwatch", help="the program")
    parser.add_argument("--answers", required=True, help="folder of MODEL.jsonl")
    parser.add_argument("--tree", required=True, help="family tree, JSON")
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--least-prompts", type=int, default=20)
    parser.add_argument("--siblings", action="store_true", help="name the teacher's family as siblings")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--details", help="file for a line of JSON for each case")
    arguments = parser.parse_args()

    models = sorted(path.stem for path in pathlib.Path(arguments.answers).glob("*.jsonl"))
    with open(arguments.tree, encoding="utf-8") as file:
        tree = Tree(json.load(file), models)
    verdicts = collections.defaultdict(collections.Counter)
    first = collections.Counter()
    todo = list(cases(models, tree, arguments.siblings))
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = pool.map(lambda case: run(arguments, case), todo)
        details = open(arguments.details, "w", encoding="utf-8") if arguments.details else None
        for case, result in zip(todo, results):
            kind = case[0]
            verdicts[kind][result["verdict"]] += 1
            if result["p_values"]["rank"] * (len(result["references"]) + 1) < 1.5:
                first[kind] += 1
            if details:
                line = dict(zip(("kind", "suspect", "teacher", "base"), case[:4]))
                line |= {"verdict": result["verdict"], "reasons": result["reasons"], "p_values": result["p_values"]}
                line["references"] = len(result["references"])
                details.write(json.dumps(line) + "\n")
        if details:
            details.close()

    words = ["nearer to ours than to its base", "nearer to its base", "can't tell"]
    print(f"{len(models)} models, alpha {arguments.alpha}")
    print("| suspect | cases | nearer to ours | nearer to its base | can't tell | ranked first |")
    print("|---|---|---|---|---|---|")
    for kind in ("descendant", "own parent", "unrelated"):
        total = sum(verdicts[kind].values())
        if total == 0:
            continue
        cells = [f"{verdicts[kind][word] / total:.1%}" for word in words] + [f"{first[kind] / total:.1%}"]
        print(f"| {kind} | {total} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
