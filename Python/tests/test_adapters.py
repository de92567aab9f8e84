"""The processors for other libraries. Needs NumPy; some of it PyTorch, transformers, or files of vLLM's wheel."""

import enum
import importlib.util
import os
import random
import sys
import tempfile
import types
import unittest

import numpy as np
import settings

from stillwatch_watermark import payload_code, scheme
from stillwatch_watermark.llama_cpp import WatermarkLogitsProcessor as Llama
from stillwatch_watermark.sampling import draw, truncate


def has(module):
    return importlib.util.find_spec(module) is not None


class Sampling(unittest.TestCase):
    def test_truncation(self):
        logs = np.log(np.array([0.1, 0.4, 0.2, 0.3], np.float32))
        for options, left in (
                ({}, [0, 1, 2, 3]), ({"top_k": 2}, [1, 3]), ({"top_k": 9}, [0, 1, 2, 3]), ({"top_p": 0.69}, [1, 3]),
                ({"top_p": 0.71}, [1, 2, 3]), ({"top_p": 0.0}, [1]), ({"min_p": 0.6}, [1, 3]),
                ({"top_k": 3, "top_p": 0.4}, [1]), ({"temperature": 0.5, "top_p": 0.8}, [1, 3])):
            scores = logs.copy()
            truncate(scores, **options)
            self.assertEqual(np.flatnonzero(scores > -np.inf).tolist(), left, options)

    def test_draws(self):
        scores = np.log(np.array([0.1, 0, 0.4, 0.5]), where=[True, False, True, True], out=np.full(4, -np.inf))
        for share, token in ((0, 0), (0.0999, 0), (0.101, 2), (0.501, 3), (1 - 2**-53, 3)):
            self.assertEqual(draw(scores.astype(np.float32), int(share * 2**64)), token)


class LlamaCpp(unittest.TestCase):
    def test_marks_as_the_generator_does(self):
        for name in ("gumbel", "sglang_gumbel", "gumbel_payload"):
            manifest, keys = settings.load(name)
            account = "acct-1" if name == "gumbel_payload" else None
            processor = Llama(manifest, keys, temperature=1, top_k=0, top_p=1, min_p=0, account=account)
            plain = scheme(manifest, keys).generator()
            if account:
                plain.set_payload(payload_code(manifest, keys, account))
            for _ in range(2):
                ids, scores = [3, 4, 5, 6], (np.arange(50) % 7).astype(np.float32)
                plain.reset(ids)
                for _ in range(12):
                    token, is_marked = plain.choose(scores)
                    left = processor(np.array(ids, np.intc), scores)
                    self.assertTrue(is_marked)
                    self.assertEqual(np.flatnonzero(left > -np.inf).tolist(), [token])
                    plain.accept(token)
                    ids.append(token)

    def test_draws_by_the_rewritten_scores(self):
        manifest, keys = settings.load("kgw_lefthash", bias=100)
        processor = Llama(manifest, keys, temperature=1, top_k=0, top_p=1, min_p=0, random=random.Random(1))
        plain = scheme(manifest, keys).generator()
        ids, scores = [3, 4, 5], np.zeros(50, np.float32)
        plain.reset(ids)
        green = scores.copy()
        plain.apply(green)
        found = set()
        for _ in range(60):
            found.add(int(processor(np.array(ids), scores).argmax()))
            processor.reset()
        self.assertLess(found, set(np.flatnonzero(green).tolist()) | {-1})
        self.assertGreater(len(found), 8)

    def test_payload_needs_an_account(self):
        with self.assertRaises(ValueError):
            Llama(*settings.load("gumbel_payload"))
        with self.assertRaises(ValueError):
            Llama(*settings.load("gumbel"), account="a")


