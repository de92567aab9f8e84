"""Writes answers of SmolLM2-135M-Instruct, marked by the original generators, as JSON Lines. Runs in the environment of
`environment.py`.

Reads a plan from standard input: {"wheels", "seed", "batches": [{"file", "scheme", "setting", "temperature", "top_k",
"tokens", "prompts": [{"id", "text"}]}]}; with "cuts" in a batch the texts of the answers' first tokens are written as
well. A batch whose file is there is left as it is, so that a run can go on where one was ended. The end-of-answer token
is never drawn: all answers have the same length.
"""

import json
import pathlib
import sys
import time

import model
import torch
import upstream

# Tokens of the chat format, which no answer may hold.
SPECIAL = range(17)


@torch.inference_mode()
def answers(batch, network, generator):
    prompts = [prompt.get("tokens") or model.chat(prompt["text"]) for prompt in batch["prompts"]]
    vocabulary = len(network.output)
    source = upstream.GENERATORS[batch["scheme"]](batch.get("setting"), len(prompts), vocabulary)
    longest = max(map(len, prompts))
    sequences = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
    found = torch.empty((len(prompts), 0), dtype=torch.int64)
    scores = network.start(prompts, batch["tokens"])
    for number in range(batch["tokens"]):
        scores[:, list(SPECIAL)] = -torch.inf
        top, candidates = (scores / batch["temperature"]).topk(batch["top_k"])
        token = source.choose(sequences, found, top, candidates, generator).unsqueeze(1)
        sequences, found = torch.cat([sequences, token], 1), torch.cat([found, token], 1)
        if number + 1 < batch["tokens"]:
            scores = network.step(token)
    return prompts, found.tolist()


def main():
    plan = json.load(sys.stdin)
    torch.set_num_threads(1)
    upstream.load(pathlib.Path(plan["wheels"]))
    network = model.Batch(model.original(torch.bfloat16))
    for number, batch in enumerate(plan["batches"]):
        file = pathlib.Path(batch["file"])
        if file.exists():
            continue
        started = time.process_time()
        prompts, found = answers(batch, network, torch.Generator().manual_seed(plan["seed"] + number))
        kept = {"scheme": batch["scheme"], "temperature": batch["temperature"]}
        part = file.with_suffix(".part")
        with open(part, "w", encoding="utf-8") as out:
            for prompt, tokens, answer in zip(batch["prompts"], prompts, found):
                record = {"id": prompt["id"], **kept, "prompt_tokens": tokens, "tokens": answer}
                if "cuts" in batch:
                    record["texts"] = {cut: model.tokenizer().decode(answer[:cut]) for cut in batch["cuts"]}
                out.write(json.dumps(record) + "\n")
        part.rename(file)
        seconds = time.process_time() - started
        count = sum(map(len, found))
        print(f"{file.name}: {len(found)} answers, {count} tokens, {count / seconds:.0f} tokens/s of CPU time",
              file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
