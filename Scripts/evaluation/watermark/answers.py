"""Answers of SmolLM2-135M-Instruct, marked by the original generators: made once and kept with `--worlds`."""

import gzip
import json
import os
import pathlib
import random
import subprocess

from workbench import Failure, say

from . import environment
from .schemes import SETTINGS

# No bars of progress, and one thread.
QUIET = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "TQDM_DISABLE": "1", "TOKENIZERS_PARALLELISM": "false",
         "TRANSFORMERS_VERBOSITY": "error", "OMP_NUM_THREADS": "1"}
TOKENS = 500
TOP_K = 100
SEED = 20
# Characters of a prompt: the model has 135 million parameters, and what it says on a long prompt is of no use.
SHORTEST, LONGEST = 25, 300
# Sets of prompts that people or students asked a model for whole answers with, by what their files are called.
SOURCES = ("oasst", "sharegpt92k", "alpaca_52k")
# Scheme, temperature and number of answers, in the order they are made; more than one batch of a kind is more answers.
BATCHES = [
    *((scheme, 1.0, 16) for scheme in ("synthid", "gumbel", "kgw")),
    *((scheme, 1.0, 48) for scheme in ("synthid", "gumbel", "kgw")),
    *((scheme, 0.7, 64) for scheme in ("synthid", "gumbel", "kgw")),
    ("sglang", 1.0, 32),
    ("unmarked", 1.0, 64),
    *((scheme, 0.5, 32) for scheme in ("synthid", "gumbel", "kgw")),
    ("sglang", 0.7, 32),
    ("unmarked", 0.7, 32),
]


def prompts(corpus):
    """Prompts in a random order that is always the same."""
    files = sorted(corpus.rglob("*.jsonl.gz"))
    chosen = [file for file in files if any(source in file.name for source in SOURCES)] or files
    found = {}
    for file in chosen:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                text = record["text"].strip()
                if record.get("lang", "en") == "en" and text.isascii() and SHORTEST <= len(text) <= LONGEST:
                    found.setdefault(text, None)
    texts = list(found)
    random.Random(SEED).shuffle(texts)
    if not texts:
        raise Failure(f"no prompts of {SHORTEST} to {LONGEST} characters in {corpus}")
    return texts


def folder(bench):
    """Where the answers are."""
    return place(bench, "answers")


def place(bench, name):
    """A folder for what is made once: below `--worlds` if it is given, else it goes when the run ends."""
    folder = (bench.options.worlds or bench.work) / (f"{name}-quick" if bench.quick else name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def plan(bench):
    """The batches to be made, as `generate.py` takes them."""
    if not bench.options.corpus:
        raise Failure("the answers need prompts: --corpus DIR")
    texts, out, batches, taken = prompts(bench.options.corpus), folder(bench), [], {}
    for scheme, temperature, count in BATCHES:
        count = max(4, count // 8) if bench.quick else count
        # All schemes answer the same prompts.
        start = taken.get((scheme, temperature), 0)
        taken[scheme, temperature] = start + count
        batches.append({
            "file": str(out / f"{scheme}-{temperature}-{start}.jsonl"), "scheme": scheme, "setting": SETTINGS[scheme],
            "temperature": temperature, "top_k": TOP_K, "tokens": TOKENS,
            "prompts": [{"id": f"p{start + number}", "text": text}
                        for number, text in enumerate(texts[start:start + count])]})
    return {"wheels": str(environment.wheels()), "seed": SEED, "batches": batches}


def run(script, settings):
    """Runs a script of this folder in its environment on a plan, and returns what it prints, JSON if anything.

    Its messages go on to the reader.
    """
    here = pathlib.Path(__file__).resolve().parent
    done = subprocess.run(
        [environment.python(), "-B", here / script], input=json.dumps(settings), stdout=subprocess.PIPE, text=True,
        check=False, env={**os.environ, **QUIET})
    if done.returncode != 0:
        raise Failure(f"{script} ended with status {done.returncode}")
    return json.loads(done.stdout) if done.stdout else None


def read(bench):
    """All answers, made now where they are not there: a list of records by scheme and temperature."""
    settings = plan(bench)
    if any(not pathlib.Path(batch["file"]).exists() for batch in settings["batches"]):
        say("watermark: generating answers")
        run("generate.py", settings)
    found = {}
    for batch in settings["batches"]:
        with open(batch["file"], encoding="utf-8") as lines:
            found.setdefault((batch["scheme"], batch["temperature"]), []).extend(map(json.loads, lines))
    return found
