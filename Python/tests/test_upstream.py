"""The library against the original generators, run beside it, and against published vectors.

STILLWATCH_UPSTREAM names a folder with vLLM's and SGLang's wheels unpacked, STILLWATCH_VECTORS one with vectors; what
is not there is skipped. Needs PyTorch; transformers for SynthID and KGW.
"""

import importlib
import importlib.util
import json
import os
import pathlib
import sys
import types
import unittest

import numpy as np

from stillwatch_watermark import Kind, Scheme

UPSTREAM, VECTORS = os.environ.get("STILLWATCH_UPSTREAM"), os.environ.get("STILLWATCH_VECTORS")
DEPTH_30 = [
    654, 400, 836, 123, 340, 443, 597, 160, 57, 29, 590, 639, 13, 715, 468, 990, 966, 226, 324, 585, 118, 504, 421, 521,
    129, 669, 732, 225, 90, 960]
RANDOM = (1 << 63, 1 << 63)


def has(module):
    return importlib.util.find_spec(module) is not None


def upstream(module, stand_ins):
    """A module of an unpacked wheel; packages that it imports from and that do not matter here are stand-ins."""
    import torch

    saved, compiler = dict(sys.modules), torch.compile
    root = pathlib.Path(os.environ["STILLWATCH_UPSTREAM"])
    try:
        parts = module.split(".")
        for length in range(1, len(parts) - 1):
            name = ".".join(parts[:length])
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].__path__ = [str(root.joinpath(*parts[:length]))]
        for name, contents in stand_ins.items():
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].__dict__.update(contents, __path__=[str(root.joinpath(*name.split(".")))])
        # vLLM compiles for graphics cards when it is loaded.
        torch.compile = lambda function, **_: function
        return importlib.import_module(module)
    finally:
        torch.compile = compiler
        sys.modules.clear()
        sys.modules.update(saved)


def vllm_gumbel():
    """vLLM's module of Gumbel generators."""

    def unused(*_, **__):
        raise AssertionError

    logger = types.SimpleNamespace(warning_once=lambda *_, **__: None)
    return upstream("vllm.v1.watermarking.gumbel", {
        "vllm.logger": {"init_logger": lambda _: logger}, "vllm.config": {},
        "vllm.config.utils": {"config": lambda kind: kind}, "vllm.v1.worker": {}, "vllm.v1.worker.gpu": {},
        "vllm.v1.worker.gpu.sample": {}, "vllm.v1.worker.gpu.sample.gumbel": {"gumbel_sample": unused}})


