"""What a sampler does before and after marking, for libraries that would do it in the wrong order. Needs NumPy."""

import os

import numpy as np


def truncate(scores, temperature=1.0, top_k=0, top_p=1.0, min_p=0.0):
    """Temperature, min-p, top-k and top-p in place; what cannot be chosen becomes -infinity."""
    if temperature != 1.0:
        scores /= np.float32(temperature)
    if min_p > 0:
        scores[scores < scores.max() + np.float32(np.log(min_p))] = -np.inf
    if 0 < top_k < len(scores):
        scores[scores < np.partition(scores, len(scores) - top_k)[len(scores) - top_k]] = -np.inf
    if top_p < 1:
        tokens = np.flatnonzero(scores > -np.inf)
        tokens = tokens[np.argsort(-scores[tokens], kind="stable")]
        if len(tokens):
            shares = np.exp(scores[tokens] - scores[tokens[0]], dtype=np.float64)
            shares /= shares.sum()
            before = np.cumsum(shares) - shares
            # The most probable token always stays.
            scores[tokens[1:][before[1:] >= top_p]] = -np.inf


def draw(scores, random):
    """A token by the scores' softmax, from a number uniform in 0...2^64-1."""
    shares = np.exp(scores - scores.max(), dtype=np.float64)
    sums = np.cumsum(shares)
    token = int(np.searchsorted(sums, (random >> 11) / 2.0**53 * sums[-1], side="right"))
    return min(token, int(np.flatnonzero(shares)[-1]))


def numbers(source=None):
    """Two numbers uniform in 0...2^64-1, of a `random.Random` or of the system."""
    if source is not None:
        return source.getrandbits(64), source.getrandbits(64)
    data = os.urandom(16)
    return int.from_bytes(data[:8], "little"), int.from_bytes(data[8:], "little")


def keep_only(scores, token):
    """Leaves one token to be chosen."""
    scores.fill(-np.inf)
    scores[token] = 0


def choose(generator, scores, source=None):
    """The next token by a generator of any scheme; `scores` are truncated, and rewritten where the scheme does that."""
    random = numbers(source)
    if generator.scheme.rewrites_scores:
        generator.apply(scores)
        return draw(scores, random[0])
    return generator.choose(scores, random)[0]
