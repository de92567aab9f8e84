"""Students of a marked teacher, and what they say. Runs in the environment of `environment.py`.

Reads {"wheels", "documents", "folder", "seed", "order", "beta", "teacher_order", "teacher_beta", "prompt", "answer", "jobs"} from
standard input. A job is {"name", "scheme", "setting", "marked", "unmarked", "text", "answers", "seed"}: of `text` tokens that
the student learns, the share `marked` was said by the teacher under the mark, the share `unmarked` by the teacher without it,
and the rest is real text. Each writes NAME.jsonl, the answers of the student; a mark writes taught-SCHEME.jsonl besides, what
the teacher said.
Prints {"agrees": whether the marks' numbers are the originals'} and what each job took.
"""

import json
import pathlib
import sys
import time

import numpy as np
import upstream

# Parts of the documents that the teacher learns, that students learn, and that prompts are taken from.
TEACHER, HUMAN = 0.4, 0.8


def read(file):
    with open(file, encoding="utf-8") as lines:
        return [json.loads(line)["tokens"] for line in lines]


def write(file, prompts, answers):
    with open(file, "w", encoding="utf-8") as out:
        for number, (prompt, answer) in enumerate(zip(prompts.tolist(), answers.tolist())):
            out.write(json.dumps(
                {"id": f"a{number}", "prompt_tokens": prompt, "tokens": answer}, separators=(",", ":")) + "\n")


class World:
    """The text, the teacher, and what it said so far."""

    def __init__(self, plan):
        import ngrams

        self.plan, self.ngrams, self.folder = plan, ngrams, pathlib.Path(plan["folder"])
        documents = read(plan["documents"])
        first, last = int(TEACHER * len(documents)), int(HUMAN * len(documents))
        join = lambda part: np.array([token for tokens in part for token in tokens])
        self.human = join(documents[first:last])
        self.prompts = np.array([tokens[:plan["prompt"]] for tokens in documents[last:]])
        self.teacher = ngrams.Model(join(documents[:first]), plan["teacher_order"], plan["teacher_beta"])
        self.said = {}

    def teach(self, tokens, scheme=None, setting=None):
        """That many tokens of the teacher, which says the same again when it is asked for less."""
        kept = self.said.get(scheme)
        if kept is None or kept.size < tokens:
            count = -(-tokens // self.plan["answer"])
            prompts = self.prompts[np.random.default_rng(self.plan["seed"]).integers(len(self.prompts), size=count)]
            if scheme is None:
                kept = self.teacher.say(prompts, self.plan["answer"], self.plan["seed"])
            else:
                kept = self.teacher.say_marked(prompts, self.plan["answer"], self.plan["seed"], scheme, setting)
                write(self.folder / f"taught-{scheme}.jsonl", prompts, kept)
            self.said[scheme] = kept
        return kept.ravel()[:tokens]

    def student(self, job):
        source = np.random.default_rng(job["seed"])
        marked, unmarked = (round(job["text"] * job[share]) for share in ("marked", "unmarked"))
        start = source.integers(len(self.human) - job["text"])
        text = [self.human[start:start + job["text"] - marked - unmarked]]
        if marked:
            text.append(self.teach(marked, job["scheme"], job["setting"]))
        if unmarked:
            # Each student is taught other answers.
            said = self.teach(20 * unmarked)
            begin = source.integers(len(said) - unmarked + 1)
            text.append(said[begin:begin + unmarked])
        student = self.ngrams.Model(np.concatenate(text), self.plan["order"], self.plan["beta"])
        prompts = self.prompts[source.integers(len(self.prompts), size=job["answers"])]
        write(self.folder / f"{job['name']}.jsonl", prompts, student.say(prompts, self.plan["answer"], job["seed"]))


def main():
    plan = json.load(sys.stdin)
    upstream.load(pathlib.Path(plan["wheels"]))
    world = World(plan)
    agrees = world.ngrams.check()
    # The first job of a mark asks for most, so that the teacher speaks once.
    for job in sorted(plan["jobs"], key=lambda job: -job["marked"] * job["text"]):
        started = time.process_time()
        world.student(job)
        print(f"{job['name']}: {time.process_time() - started:.1f} s", file=sys.stderr, flush=True)
    print(json.dumps({"agrees": agrees}))


if __name__ == "__main__":
    main()
