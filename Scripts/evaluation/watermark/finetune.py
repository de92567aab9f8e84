"""Fine-tunes SmolLM2-135M-Instruct on answers, and lets it answer. Runs in the environment of `environment.py`.

Reads {"answers": [files], "layers", "batch", "length", "epochs", "rate", "seed", "out", "temperature", "top_k", "tokens",
"prompts": [{"id", "text"}], "rows"} from standard input. The last `layers` layers learn, the others stay: what a student with
little time would do. Prints {"losses": mean loss of each epoch, "tokens": tokens of an epoch}.
"""

import json
import pathlib
import random
import sys

import generate
import model
import torch
from torch.nn import functional

IGNORED = -100


def hidden(network, layer, x, cosine, sine):
    """One layer over whole texts; what learns is kept in float32 and used in the model's own type."""
    rows, count, _ = x.shape
    weight = {name: value.to(x.dtype) for name, value in layer.items()}
    found = functional.linear(network.norm(x, weight["before"]), weight["qkv"])
    found = found.view(rows, count, network.heads + 2 * network.groups, network.width).transpose(1, 2)
    query, key, value = found.split([network.heads, network.groups, network.groups], 1)
    attended = functional.scaled_dot_product_attention(
        network.turn(query, cosine, sine), network.turn(key, cosine, sine), value, is_causal=True, enable_gqa=True)
    x = x + functional.linear(attended.transpose(1, 2).reshape(rows, count, -1), weight["out"])
    gate, up = functional.linear(network.norm(x, weight["after"]), weight["up"]).chunk(2, -1)
    return x + functional.linear(functional.silu(gate) * up, weight["down"])


def loss(network, learning, tokens, targets):
    count = tokens.shape[1]
    angles = torch.arange(count).unsqueeze(-1).float() * network.frequencies
    angles = torch.cat([angles, angles], -1)
    dtype = network.embedding.dtype
    cosine, sine = angles.cos().to(dtype), angles.sin().to(dtype)
    fixed = len(network.layers) - len(learning)
    with torch.no_grad():
        x = network.embedding[tokens]
        for layer in network.layers[:fixed]:
            x = hidden(network, layer, x, cosine, sine)
    for layer in learning:
        x = hidden(network, layer, x, cosine, sine)
    known = targets != IGNORED
    logits = functional.linear(network.norm(x, network.final)[known], network.output)
    return functional.cross_entropy(logits.float(), targets[known])


def windows(records, length):
    """Prompts and answers cut to one length; the loss is on the answers' tokens."""
    for record in records:
        prompt, answer = record["prompt_tokens"], record["tokens"]
        tokens = prompt + answer
        marks = [False] * len(prompt) + [True] * len(answer)
        for start in range(0, len(tokens) - 1, length):
            part, wanted = tokens[start:start + length + 1], marks[start:start + length + 1]
            missing = length + 1 - len(part)
            part, wanted = part + [0] * missing, wanted + [False] * missing
            yield part[:-1], [token if mark else IGNORED for token, mark in zip(part[1:], wanted[1:])]


def main():
    plan = json.load(sys.stdin)
    torch.set_num_threads(1)
    torch.manual_seed(plan["seed"])
    records = []
    for file in plan["answers"]:
        with open(file, encoding="utf-8") as lines:
            records += map(json.loads, lines)
    network = model.Batch(model.original(torch.bfloat16))
    learning = [{name: value.float().clone().requires_grad_() for name, value in layer.items()}
                for layer in network.layers[-plan["layers"]:]]
    steps = torch.optim.AdamW([value for layer in learning for value in layer.values()], lr=plan["rate"], weight_decay=0.0)
    parts, losses = list(windows(records, plan["length"])), []
    source = random.Random(plan["seed"])
    for epoch in range(plan["epochs"]):
        source.shuffle(parts)
        total = []
        for start in range(0, len(parts), plan["batch"]):
            tokens, targets = map(torch.tensor, zip(*parts[start:start + plan["batch"]]))
            value = loss(network, learning, tokens, targets)
            steps.zero_grad()
            value.backward()
            steps.step()
            total.append(value.item())
        losses.append(sum(total) / len(total))
        print(f"epoch {epoch + 1}: loss {losses[-1]:.3f}", file=sys.stderr, flush=True)
    network.layers[-plan["layers"]:] = [
        {name: value.detach().to(network.embedding.dtype) for name, value in layer.items()} for layer in learning]
    out = pathlib.Path(plan["out"])
    with open(out.with_suffix(".part"), "w", encoding="utf-8") as lines:
        for start in range(0, len(plan["prompts"]), plan["rows"]):
            batch = {"scheme": "unmarked", "temperature": plan["temperature"], "top_k": plan["top_k"], "tokens": plan["tokens"],
                     "prompts": plan["prompts"][start:start + plan["rows"]]}
            prompts, found = generate.answers(batch, network, torch.Generator().manual_seed(plan["seed"] + start))
            for prompt, tokens, answer in zip(batch["prompts"], prompts, found):
                lines.write(json.dumps(
                    {"id": prompt["id"], "prompt_tokens": tokens, "tokens": answer}, separators=(",", ":")) + "\n")
    out.with_suffix(".part").rename(out)
    print(json.dumps({"losses": losses, "tokens": sum(len(record["tokens"]) for record in records)}))


if __name__ == "__main__":
    main()
