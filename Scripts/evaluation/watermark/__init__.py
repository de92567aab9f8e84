"""Watermarks: false positives, power, speed, what a mark costs, what it survives, and students of marked answers."""

import parts

from . import candidates, embedding, lineage, null, power, radioactivity, robustness, speed, tuning

# In the order of the results file.
PARTS = {
    "null": null,
    "power": power,
    "speed": speed,
    "embedding": embedding,
    "robustness": robustness,
    "candidates": candidates,
    "radioactivity": radioactivity,
    "tuning": tuning,
    "lineage": lineage,
}


def run(bench):
    """Measures the parts asked for and returns the bars that any part misses."""
    bench.beside = "theirs"
    return parts.run(bench, "Watermarks", PARTS, [NOTES])


NOTES = """## How it was measured

`stillwatch watermark detect` reads token ids of the tokenizer of SmolLM2-135M-Instruct, 49,152 of them. The marks are those of
the original software: transformers' logits processors, and the files of vLLM's and SGLang's wheels that hold their generators and
detectors, run on a processor with PyTorch. Times are CPU time of one thread. Prompts and text are of public sets."""
