"""The original generators and detectors of watermarks: transformers' from its package, vLLM's and SGLang's from the files of
their wheels. Runs in the environment of `environment.py`.

Where a generator goes over the whole vocabulary, it is handed the tokens that top-k has left: the others have probability 0
and cannot be drawn, so that what it draws is the same.
"""


import importlib
import sys
import types

import torch
import transformers
from transformers.generation import logits_process


def stub(name, **contents):
    """Puts a module in place of one that the files below import and do not need on a processor."""
    module = types.ModuleType(name)
    module.__dict__.update(contents)
    module.__path__ = []
    sys.modules[name] = module
    return module


def unused(*_, **__):
    raise RuntimeError("a stand-in was called")


def load(wheels):
    """Makes vLLM's and SGLang's files importable: `wheels` is the folder they were unpacked to."""
    if "vllm" in sys.modules:
        return
    sys.path.insert(0, str(wheels))
    package = stub("vllm")
    package.__path__ = [str(wheels / "vllm")]
    logger = types.SimpleNamespace(warning_once=lambda *_, **__: None)
    stub("vllm.logger", init_logger=lambda _: logger)
    stub("vllm.config").__path__ = [str(wheels / "vllm" / "config")]
    stub("vllm.config.utils", config=lambda kind: kind)
    stub("vllm.v1").__path__ = [str(wheels / "vllm" / "v1")]
    for name in ("vllm.v1.worker", "vllm.v1.worker.gpu", "vllm.v1.worker.gpu.sample"):
        stub(name)
    stub("vllm.v1.worker.gpu.sample.gumbel", gumbel_sample=unused)
    for name in ("sglang", "sglang.srt", "sglang.srt.sampling"):
        stub(name).__path__ = [str(wheels / name.replace(".", "/"))]


def vllm_gumbel():
    """vLLM's module of Gumbel generators and detectors."""
    # vLLM compiles its hash for graphics cards when it is loaded, which a processor never calls.
    compiler, torch.compile = torch.compile, lambda function, **_: function
    try:
        return importlib.import_module("vllm.v1.watermarking.gumbel")
    finally:
        torch.compile = compiler


def vllm_philox():
    vllm_gumbel()
    return importlib.import_module("vllm.v1.watermarking.prfs")


def sglang_core():
    return importlib.import_module("sglang.srt.sampling.watermarking.core")


def sglang_detector():
    return importlib.import_module("sglang.srt.sampling.watermarking.detector")


def synthid(keys, ngram_len=5, kind=transformers.SynthIDTextWatermarkLogitsProcessor):
    return kind(ngram_len=ngram_len, keys=keys, sampling_table_size=65536, sampling_table_seed=0,
                context_history_size=1024, device=torch.device("cpu"))


def kgw(vocabulary, key, gamma, bias, scheme="lefthash", width=1):
    return transformers.WatermarkLogitsProcessor(
        vocab_size=vocabulary, device="cpu", greenlist_ratio=gamma, bias=bias, hashing_key=key, seeding_scheme=scheme,
        context_width=width)


class CandidateSynthID(logits_process.SynthIDTextWatermarkLogitsProcessor):
    """transformers' processor, with the candidates' token ids in place of all."""

    candidates = None

    def _compute_keys(self, n_minus_1_grams, indices):
        return super()._compute_keys(n_minus_1_grams, self.candidates)


def draw(scores, generator):
    return torch.multinomial(torch.softmax(scores, -1), 1, generator=generator).squeeze(-1)


class Unmarked:
    def __init__(self, setting, rows, vocabulary):
        pass

    def choose(self, sequences, answers, scores, candidates, generator):
        """The next token of each row.

        `sequences` holds the tokens of prompts and answers, `answers` those of the answers alone, `scores` the logits of
        `candidates` after temperature and top-k.
        """
        return candidates.gather(1, draw(scores, generator).unsqueeze(1)).squeeze(1)