@unittest.skipUnless(has("torch") and has("transformers"), "needs PyTorch and transformers")
class HuggingFace(unittest.TestCase):
    def setUp(self):
        import torch

        from stillwatch_watermark import hf
        self.torch, self.hf = torch, hf

    def generated(self, processor, original, steps=30, rows=3, size=50):
        """Both over the same batch; the larger difference of probabilities."""
        torch, worst = self.torch, 0
        numbers = torch.Generator().manual_seed(5)
        ids = torch.randint(0, size, (rows, 5), generator=numbers)
        for _ in range(steps):
            scores = torch.randn(rows, size, generator=numbers)
            kept = scores.clone()
            mine, theirs = processor(ids, scores), original(ids, scores.clone())
            self.assertTrue(torch.equal(scores, kept))
            worst = max(worst, (mine.softmax(-1) - theirs.softmax(-1)).abs().max().item())
            tokens = torch.randint(0, 4, (rows, 1), generator=numbers)
            ids = torch.cat([ids, tokens], 1)
        return worst

    def test_synthid_is_that_of_transformers(self):
        from transformers import SynthIDTextWatermarkLogitsProcessor
        manifest, keys = settings.load("synthid")
        original = SynthIDTextWatermarkLogitsProcessor(4, keys.values, 65536, 0, 16, self.torch.device("cpu"))
        self.assertLess(self.generated(self.hf.WatermarkLogitsProcessor(manifest, keys), original), 1e-6)

    def test_kgw_is_that_of_transformers(self):
        from transformers import WatermarkLogitsProcessor
        for name, seeding in (("kgw_lefthash", "lefthash"), ("kgw_selfhash", "selfhash")):
            manifest, keys = settings.load(name, values=[15485863])
            original = WatermarkLogitsProcessor(50, "cpu", 0.25, 1.5, 15485863, seeding, 3)
            self.assertEqual(self.generated(self.hf.WatermarkLogitsProcessor(manifest, keys), original), 0, name)

    def test_generate(self):
        from transformers import GPT2Config, GPT2LMHeadModel
        self.torch.manual_seed(1)
        model = GPT2LMHeadModel(GPT2Config(
            vocab_size=50, n_positions=64, n_embd=16, n_layer=1, n_head=2, eos_token_id=None, bos_token_id=None)).eval()
        prompt = self.torch.tensor([[1, 2, 3], [4, 5, 6]])
        manifest, keys = settings.load("gumbel")
        config = self.hf.WatermarkConfig(manifest, keys)
        found = model.generate(
            prompt, do_sample=True, temperature=0.9, top_k=40, max_new_tokens=20, watermarking_config=config,
            pad_token_id=0, use_cache=False)
        # The choices of a generator over the same scores.
        for row in found.tolist():
            generator = scheme(manifest, keys).generator()
            agreed = 0
            for length in range(3, 23):
                scores = model(self.torch.tensor([row[:length]])).logits[0, -1].detach() / 0.9
                scores[scores < scores.topk(40).values[-1]] = -self.torch.inf
                token, is_marked = generator.choose(scores)
                agreed += token == row[length] or not is_marked
                generator.accept(row[length])
            self.assertEqual(agreed, 20)

    def test_rows_that_change_places(self):
        manifest, keys = settings.load("synthid")
        processor = self.hf.WatermarkLogitsProcessor(manifest, keys)
        torch = self.torch
        ids, scores = torch.tensor([[1, 2], [1, 2]]), torch.zeros(2, 50)
        processor(ids, scores)
        ids = torch.cat([ids, torch.tensor([[7], [8]])], 1)
        processor(ids, scores)
        swapped = torch.cat([ids[[1, 1]], torch.tensor([[9], [10]])], 1)
        found = processor(swapped, scores)
        for row, last in enumerate((9, 10)):
            generator = scheme(manifest, keys).generator()
            for token in (8, last):
                generator.accept(token)
            wanted = torch.zeros(50)
            generator.apply(wanted)
            self.assertTrue(torch.equal(found[row], wanted))


class Direction(enum.Enum):
    UNIDIRECTIONAL = 1
    SWAP = 2


def stand_in_for_vllm():
    """vLLM's two interfaces, as far as a processor sees them, where vLLM is not installed."""
    if "vllm" in sys.modules or has("vllm"):
        return
    for name in ("vllm", "vllm.v1", "vllm.v1.sample", "vllm.v1.sample.logits_processor", "vllm.v1.worker",
                 "vllm.v1.worker.gpu", "vllm.v1.worker.gpu.sample", "vllm.v1.worker.gpu.sample.logits_processor"):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = []
    for name in ("vllm.v1.sample.logits_processor.interface", "vllm.v1.worker.gpu.sample.logits_processor.interface"):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].LogitsProcessor = type("LogitsProcessor", (), {})
    sys.modules["vllm.v1.sample.logits_processor.interface"].MoveDirectionality = Direction


class Config(types.SimpleNamespace):
    """vLLM's configuration, as far as it is read; as there, it has no hash."""


