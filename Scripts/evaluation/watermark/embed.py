"""What a mark costs per token: the package stillwatch_watermark beside the original generators. Runs in the environment of
`environment.py`.

Reads {"wheels", "package", "vocabulary", "top_k", "tokens", "rounds", "schemes": {name: setting}, "fields"} from standard input.
Prints for each scheme, with scores for the whole vocabulary and with what top-k leaves: whether both chose the same or rewrote
alike, and CPU seconds a token in each round; and what a call of the C library takes from Python.
"""

import json
import pathlib
import sys
import time

import torch
import upstream


def rows(plan, cut):
    """Scores of made-up tokens: log-probabilities as peaked as a language model's."""
    source = torch.Generator().manual_seed(plan["seed"])
    found = []
    for _ in range(plan["tokens"]):
        logits = torch.randn(1, plan["vocabulary"], generator=source) * 3
        if cut:
            least = logits.topk(plan["top_k"]).values[:, -1:]
            logits = logits.masked_fill(logits < least, -torch.inf)
        found.append(torch.log_softmax(logits, -1))
    return found


class Ours:
    def __init__(self, kind, setting):
        import stillwatch_watermark as package

        keys = setting.pop("keys")
        self.generator = package.Scheme(package.Kind[kind], keys=keys, **setting).generator()
        self.is_choice = not self.generator.scheme.rewrites_scores

    def __call__(self, scores, prompt, tokens):
        """What became of each row; rows are rewritten in place."""
        self.generator.reset(prompt)
        for row, token in zip(scores, tokens):
            if self.is_choice:
                yield self.generator.choose(row, (1, 2))
            else:
                self.generator.apply(row)
                yield row
            self.generator.accept(token)


class Theirs:
    def __init__(self, name, setting, vocabulary):
        self.name, self.setting, self.vocabulary = name, setting, vocabulary

    def __call__(self, scores, prompt, tokens):
        sequence = torch.tensor([prompt])
        if self.name == "synthid":
            process = upstream.synthid(self.setting["keys"], self.setting["ngram_len"])
        elif self.name == "kgw":
            process = upstream.kgw(self.vocabulary, self.setting["key"], self.setting["gamma"], self.setting["bias"])
        else:
            width = self.setting["context_width"]
            marker = upstream.vllm_gumbel().GumbelWatermarker(self.setting["key"], width)
            context = [-1] * width

            def process(_, row):
                return int(marker.sample(row, torch.tensor([context[-width:]])).token_ids[0])

        for row, token in zip(scores, tokens):
            yield process(sequence, row)
            sequence = torch.cat([sequence, torch.tensor([[token]])], 1)
            if self.name == "gumbel":
                context.append(token)


def alike(name, ours, theirs):
    """Chose the same token where the mark chose, or made the same probabilities to rounding."""
    if name == "gumbel":
        return ours[0] == theirs
    return torch.allclose(torch.softmax(ours, -1), torch.softmax(theirs, -1), rtol=1e-3, atol=1e-6)


def timed(run, scores, prompt, tokens):
    scores = [row.clone() for row in scores]
    started = time.process_time()
    for _ in run(scores, prompt, tokens):
        pass
    return (time.process_time() - started) / len(tokens)


def call():
    """Seconds that the least call of the C library takes from Python, and one of Python itself."""
    from stillwatch_watermark import native

    function, count = native._library.swm_abi_version, 1_000_000
    started = time.process_time()
    for _ in range(count):
        function()
    return (time.process_time() - started) / count


@torch.inference_mode()
def main():
    plan = json.load(sys.stdin)
    torch.set_num_threads(1)
    upstream.load(pathlib.Path(plan["wheels"]))
    sys.path.insert(0, plan["package"])
    found = {"call": call(), "rows": []}
    source = torch.Generator().manual_seed(plan["seed"])
    tokens = torch.randint(plan["vocabulary"], (plan["tokens"],), generator=source).tolist()
    prompt = torch.randint(plan["vocabulary"], (8,), generator=source).tolist()
    for cut in (False, True):
        scores = rows(plan, cut)
        for name, setting in plan["schemes"].items():
            ours = Ours(plan["kinds"][name], dict(plan["fields"][name]))
            theirs = Theirs(name, setting, plan["vocabulary"])
            pairs = zip(ours([row.clone() for row in scores], prompt, tokens), theirs(scores, prompt, tokens))
            agreed = sum(alike(name, mine, other) for mine, other in pairs)
            times = {"ours": [], "theirs": []}
            for _ in range(plan["rounds"]):
                times["ours"].append(timed(ours, scores, prompt, tokens))
                times["theirs"].append(timed(theirs, scores, prompt, tokens))
            found["rows"].append({"scheme": name, "cut": cut, "alike": agreed, "tokens": len(tokens), "seconds": times})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