class SynthID(Unmarked):
    """transformers' SynthIDTextWatermarkLogitsProcessor, then a draw."""

    def __init__(self, setting, rows, vocabulary):
        self.processor = synthid(setting["keys"], setting["ngram_len"], CandidateSynthID)

    def choose(self, sequences, answers, scores, candidates, generator):
        self.processor.candidates = candidates
        scores = self.processor(sequences, scores)
        return candidates.gather(1, draw(scores, generator).unsqueeze(1)).squeeze(1)


class KGW(Unmarked):
    """transformers' WatermarkLogitsProcessor, then a draw."""

    def __init__(self, setting, rows, vocabulary):
        self.processor = kgw(vocabulary, setting["key"], setting["gamma"], setting["bias"])
        self.vocabulary = vocabulary

    def choose(self, sequences, answers, scores, candidates, generator):
        full = torch.full((len(scores), self.vocabulary), -torch.inf)
        full.scatter_(1, candidates, scores)
        full = self.processor(sequences, full)
        return draw(full, generator)


class Repeats:
    """The contexts that each row has been marked with before."""

    def __init__(self, rows):
        self.seen = [set() for _ in range(rows)]

    def new(self, contexts):
        """Which rows' contexts are new; they are taken down."""
        fresh = []
        for seen, context in zip(self.seen, contexts):
            fresh.append(context not in seen)
            seen.add(context)
        return torch.tensor(fresh)


class Gumbel(Unmarked):
    """vLLM's GumbelWatermarker. As with its `single_turn`, a context that the answer has had is drawn without the mark."""

    def __init__(self, setting, rows, vocabulary):
        module, prfs = vllm_gumbel(), vllm_philox()
        outer = self

        class CandidatePRF(prfs.WatermarkPRF):
            def __init__(self):
                self.original = prfs.PhiloxPRF(setting["key"])

            def uniform(self, contexts, token_ids):
                return self.original.uniform(contexts, outer.candidates)

        self.width = setting["context_width"]
        self.watermarker = module.GumbelWatermarker(setting["key"], self.width, CandidatePRF())
        self.repeats = Repeats(rows)

    def choose(self, sequences, answers, scores, candidates, generator):
        contexts = answers[:, -self.width:]
        missing = self.width - contexts.shape[1]
        contexts = torch.cat([torch.full((len(answers), missing), -1), contexts], 1)
        fresh = self.repeats.new([tuple(context) for context in contexts.tolist()])
        self.candidates = candidates
        marked = self.watermarker.sample(scores, contexts).token_ids
        chosen = torch.where(fresh, marked, draw(scores, generator))
        return candidates.gather(1, chosen.unsqueeze(1)).squeeze(1)


class SGLang(Unmarked):
    """SGLang's select_watermark_tokens_torch; a context that the answer has had is drawn without the mark."""

    def __init__(self, setting, rows, vocabulary):
        self.module = sglang_core()
        self.hash = sglang_detector().hash_context
        self.width = setting["context_width"]
        self.key = self.module.parse_watermark_key(setting["key"])
        self.vocabulary = vocabulary
        self.repeats = Repeats(rows)

    def choose(self, sequences, answers, scores, candidates, generator):
        contexts = [tuple(row) for row in sequences[:, -self.width:].tolist()]
        fresh = self.repeats.new(contexts)
        probabilities = torch.zeros((len(scores), self.vocabulary))
        probabilities.scatter_(1, candidates, torch.softmax(scores, -1))
        marked = self.module.select_watermark_tokens_torch(
            probabilities, torch.tensor([self.hash(context) for context in contexts]),
            torch.full((len(scores),), self.key))
        drawn = candidates.gather(1, draw(scores, generator).unsqueeze(1)).squeeze(1)
        return torch.where(fresh, marked, drawn)


GENERATORS = {"unmarked": Unmarked, "synthid": SynthID, "kgw": KGW, "gumbel": Gumbel, "sglang": SGLang}