def parameters(**changes):
    return types.SimpleNamespace(**{
        "temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "seed": None, "extra_args": None, **changes})


def update(removed=(), added=(), moved=()):
    return types.SimpleNamespace(batch_size=8, removed=removed, added=added, moved=moved)


@unittest.skipUnless(has("torch"), "needs PyTorch")
class VLLM(unittest.TestCase):
    def setUp(self):
        import torch
        self.torch = torch
        stand_in_for_vllm()
        from stillwatch_watermark import vllm
        self.vllm = vllm
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.addCleanup(self.serve, None)

    def serve(self, name, **changes):
        self.vllm._manifest.cache_clear()
        for variable in ("STILLWATCH_WATERMARK_MANIFEST", "STILLWATCH_WATERMARK_KEYS"):
            os.environ.pop(variable, None)
        if name:
            manifest, keys = settings.write(self.folder, name, **changes)
            os.environ["STILLWATCH_WATERMARK_MANIFEST"] = manifest
            os.environ["STILLWATCH_WATERMARK_KEYS"] = keys

    def processor(self, config=None):
        config = config or Config(speculative_config=None)
        return self.vllm.WatermarkLogitsProcessor(config, "cpu", False)

    def choices(self, generator, scores, count):
        found = []
        for _ in range(count):
            token, _ = generator.choose(scores)
            generator.accept(token)
            found.append(token)
        return found

    def test_without_a_manifest_nothing_is_marked(self):
        self.serve(None)
        processor = self.processor()
        processor.update_state(update(added=[(0, parameters(), [1], [])]))
        scores = self.torch.zeros(1, 50)
        self.assertFalse(processor.apply(scores).any())
        self.vllm.WatermarkLogitsProcessor.validate_params(parameters(extra_args={"stillwatch_account": "a"}))

    def test_batch_changes(self):
        self.serve("gumbel")
        torch, processor = self.torch, self.processor()
        manifest, keys = settings.load("gumbel")
        wanted = self.choices(scheme(manifest, keys).generator(), torch.zeros(50), 12)
        outputs = [[], [], []]
        step = 0

        def run(rows):
            """One step; `rows` says which answer is where. Marked answers get the token that is left."""
            logits = torch.zeros(len(rows), 50)
            processor.apply(logits)
            for place, number in enumerate(rows):
                row = logits[place]
                if number == 2:
                    self.assertFalse(row.any())
                    outputs[number].append(step % 50)
                else:
                    self.assertEqual((row > -torch.inf).sum().item(), 1)
                    outputs[number].append(int(row.argmax()))

        # 2 turned the mark off.
        off = parameters(extra_args={"stillwatch_watermark": False})
        processor.update_state(update(added=[
            (0, parameters(), [9, 8], outputs[0]), (1, off, [9], outputs[2]), (2, parameters(), [1], outputs[1])]))
        run([0, 2, 1])
        processor.update_state(None)
        run([0, 2, 1])
        processor.update_state(update(moved=[(0, 2, self.vllm.MoveDirectionality.SWAP)]))
        run([1, 2, 0])
        processor.update_state(update(moved=[(0, 1, self.vllm.MoveDirectionality.SWAP)]))
        run([2, 1, 0])
        processor.update_state(update(removed=[0], moved=[(2, 0, self.vllm.MoveDirectionality.UNIDIRECTIONAL)]))
        run([0, 1])
        # Preempted and taken up again.
        processor.update_state(update(removed=[0]))
        processor.update_state(update(added=[(0, parameters(), [9, 8], outputs[0])]))
        run([0, 1])
        self.assertEqual(outputs[0], wanted[:6])
        self.assertEqual(outputs[1], wanted[:6])

    def test_truncated_answers_are_drawn(self):
        self.serve("kgw_lefthash", bias=100)
        torch, processor = self.torch, self.processor()
        scores = torch.arange(50).float() * 0.01
        processor.update_state(update(added=[
            (0, parameters(top_k=5, seed=3), [1, 2, 3], []), (1, parameters(), [1, 2, 3], []),
            (2, parameters(temperature=0.0), [1, 2, 3], []), (3, parameters(top_k=5, seed=3), [1, 2, 3], [])]))
        logits = processor.apply(scores.repeat(4, 1))
        self.assertEqual((logits > -torch.inf).sum(1).tolist(), [1, 50, 50, 1])
        self.assertGreaterEqual(int(logits[0].argmax()), 45)
        self.assertTrue(torch.equal(logits[0], logits[3]))
        self.assertEqual(int((logits[1] > 50).sum()), 12)
        self.assertTrue(torch.equal(logits[2], scores))

    def test_second_model_runner(self):
        self.serve("gumbel_payload")
        torch = self.torch
        manifest, keys = settings.load("gumbel_payload")
        tokens = torch.zeros(4, 64, dtype=torch.int32)
        prompt, total = np.array([2, 0, 3, 0]), torch.tensor([2, 0, 3, 0])
        tokens[0, :2], tokens[2, :3] = torch.tensor([5, 6]), torch.tensor([7, 8, 9])
        state = types.SimpleNamespace(
            all_token_ids=types.SimpleNamespace(gpu=tokens), total_len=types.SimpleNamespace(gpu=total),
            prompt_len=types.SimpleNamespace(np=prompt))
        config = Config(speculative_config=None)
        processor = self.vllm.WatermarkLogitsProcessor(config, state)
        self.assertTrue(processor.add_request(2, parameters(extra_args={"stillwatch_account": "a"}, top_k=20)))
        self.assertFalse(processor.add_request(0, parameters(extra_args={"stillwatch_watermark": False})))
        context = types.SimpleNamespace(idx_mapping_np=np.array([2, 0]))
        plain = scheme(manifest, keys).generator()
        plain.set_payload(payload_code(manifest, keys, "a"))
        scores = torch.arange(50).float() * 0.1
        truncated = scores.clone()
        truncated[:30] = -torch.inf
        wanted, found = self.choices(plain, truncated, 10), []
        for _ in range(10):
            logits = processor.apply(scores.repeat(2, 1), context)
            self.assertTrue(torch.equal(logits[1], scores))
            found.append(int(logits[0].argmax()))
            tokens[2, total[2]] = found[-1]
            total[2] += 1
        self.assertEqual(found, wanted)

    def test_scores_that_are_no_numbers_are_left(self):
        self.serve("gumbel")
        for bad in (self.torch.nan, -self.torch.inf):
            processor = self.processor()
            processor.update_state(update(added=[(0, parameters(top_p=0.9), [1], [])]))
            logits = self.torch.full((1, 50), bad)
            self.assertTrue(self.torch.equal(processor.apply(logits.clone()), logits) or logits.isnan().all())

    def test_parameters_of_requests(self):
        check = self.vllm.WatermarkLogitsProcessor.validate_params
        self.serve("gumbel")
        check(parameters())
        check(parameters(extra_args={"stillwatch_watermark": False}))
        for arguments in ({"stillwatch_watermark": "no"}, {"stillwatch_account": "a"}):
            with self.assertRaises(ValueError):
                check(parameters(extra_args=arguments))
        self.serve("gumbel_payload")
        check(parameters(extra_args={"stillwatch_account": "a"}))
        check(parameters(extra_args={"stillwatch_watermark": False}))
        for arguments in (None, {"stillwatch_account": ""}, {"stillwatch_account": 5}):
            with self.assertRaises(ValueError):
                check(parameters(extra_args=arguments))

    def test_server_settings(self):
        self.serve("gumbel")
        with self.assertRaises(ValueError):
            self.processor(Config(speculative_config=object()))
        model = types.SimpleNamespace(get_vocab_size=lambda: 51)
        with self.assertRaisesRegex(ValueError, "vocabulary_size"):
            self.processor(Config(speculative_config=None, model_config=model))
        model.get_vocab_size = lambda: 50
        self.processor(Config(speculative_config=None, model_config=model))
        self.serve("gumbel", valid_until="2020-02-01T00:00:00Z")
        with self.assertRaisesRegex(ValueError, "valid_until"):
            self.processor()
        self.serve("gumbel")
        os.environ["STILLWATCH_WATERMARK_KEYS"] += "x"
        with self.assertRaises(ValueError):
            self.processor()
        # Without a name, keys.json beside the manifest.
        del os.environ["STILLWATCH_WATERMARK_KEYS"]
        self.processor()

    def test_one_server_marks_once(self):
        self.serve("gumbel")
        config = Config(speculative_config=None)
        first, second = self.processor(config), self.processor(config)
        for processor in (first, second):
            processor.update_state(update(added=[(0, parameters(), [1], [])]))
        logits = first.apply(self.torch.zeros(1, 50))
        self.assertEqual(int((logits > -self.torch.inf).sum()), 1)
        logits = second.apply(self.torch.zeros(1, 50))
        self.assertEqual(int((logits > -self.torch.inf).sum()), 50)
        # One that is gone serves no more.
        del first, second, processor
        third = self.processor(config)
        third.update_state(update(added=[(0, parameters(), [1], [])]))
        logits = third.apply(self.torch.zeros(1, 50))
        self.assertEqual(int((logits > -self.torch.inf).sum()), 1)

    def test_tokens_that_are_not_known_yet(self):
        self.serve("gumbel")
        processor, output = self.processor(), []
        processor.update_state(update(added=[(0, parameters(), [1], output)]))
        processor.apply(self.torch.zeros(1, 50))
        output.append(-1)
        with self.assertRaisesRegex(RuntimeError, "--no-async-scheduling"):
            processor.apply(self.torch.zeros(1, 50))


if __name__ == "__main__":
    unittest.main()