@unittest.skipUnless(has("torch") and has("transformers"), "needs PyTorch and transformers")
class Transformers(unittest.TestCase):
    def synthid(self, size, keys, history, scale, steps, few=None, most_tokens=None):
        import torch
        from transformers import SynthIDTextWatermarkLogitsProcessor
        original = SynthIDTextWatermarkLogitsProcessor(5, keys, 65536, 0, history, torch.device("cpu"))
        generator = Scheme(
            Kind.SYNTHID_TABLE, keys=keys, context_width=4, vocabulary_size=size, context_history=history,
            table_size=65536).generator()
        numbers = torch.Generator().manual_seed(size)
        ids, unmarked, single, exact = torch.tensor([[7]]), 0, 0, 0
        for _ in range(steps):
            scores = torch.randn(1, size, generator=numbers) * scale
            if few:
                scores[scores < scores.topk(few).values[0, -1]] = -torch.inf
            state = original.state and (original.state.context.clone(), original.state.context_history.clone())
            theirs, mine = original(ids, scores.clone()), scores[0].clone()
            generator.apply(mine)
            if torch.equal(theirs, scores):
                self.assertTrue(torch.equal(mine, scores[0]))
                unmarked += 1
            else:
                # The original in double precision says which of two that differ is the better one.
                if state:
                    original.state.context, original.state.context_history = state
                    original.state.num_calls -= 1
                    double = original(ids, scores.double())[0]
                else:
                    original.state = None
                    double = original(ids, scores.double())[0]
                kept = double > -60
                # A logarithm is a single-precision number itself.
                size_of = double[kept].abs().clamp_min(1)
                single = max(single, ((theirs[0].double() - double)[kept].abs() / size_of).max().item())
                exact = max(exact, ((mine.double() - double)[kept].abs() / size_of).max().item())
            token = int(torch.randint(0, most_tokens or size, (1,), generator=numbers))
            ids = torch.cat([ids, torch.tensor([[token]])], 1)
            generator.accept(token)
        print(
            f"  SynthID, {size} tokens, depth {len(keys)}, scale {scale}: log-probabilities differ from the original's "
            f"in double precision by at most {exact:.1e} of their size, the original's in single precision by "
            f"{single:.1e}; {unmarked} of {steps} unmarked")
        self.assertLess(exact, 1e-5)
        return unmarked

    def test_synthid(self):
        self.assertEqual(self.synthid(50257, DEPTH_30, 1024, 1, 3), 0)
        self.assertEqual(self.synthid(50257, DEPTH_30, 1024, 3, 3), 0)
        self.assertEqual(self.synthid(50257, DEPTH_30, 1024, 3, 3, few=100), 0)
        self.assertEqual(self.synthid(5000, DEPTH_30 + [k + 7 for k in DEPTH_30], 1024, 1, 3), 0)

    def test_synthid_history(self):
        self.assertGreater(self.synthid(40, DEPTH_30[:9], 16, 1, 300, most_tokens=2), 20)
        self.assertEqual(self.synthid(40, DEPTH_30[:9], 0, 1, 50, most_tokens=2), 0)

    def test_kgw(self):
        import torch
        from transformers import WatermarkLogitsProcessor
        for kind, name, size, width, steps in (
                (Kind.KGW_LEFT, "lefthash", 50257, 1, 8), (Kind.KGW_LEFT, "lefthash", 1000, 3, 30),
                (Kind.KGW_SELF, "selfhash", 1000, 1, 20), (Kind.KGW_SELF, "selfhash", 32000, 4, 2)):
            original = WatermarkLogitsProcessor(size, "cpu", 0.25, 2.0, 15485863, name, width)
            generator = Scheme(
                kind, keys=[15485863], context_width=width, vocabulary_size=size, gamma=0.25, bias=2.0).generator()
            numbers = torch.Generator().manual_seed(size)
            ids = torch.randint(0, size, (1, 5), generator=numbers)
            generator.reset(ids[0].tolist())
            for _ in range(steps):
                scores = torch.randn(1, size, generator=numbers) * 3
                mine = scores[0].clone()
                generator.apply(mine)
                self.assertTrue(torch.equal(original(ids, scores)[0], mine), (name, size, width))
                token = torch.randint(0, size, (1, 1), generator=numbers)
                ids = torch.cat([ids, token], 1)
                generator.accept(int(token))


@unittest.skipUnless(has("torch") and UPSTREAM, "needs PyTorch and --upstream")
class Servers(unittest.TestCase):
    def compare(self, name, generators, choose, width, size, steps):
        """Choices over scores of many shapes. A choice may differ where two candidates are equal to float precision."""
        import torch
        numbers = torch.Generator().manual_seed(size + width)
        generator, differ = generators, 0
        for step in range(steps):
            context = torch.randint(0, size, (width,), generator=numbers)
            generator.reset(context.tolist())
            for token in context.tolist():
                generator.accept(token)
            scores = torch.randn(size, generator=numbers) * (0.2, 1, 3, 10)[step % 4]
            if step % 3 == 0:
                scores[scores < scores.topk(min(40, size)).values[-1]] = -torch.inf
            token, is_marked = generator.choose(scores.clone(), RANDOM)
            self.assertTrue(is_marked)
            theirs, margin = choose(scores, context, token)
            if token != theirs:
                differ += 1
                self.assertLess(margin, 1e-5, (name, step))
        print(f"  {name}, {size} tokens: {steps - differ} of {steps} choices equal, {differ} between equals")

    def test_vllm(self):
        import torch
        module = vllm_gumbel()
        for key, width, size, steps in (
                (42, 4, 50257, 40), (2**64 - 1, 5, 1001, 200), (7, 1, 3, 200), (9, 16, 128, 100)):
            original = module.GumbelWatermarker(key, width)

            def choose(scores, context, other):
                uniforms = original.prf.uniform(context[None], torch.arange(len(scores)))[0]
                sums = scores - torch.log(-torch.log(uniforms))
                token = int(original._sample_watermarked(scores[None], context[None]).token_ids[0])
                return token, (sums[token] - sums[other]).item()

            generator = Scheme(
                Kind.GUMBEL_PHILOX, keys=[key], context_width=width, vocabulary_size=size).generator()
            self.compare(f"vLLM, width {width}", generator, choose, width, size, steps)

    def test_sglang(self):
        import torch
        core = upstream("sglang.srt.sampling.watermarking.core", {})
        for keys, alpha, width, size, steps in (
                ([0x123456789ABCDEF], 0, 4, 50257, 40), ([-1], 0, 1, 1001, 200), ([5, -7], 0.3, 3, 1001, 200)):
            second = torch.tensor(keys[1:]) if keys[1:] else None
            threshold = torch.tensor([int(alpha * 2**32)]) if keys[1:] else None

            def choose(scores, context, other):
                probabilities = scores.softmax(0)[None]
                hashes = core._hash_contexts(context[None], torch.tensor([len(context)]))
                token = int(core.select_watermark_tokens_torch(
                    probabilities, hashes, torch.tensor(keys[:1]), second, threshold)[0])
                pair = torch.tensor([[token, other]])
                key = torch.tensor(keys[:1])
                if keys[1:] and not core._dual_key_a_mask_torch(key, second, hashes, threshold):
                    key = second
                logs = core._log_uniform_from_hash_torch(core._watermark_hash32_torch(key, hashes, pair[0]))
                sums = logs / probabilities.gather(1, pair)
                return token, (1 - sums[0, 0] / sums[0, 1]).item()

            generator = Scheme(
                Kind.GUMBEL_MURMUR, keys=keys, alpha=alpha, context_width=width, vocabulary_size=size).generator()
            self.compare(f"SGLang, {len(keys)} keys", generator, choose, width, size, steps)


