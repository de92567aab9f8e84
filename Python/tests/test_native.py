"""The C library through its wrapper. Expected numbers come of running the named original."""

import array
import unittest

import numpy as np

from stillwatch_watermark import Kind, Scheme, WatermarkError

RANDOM = (1 << 63, 1 << 63)


def answer(generator, scores, count):
    """Tokens chosen one after another; `scores` are the same for all."""
    found = []
    for _ in range(count):
        token, is_marked = generator.choose(scores, RANDOM)
        assert is_marked
        generator.accept(token)
        found.append(token)
    return found


class Choices(unittest.TestCase):
    def test_philox(self):
        # vLLM 0.33 GumbelWatermarker.
        scores = (np.arange(50) % 7 * 0.5).astype(np.float32)
        g = Scheme(Kind.GUMBEL_PHILOX, keys=[2026], context_width=3, vocabulary_size=50).generator()
        self.assertEqual(
            answer(g, scores, 20), [41, 24, 5, 13, 17, 34, 44, 48, 28, 39, 10, 41, 41, 48, 6, 3, 18, 6, 4, 20])
        g = Scheme(Kind.GUMBEL_PHILOX, keys=[2**64 - 1], context_width=5, vocabulary_size=50).generator()
        self.assertEqual(answer(g, np.zeros(50, np.float32), 12), [13, 10, 19, 33, 3, 3, 24, 42, 13, 30, 27, 9])

    def test_philox_context_is_the_answer_alone(self):
        g = Scheme(Kind.GUMBEL_PHILOX, keys=[2026], context_width=3, vocabulary_size=50).generator()
        g.reset([7, 8, 9])
        self.assertEqual(answer(g, (np.arange(50) % 7 * 0.5).astype(np.float32), 3), [41, 24, 5])

    def test_murmur(self):
        # SGLang 0.5.23 select_watermark_tokens_torch.
        scores = (np.arange(50) % 5 * 0.5).astype(np.float32)
        g = Scheme(Kind.GUMBEL_MURMUR, keys=[0x123456789], context_width=2, vocabulary_size=50).generator()
        g.reset([1])
        self.assertEqual(answer(g, scores, 16), [49, 9, 47, 48, 33, 21, 14, 27, 44, 24, 9, 9, 29, 4, 23, 44])
        g = Scheme(
            Kind.GUMBEL_MURMUR, keys=[0x123456789, -5], alpha=0.5, context_width=2, vocabulary_size=50).generator()
        g.reset([1, 2])
        self.assertEqual(answer(g, scores, 16), [44, 23, 49, 18, 41, 39, 36, 24, 28, 38, 9, 4, 17, 49, 9, 47])

    def test_murmur_needs_a_context(self):
        g = Scheme(Kind.GUMBEL_MURMUR, keys=[1], context_width=2, vocabulary_size=50).generator()
        self.assertFalse(g.choose(np.zeros(50, np.float32), RANDOM)[1])

    def test_second_key_is_taken_with_probability_alpha(self):
        scores = np.zeros(50, np.float32)
        first, second, both = (
            Scheme(Kind.GUMBEL_PHILOX, keys=keys, alpha=0.25, context_width=3, vocabulary_size=50).generator()
            for keys in ([5], [6], [5, 6]))
        tokens = first.choose(scores, RANDOM)[0], second.choose(scores, RANDOM)[0]
        self.assertNotEqual(*tokens)
        for share, expected in ((0, 1), (0.2499, 1), (0.2501, 0), (0.9999, 0)):
            self.assertEqual(both.choose(scores, (0, int(share * 2**64)))[0], tokens[expected], share)

    def test_repeated_context_is_drawn_by_the_random_number(self):
        g = Scheme(
            Kind.GUMBEL_PHILOX, keys=[5], context_width=1, vocabulary_size=4, context_history=3).generator()
        scores = np.log(np.array([0.1, 0.2, 0.3, 0.4])).astype(np.float32)
        for token in (0, 1, 0):
            g.accept(token)
        for share, token in ((0, 0), (0.0999, 0), (0.101, 1), (0.299, 1), (0.301, 2), (0.601, 3), (0.999999, 3)):
            self.assertEqual(g.choose(scores, (int(share * 2**64), 0)), (token, False), share)
        # Two positions later it is too long ago.
        g.accept(2)
        g.accept(2)
        g.accept(1)
        self.assertTrue(g.choose(scores, RANDOM)[1])

    def test_full_history_ends_the_mark_of_murmur(self):
        g = Scheme(
            Kind.GUMBEL_MURMUR, keys=[5], context_width=1, vocabulary_size=50, context_history=4).generator()
        g.reset([1])
        marks = []
        for token in range(2, 10):
            marks.append(g.choose(np.zeros(50, np.float32), RANDOM)[1])
            g.accept(token)
        self.assertEqual(marks, [True] * 4 + [False] * 4)

    def test_pruning_changes_no_choice(self):
        # Peaked, flat and truncated scores against all tokens one by one: two candidates at a time settle any order.
        generator = np.random.default_rng(4)
        size = 777
        for kind, keys in ((Kind.GUMBEL_PHILOX, [9]), (Kind.GUMBEL_MURMUR, [9])):
            g = Scheme(kind, keys=keys, context_width=1, vocabulary_size=size).generator()
            for trial in range(40):
                g.reset([trial])
                g.accept(trial)
                scores = (generator.normal(size=size) * (0.1, 1, 5, 20)[trial % 4]).astype(np.float32)
                if trial % 3 == 0:
                    scores[generator.random(size) < 0.9] = -np.inf
                chosen = g.choose(scores, RANDOM)[0]
                for rival in np.flatnonzero(scores > -np.inf)[:60]:
                    duel = np.full(size, -np.inf, np.float32)
                    duel[[chosen, rival]] = scores[[chosen, rival]]
                    self.assertEqual(g.choose(duel, RANDOM)[0], chosen, (kind, trial, rival))

    def test_payload_changes_the_numbers_and_needs_to_be_set(self):
        scheme = Scheme(
            Kind.GUMBEL_PAYLOAD, keys=[5], context_width=2, vocabulary_size=50, payload_symbols=2, payload_radix=4)
        g, scores = scheme.generator(), np.zeros(50, np.float32)
        with self.assertRaises(WatermarkError) as caught:
            g.choose(scores, RANDOM)
        self.assertEqual(caught.exception.status, 5)
        answers = set()
        for payload in ([0, 0], [0, 1], [3, 0], [3, 3]):
            g.set_payload(payload)
            g.reset()
            answers.add(tuple(answer(g, scores, 12)))
        self.assertEqual(len(answers), 4)
        for payload in ([0], [0, 4], [0, 0, 0]):
            with self.assertRaises(WatermarkError):
                g.set_payload(payload)


