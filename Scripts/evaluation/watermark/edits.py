"""Edits marked answers as someone would who wants to hide them. Runs in the environment of `environment.py`.

Reads {"files": {name: file}, "human", "folder", "seed", "substitutions", "kept", "mixed", "paraphrases", "tokens"} from standard
input and writes NAME.EDIT.SHARE.jsonl for each: words exchanged for others, answers cut at both ends, answers set into text by
people, and answers that the model itself was asked to put in other words.

What is edited is text: answers are decoded, edited, and encoded again, so that an edit also moves the borders of tokens.
"""

import json
import pathlib
import random
import re
import sys

import generate
import model
import torch

WORDS = re.compile(r"[A-Za-z]+")
REQUEST = "Rewrite the following text in other words. Keep the meaning and the length.\n\n"


def read(file):
    with open(file, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write(file, records):
    with open(file, "w", encoding="utf-8") as out:
        for record in records:
            out.write(json.dumps({"id": record["id"], "tokens": record["tokens"]}, separators=(",", ":")) + "\n")


def encode(text):
    return model.tokenizer()(text, add_special_tokens=False)["input_ids"]


def substitute(text, share, words, source):
    """The text with that share of its words exchanged for words drawn from `words`."""
    places = list(WORDS.finditer(text))
    chosen = set(source.sample(range(len(places)), round(share * len(places))))
    parts, last = [], 0
    for number, place in enumerate(places):
        if number in chosen:
            parts += [text[last:place.start()], source.choice(words)]
            last = place.end()
    return "".join([*parts, text[last:]])


def middle(tokens, share, source):
    """A run of that share of an answer's tokens, from a random place."""
    count = round(share * len(tokens))
    start = source.randrange(len(tokens) - count + 1)
    return tokens[start:start + count]


def mix(tokens, share, human, source):
    """As many tokens as the answer has, of which that share is a run of it, and the rest text by people before and after."""
    kept = middle(tokens, share, source)
    missing = len(tokens) - len(kept)
    before = source.randrange(missing + 1)
    start = source.randrange(len(human) - missing)
    text = human[start:start + missing]
    return text[:before] + kept + text[before:]


def main():
    plan = json.load(sys.stdin)
    torch.set_num_threads(1)
    folder, decode = pathlib.Path(plan["folder"]), model.tokenizer().decode
    network = model.Batch(model.original(torch.bfloat16)) if plan["paraphrases"] else None
    human = []
    with open(plan["human"], encoding="utf-8") as lines:
        for line in lines:
            human += json.loads(line)["tokens"]
            if len(human) > 500_000:
                break
    words = WORDS.findall(decode(human[:200_000]))
    for name, file in plan["files"].items():
        records = read(file)
        source = random.Random(f"{plan['seed']} {name}")

        def save(edit, share, change, chosen=records):
            write(folder / f"{name}.{edit}.{share}.jsonl", [record | {"tokens": change(record["tokens"])} for record in chosen])

        for share in plan["substitutions"]:
            save("substituted", share, lambda tokens: encode(substitute(decode(tokens), share, words, source)))
        for share in plan["kept"]:
            save("kept", share, lambda tokens: middle(tokens, share, source))
        for share in plan["mixed"]:
            save("mixed", share, lambda tokens: mix(tokens, share, human, source))
        if plan["paraphrases"]:
            chosen = records[:plan["paraphrases"]]
            batch = {"scheme": "unmarked", "temperature": 0.7, "top_k": 100, "tokens": plan["tokens"], "prompts": [
                {"id": record["id"], "text": REQUEST + decode(record["tokens"][:plan["tokens"]])} for record in chosen]}
            _, rewritten = generate.answers(batch, network, torch.Generator().manual_seed(plan["seed"]))
            given = [record | {"tokens": record["tokens"][:plan["tokens"]]} for record in chosen]
            save("given", plan["tokens"], lambda tokens: tokens, given)
            write(folder / f"{name}.paraphrased.{plan['tokens']}.jsonl",
                  [record | {"tokens": tokens} for record, tokens in zip(chosen, rewritten)])


if __name__ == "__main__":
    main()
