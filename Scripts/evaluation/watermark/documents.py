"""Cuts real text into documents of tokens, and makes documents of random tokens. Runs in the environment of `environment.py`.

Reads {"corpus", "folder", "seed", "count", "shortest", "longest"} from standard input, and writes real.jsonl and random.jsonl;
prints {"real": documents, "random": documents, "tokens": tokens of real text there were}.

Lengths have a density in proportion to 1/length^2, so that as many documents as possible come out of the text and no two of
them share any of it.
"""

import gzip
import itertools
import json
import pathlib
import random
import sys

import model

BATCH = 2000


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

    found = {
        "real": write(folder / "real.jsonl", itertools.islice(real(), plan["count"])),
        "random": write(folder / "random.jsonl", itertools.islice(made(), plan["count"])),
        "tokens": total,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
