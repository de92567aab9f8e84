"""Scores documents with the original detectors, and times them on one thread. Runs in the environment of `environment.py`.

Reads {"wheels", "scheme", "setting", "vocabulary", "file", "rounds", "single"} from standard input. `single` says whether each
document is a call of its own, or all are one batch where the original takes batches. Prints {"results": [{"n", "score"}],
"seconds": CPU time of each round, "tokens": tokens of a round}.
"""

import json
import pathlib
import sys
import time
import types

import torch
import upstream


class SynthID:
    """transformers' g-values, context mask and mean; documents of one length in one batch."""

    def __init__(self, setting, vocabulary):
        self.processor = upstream.synthid(setting["keys"], setting["ngram_len"])

    def score(self, tokens):
        values = self.processor.compute_g_values(tokens)
        mask = self.processor.compute_context_repetition_mask(tokens)
        counts = mask.sum(1)
        sums = (values * mask.unsqueeze(-1)).sum((1, 2))
        means = sums / (counts * values.shape[-1])
        return counts, sums, means

    def __call__(self, documents, single):
        batches = [torch.tensor([tokens]) for tokens in documents] if single else [torch.tensor(documents)]
        found = []
        for batch in batches:
            counts, sums, _ = self.score(batch)
            found += [{"n": n, "score": score} for n, score in zip(counts.tolist(), sums.tolist())]
        return found


class Gumbel:
    """vLLM's GumbelWatermarkDetector."""

    def __init__(self, setting, vocabulary):
        self.detector = upstream.vllm_gumbel().GumbelWatermarkDetector(setting["key"], setting["context_width"])

    def __call__(self, documents, single):
        found = [self.detector.detect(tokens) for tokens in documents]
        return [{"n": each.num_scored_tokens, "score": each.score, "p": each.p_value} for each in found]


class KGW:
    """transformers' WatermarkDetector, repeated pairs counted once."""

    def __init__(self, setting, vocabulary):
        import transformers

        config = types.SimpleNamespace(bos_token_id=-1, is_encoder_decoder=False, vocab_size=vocabulary)
        self.detector = transformers.WatermarkDetector(
            config, "cpu", {"greenlist_ratio": setting["gamma"], "bias": setting["bias"], "hashing_key": setting["key"],
                            "seeding_scheme": "lefthash", "context_width": 1}, ignore_repeated_ngrams=True)

    def __call__(self, documents, single):
        found = []
        for tokens in documents:
            each = self.detector(torch.tensor([tokens]), return_dict=True)
            found.append({"n": int(each.num_tokens_scored[0]), "score": float(each.num_green_tokens[0])})
        return found


class SGLang:
    """SGLang's WatermarkDetector."""

    def __init__(self, setting, vocabulary):
        self.detector = upstream.sglang_detector().WatermarkDetector(
            setting["key"], context_window=setting["context_width"])

    def __call__(self, documents, single):
        found = [self.detector.detect_tokens(tokens).combined for tokens in documents]
        return [{"n": each.num_contexts, "score": each.score, "log_p": each.log_p_value} for each in found]


DETECTORS = {"synthid": SynthID, "gumbel": Gumbel, "kgw": KGW, "sglang": SGLang}


def main():
    plan = json.load(sys.stdin)
    torch.set_num_threads(1)
    upstream.load(pathlib.Path(plan["wheels"]))
    with open(plan["file"], encoding="utf-8") as lines:
        documents = [json.loads(line)["tokens"] for line in lines]
    detector = DETECTORS[plan["scheme"]](plan["setting"], plan["vocabulary"])
    with torch.inference_mode():
        detector(documents[:2], plan["single"])
        seconds = []
        for _ in range(plan["rounds"]):
            started = time.process_time()
            results = detector(documents, plan["single"])
            seconds.append(time.process_time() - started)
    print(json.dumps({"results": results, "seconds": seconds, "tokens": sum(map(len, documents))}))


if __name__ == "__main__":
    main()
