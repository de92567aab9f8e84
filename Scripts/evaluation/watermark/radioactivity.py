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