class Scores(unittest.TestCase):
    def test_synthid(self):
        # transformers 5.23 in double precision.
        expected = [
            [-7.08299, -3.238518, -1.859964, -3.418393, -4.274561, -1.109964, -0.859964, -5.33299],
            [-6.369066, -3.398838, -3.236529, -1.482588, -2.448876, -2.398838, -0.732588, -3.202817],
            [-1.741028, -3.429457, -3.179457, -2.97748, -1.774598, -2.606191, -1.145887, -1.97748],
            [-4.84933, -3.840912, -2.719384, -4.312806, -2.219384, -1.969384, -3.34933, -0.497491],
            [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75]]
        g = Scheme(
            Kind.SYNTHID_TABLE, keys=[11, -22, 3_000_000_000], context_width=2, vocabulary_size=8, table_size=65536,
            context_history=16).generator()
        g.reset([5])
        for token, wanted in zip((3, 1, 3, 1, 6), expected):
            scores = (np.arange(8) * 0.25).astype(np.float32)
            g.apply(scores)
            np.testing.assert_allclose(scores, wanted, atol=3e-6)
            g.accept(token)

    def test_few_and_many_tokens_take_the_same_way(self):
        # Few possible tokens are copied to one place; they are the same among many that have no weight.
        for kind, extra in ((Kind.SYNTHID_TABLE, {"table_size": 65536}), (Kind.SYNTHID_HASH, {"hash_start": 77}),
                            (Kind.SYNTHID_TABLE, {"table_size": 1000})):
            for depth in (1, 31, 32, 33, 64):
                g = Scheme(
                    kind, keys=range(3, 3 + depth), context_width=4, vocabulary_size=5003, **extra).generator()
                few = np.full(5003, -np.inf, np.float32)
                few[::50] = np.random.default_rng(depth).normal(size=101)
                many = np.where(few > -np.inf, few, -200).astype(np.float32)
                g.apply(few)
                g.apply(many)
                np.testing.assert_allclose(few[::50], many[::50], rtol=1e-5, atol=1e-5)
                self.assertEqual(few[1], np.finfo(np.float32).min)
                self.assertAlmostEqual(np.exp(few.astype(np.float64)).sum(), 1, places=4)

    def test_lefthash(self):
        # transformers 5.23.
        g = Scheme(Kind.KGW_LEFT, keys=[77], context_width=1, vocabulary_size=20, gamma=0.25, bias=1.5).generator()
        scores = np.zeros(20, np.float32)
        g.apply(scores)
        self.assertFalse(scores.any())
        g.reset([4, 9])
        g.apply(scores)
        self.assertEqual(np.flatnonzero(scores).tolist(), [2, 13, 15, 16, 18])
        self.assertEqual(scores[2], 1.5)

    def test_selfhash(self):
        g = Scheme(Kind.KGW_SELF, keys=[77], context_width=3, vocabulary_size=60, gamma=0.4, bias=1.5).generator()
        g.reset([4, 9, 2])
        scores = -np.arange(60, dtype=np.float32)
        g.apply(scores)
        self.assertEqual(
            np.flatnonzero(scores + np.arange(60)).tolist(),
            [1, 2, 4, 8, 9, 14, 15, 18, 20, 22, 24, 26, 29, 31, 32, 33, 35, 38, 39])