@unittest.skipUnless(VECTORS, "needs --vectors")
class Vectors(unittest.TestCase):
    def read(self, name):
        return json.loads((pathlib.Path(VECTORS) / name).read_text())

    def layers(self, kind, keys, size, **settings):
        """A generator for each layer. Over equal scores its result says which tokens have g = 1."""
        return [
            Scheme(kind, keys=[key], vocabulary_size=size, **settings).generator() for key in keys]

    def check_layers(self, case, generators, size, width):
        tokens = case["token_ids"]
        for layer, generator in enumerate(generators):
            for position in range(width, len(tokens)):
                for token in tokens[position - width:position]:
                    generator.accept(token)
                scores = np.zeros(size, np.float32)
                generator.apply(scores)
                self.assertEqual(
                    int(scores[tokens[position]] > -np.log(size)), case["g_values"][position - width][layer],
                    (case["name"], position, layer))

    def test_synthid_layers(self):
        for case in self.read("synthid_transformers.json")["cases"]:
            if "g_values" not in case or len(case["token_ids"]) > 100:
                continue
            size, width = max(case["token_ids"]) + 2, case["ngram_len"] - 1
            generators = self.layers(
                Kind.SYNTHID_TABLE, map(int, case["keys"]), size, context_width=width,
                table_size=case["sampling_table_size"], table_seed=case["sampling_table_seed"])
            self.check_layers(case, generators, size, width)

    def test_synthid_layers_of_deepmind(self):
        for case in self.read("synthid_deepmind_main.json")["cases"]:
            size, width = max(case["token_ids"]) + 2, case["ngram_len"] - 1
            generators = self.layers(
                Kind.SYNTHID_HASH, map(int, case["keys"]), size, context_width=width,
                hash_start=int(case["hash_iv"]))
            self.check_layers({**case, "token_ids": case["token_ids"][:12]}, generators, size, width)

    def test_synthid_scores(self):
        for case in self.read("synthid_transformers.json")["update_scores"]:
            count = len(case["scores_f64"])
            generator = Scheme(
                Kind.SYNTHID_TABLE, keys=case["keys"], context_width=4, vocabulary_size=100,
                table_size=65536).generator()
            for token in case["context"]:
                generator.accept(token)
            scores = np.full(100, -np.inf, np.float32)
            scores[:count] = case["scores_f64"]
            generator.apply(scores)
            np.testing.assert_allclose(scores[:count], case["updated_log_probs_f64"], rtol=2e-6, atol=2e-6)

    def test_green_flags(self):
        for case in self.read("kgw_transformers.json")["cases"]:
            tokens, width = case["token_ids"], case["context_width"]
            is_left = case["seeding_scheme"] == "lefthash"
            generator = Scheme(
                Kind.KGW_LEFT if is_left else Kind.KGW_SELF, keys=[case["hashing_key"]], context_width=width,
                vocabulary_size=case["vocab_size"], gamma=case["greenlist_ratio"], bias=1.0).generator()
            # transformers scores a self-hashed token with its own window; the generator asks for one more before it.
            before = width if is_left else max(width - 1, 1)
            flags = case["green_flags"][-(len(tokens) - width):]
            for position, flag in zip(range(width, len(tokens)), flags):
                start = position - before
                generator.reset(([0] if before < width else []) + tokens[start:position])
                scores = np.full(case["vocab_size"], -np.inf, np.float32)
                scores[tokens[position]] = 0
                generator.apply(scores)
                self.assertEqual(int(scores[tokens[position]] == 1), flag, (case["name"], position))


if __name__ == "__main__":
    unittest.main()
