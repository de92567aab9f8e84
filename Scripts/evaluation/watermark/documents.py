"""Cuts real text into documents of tokens, and makes documents of random tokens. Runs in the environment of
`environment.py`.

Reads {"corpus", "folder", "seed", "count", "shortest", "longest"} from standard input, and writes

- real.jsonl: documents cut from all texts, none twice,
- own.jsonl: those of them that share next to nothing with those before,
- permuted.jsonl: all of them, in each the token ids exchanged by a permutation of its own, so that a document repeats itself
  as before and shares nothing with the others,
- random.jsonl: documents of random tokens.

Prints how many documents each has, and "tokens", of all texts. Lengths have a density in proportion to 1/length^2, so that as
many documents as possible come out of the text and no two of them share a place in it.
"""

import gzip
import itertools
import json
import pathlib
import random
import sys

import model
import numpy as np

BATCH = 2000
# Tokens of a window, the share of its windows that a document may have of those before, and entries of the table of windows.
WINDOW, SHARED, TABLE = 5, 0.05, 1 << 29


def texts(corpus, source):
    """All texts, none twice, in random order."""
    found = {}
    for file in sorted(pathlib.Path(corpus).rglob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            found.update((json.loads(line)["text"], None) for line in lines)
    found = list(found)
    source.shuffle(found)
    return found


def lengths(source, shortest, longest):
    while True:
        share = source.random()
        yield int(1 / ((1 - share) / shortest + share / (longest + 1)))


def write(file, documents):
    count = 0
    with open(file, "w", encoding="utf-8") as out:
        for number, tokens in enumerate(documents):
            out.write(json.dumps({"id": f"d{number}", "tokens": tokens}, separators=(",", ":")) + "\n")
            count += 1
    return count


def windows(tokens):
    """A number below TABLE for each window of a document."""
    values = np.array(tokens, np.uint64)
    count = len(values) - WINDOW + 1
    found = np.zeros(count, np.uint64)
    for index in range(WINDOW):
        found = (found ^ values[index:index + count]) * np.uint64(0x9E3779B97F4A7C15 + 2 * index)
        found ^= found >> np.uint64(29)
    return (found >> np.uint64(20)) & np.uint64(TABLE - 1)


def own(documents):
    """Documents that share next to no windows with those chosen before."""
    seen = np.zeros(TABLE, bool)
    for tokens in documents:
        places = windows(tokens)
        if seen[places].mean() <= SHARED:
            seen[places] = True
            yield tokens


def permuted(documents, vocabulary, seed):
    source = np.random.default_rng(seed)
    for tokens in documents:
        yield source.permutation(vocabulary)[tokens].tolist()


def read(file):
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["tokens"]


def main():
    plan = json.load(sys.stdin)
    source = random.Random(plan["seed"])
    folder, tokenizer = pathlib.Path(plan["folder"]), model.tokenizer()
    total = 0

    def stream():
        """The tokens of all texts in a row, a line's end between two."""
        nonlocal total
        found = iter(texts(plan["corpus"], source))
        while batch := list(itertools.islice(found, BATCH)):
            for tokens in tokenizer([text + "\n" for text in batch], add_special_tokens=False)["input_ids"]:
                total += len(tokens)
                yield from tokens

    def real():
        tokens = stream()
        for length in lengths(source, plan["shortest"], plan["longest"]):
            document = list(itertools.islice(tokens, length))
            if len(document) < length:
                return
            yield document

    def made():
        for length in lengths(source, plan["shortest"], plan["longest"]):
            yield [source.randrange(17, len(tokenizer)) for _ in range(length)]

    found = {"real": write(folder / "real.jsonl", itertools.islice(real(), plan["count"]))}
    found["own"] = write(folder / "own.jsonl", own(read(folder / "real.jsonl")))
    found["permuted"] = write(
        folder / "permuted.jsonl", permuted(read(folder / "real.jsonl"), len(tokenizer), plan["seed"]))
    found["random"] = write(folder / "random.jsonl", itertools.islice(made(), plan["count"]))
    print(json.dumps(found | {"tokens": total}))


if __name__ == "__main__":
    main()