class Arguments(unittest.TestCase):
    def setUp(self):
        self.scheme = Scheme(Kind.GUMBEL_PHILOX, keys=[1], context_width=2, vocabulary_size=10)
        self.generator = self.scheme.generator()

    def assert_status(self, status, function, *arguments, **named):
        with self.assertRaises(WatermarkError) as caught:
            function(*arguments, **named)
        self.assertEqual(caught.exception.status, status)

    def test_bad_scores(self):
        for value in (np.nan, np.inf):
            scores = np.zeros(10, np.float32)
            scores[3] = value
            self.assert_status(8, self.generator.choose, scores)
        self.assert_status(9, self.generator.choose, np.full(10, -np.inf, np.float32))
        self.assert_status(7, self.generator.choose, np.zeros(11, np.float32))
        self.assert_status(3, self.generator.apply, np.zeros(10, np.float32))

    def test_bad_arrays(self):
        for scores in (np.zeros(10), np.zeros(20, np.float32)[::2], [0.0] * 10):
            with self.assertRaises(TypeError):
                self.generator.choose(scores)
        readonly = np.zeros(10, np.float32)
        readonly.setflags(write=False)
        self.generator.choose(readonly)
        rewriting = Scheme(Kind.KGW_LEFT, keys=[1], context_width=1, vocabulary_size=10, gamma=0.5).generator()
        with self.assertRaises(TypeError):
            rewriting.apply(readonly)
        rewriting.apply(array.array("f", [0.0] * 10))

    def test_bad_tokens(self):
        self.assert_status(6, self.generator.accept, 10)
        self.assert_status(6, self.generator.accept, -1)
        rewriting = Scheme(Kind.KGW_LEFT, keys=[1], context_width=1, vocabulary_size=10, gamma=0.5).generator()
        self.assert_status(6, rewriting.reset, [3, 10])

    def test_bad_parameters(self):
        good = {"keys": [1], "context_width": 2, "vocabulary_size": 10}
        for status, change in (
                (4, {"keys": []}), (4, {"keys": [1 << 64]}), (4, {"keys": [1, 2, 3]}), (5, {"context_width": 0}),
                (5, {"context_width": 65}), (5, {"vocabulary_size": 1}), (5, {"context_history": 1 << 21}),
                (5, {"keys": [1, 2], "alpha": float("nan")})):
            self.assert_status(status, Scheme, Kind.GUMBEL_PHILOX, **{**good, **change})

    def test_error_leaves_scores_as_they_are(self):
        g = Scheme(
            Kind.SYNTHID_TABLE, keys=[1], context_width=2, vocabulary_size=10, table_size=65536).generator()
        scores = np.arange(10, dtype=np.float32)
        scores[9] = np.nan
        self.assert_status(8, g.apply, scores)
        self.assertEqual(scores[:9].tolist(), list(range(9)))


if __name__ == "__main__":
    unittest.main()
