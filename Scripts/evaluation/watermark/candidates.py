"""A mark for a model that is not hosted here: several answers are drawn, and the one with the best keyed score is taken."""

from . import answers

PROMPTS, CANDIDATES = 32, 16
LENGTHS = (50, 100, 200)
TEMPERATURES = (1.0, 0.7)
ROWS = 64
SEED = 24


def plan(bench):
    """The batches of candidates, as `generate.py` takes them."""
    texts, place, batches = answers.prompts(bench.options.corpus), answers.folder(bench), []
    count = 2 if bench.quick else PROMPTS
    for temperature in TEMPERATURES:
        asked = [{"id": f"p{prompt}-c{candidate}", "text": texts[prompt]}
                 for prompt in range(count) for candidate in range(CANDIDATES)]
        for start in range(0, len(asked), ROWS):
            batches.append({
                "file": str(place / f"candidates-{temperature}-{start}.jsonl"), "scheme": "unmarked", "temperature": temperature,
                "top_k": answers.TOP_K, "tokens": max(LENGTHS), "cuts": LENGTHS, "prompts": asked[start:start + ROWS]})
    return {"wheels": "", "seed": SEED, "batches": batches}
