"""Models that predict a token from the few before it, and marks on what they say. Runs in the environment of
`environment.py`.

A model keeps the text it was trained on and for each order the places of each context. The probability of a token after
context h is (count(h, token) + beta P(token | shorter h)) / (count(h) + beta): a Dirichlet prior at the shorter context.
What is drawn from it needs no probabilities: with odds count(h) : beta one of the places of h is drawn, or the shorter
context is asked.

The marks are vLLM's Gumbel and transformers' SynthID again in numba, since a teacher must say millions of tokens;
`check` compares them with the originals.
"""

import numba
import numpy as np
import torch
import upstream

# Followers of one context that a teacher looks at.
FOLLOWERS = 64


@numba.njit(cache=True)
def philox(a, b, c, d, k0, k1):
    m = np.uint64(0xFFFFFFFF)
    for turn in range(10):
        p0, p1 = np.uint64(0xD2511F53) * a, np.uint64(0xCD9E8D57) * c
        a, b, c, d = (p1 >> np.uint64(32)) ^ b ^ k0, p1 & m, (p0 >> np.uint64(32)) ^ d ^ k1, p0 & m
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & m, (k1 + np.uint64(0xBB67AE85)) & m
    return a, b, c, d


@numba.njit(cache=True)
def absorb(context, key):
    """The state that vLLM's hash has after a context of at most four tokens."""
    m = np.uint64(0xFFFFFFFF)
    width = len(context)
    words = np.empty(4, np.uint64)
    for index in range(4):
        words[index] = np.uint64(context[index]) & m if index < width else m - np.uint64(index)
    return philox(np.uint64(0x574D4358) ^ words[0], np.uint64(width) ^ words[1], words[2], words[3],
                  key & m, key >> np.uint64(32))


@numba.njit(cache=True)
def uniform(state, token, key):
    m = np.uint64(0xFFFFFFFF)
    t = np.uint64(token)
    out = philox(t >> np.uint64(2), state[0], state[1], state[2], (key & m) ^ state[3],
                 (key >> np.uint64(32)) ^ np.uint64(0x574D544B))
    choice = t & np.uint64(3)
    word = out[0]
    if choice == 1:
        word = out[1]
    elif choice == 2:
        word = out[2]
    elif choice == 3:
        word = out[3]
    return np.float64(np.float32((np.float64(word >> np.uint64(8)) + 1.0) / 16777217.0))


@numba.njit(cache=True)
def uniform_of(context, token, key):
    """vLLM's number for a token after a context of at most four."""
    return uniform(absorb(context, key), token, key)


@numba.njit(cache=True)
def fold(start, value):
    return (start + np.uint64(value)) * np.uint64(6364136223846793005) + np.uint64(1)


@numba.njit(cache=True)
def layers(base, keys, table, out):
    """SynthID's g-values of one token: `base` is the hash of context and token, and the table has 65,536 entries."""
    for layer in range(len(keys)):
        out[layer] = table[fold(base, keys[layer]) & np.uint64(65535)]


@numba.njit(cache=True)
def hashes(text, order):
    """A hash of the `order` tokens before each place, 0 where there are fewer."""
    out = np.zeros(len(text), np.uint64)
    for place in range(order, len(text)):
        state = np.uint64(order)
        for index in range(place - order, place):
            state = (state ^ np.uint64(text[index])) * np.uint64(0x9E3779B97F4A7C15)
            state ^= state >> np.uint64(29)
        out[place] = state
    return out


@numba.njit(cache=True)
def hash_of(history, end, order):
    state = np.uint64(order)
    for index in range(end - order, end):
        state = (state ^ np.uint64(history[index])) * np.uint64(0x9E3779B97F4A7C15)
        state ^= state >> np.uint64(29)
    return state


class Model:
    """A model trained on one text, an array of token ids."""

    def __init__(self, text, order, beta):
        self.text, self.order, self.beta = text.astype(np.int64), order, beta
        found = []
        for length in range(1, order + 1):
            keys = hashes(self.text, length)
            places = np.argsort(keys, kind="stable")
            found.append((keys[places], places))
        self.keys = np.stack([keys for keys, _ in found])
        self.places = np.stack([places for _, places in found])

    def say(self, prompts, length, seed):
        """An unmarked answer to each prompt (an array of one length)."""
        return speak(self.text, self.keys, self.places, self.beta, prompts, length, seed)

    def say_marked(self, prompts, length, seed, scheme, setting):
        """A marked answer to each prompt."""
        key, keys, table = np.uint64(0), np.zeros(1, np.uint64), np.zeros(1, np.int64)
        if scheme == "gumbel":
            key = np.uint64(setting["key"])
        else:
            keys = np.array(setting["keys"], np.int64).astype(np.uint64)
            table = upstream.synthid([1]).sampling_table.numpy()
        return speak_marked(self.text, self.keys, self.places, self.beta, prompts, length, seed, scheme == "gumbel", key, keys,
                            table, int(self.text.max()) + 1)


@numba.njit(cache=True)
def speak(text, keys, places, beta, prompts, length, seed):
    np.random.seed(seed)
    rows, width = prompts.shape
    orders, size = keys.shape
    answers = np.empty((rows, length), np.int64)
    history = np.empty(width + length, np.int64)
    for row in range(rows):
        history[:width] = prompts[row]
        for end in range(width, width + length):
            token = np.int64(-1)
            for order in range(orders, 0, -1):
                wanted = hash_of(history, end, order)
                low = np.searchsorted(keys[order - 1], wanted)
                high = np.searchsorted(keys[order - 1], wanted, side="right")
                count = high - low
                if count > 0 and np.random.random() * (count + beta) < count:
                    token = text[places[order - 1, low + np.random.randint(count)]]
                    break
            if token < 0:
                token = text[np.random.randint(size)]
            history[end] = token
            answers[row, end - width] = token
    return answers


@numba.njit(cache=True)
def speak_marked(text, keys, places, beta, prompts, length, seed, is_gumbel, key, layer_keys, table, vocabulary):
    np.random.seed(seed)
    rows, width = prompts.shape
    orders = len(keys)
    answers = np.empty((rows, length), np.int64)
    history = np.empty(width + length, np.int64)
    weights = np.zeros(vocabulary)
    touched = np.empty(orders * FOLLOWERS, np.int64)
    context = np.empty(4, np.int64)
    seen = np.empty(length, np.uint64)
    depth = len(layer_keys)
    bits = np.empty((orders * FOLLOWERS, depth), np.int64)
    for row in range(rows):
        history[:width] = prompts[row]
        for step in range(length):
            end = width + step
            count_touched, left = 0, 1.0
            for order in range(orders, 0, -1):
                wanted = hash_of(history, end, order)
                low = np.searchsorted(keys[order - 1], wanted)
                high = np.searchsorted(keys[order - 1], wanted, side="right")
                count = high - low
                if count == 0:
                    continue
                share = left * count / (count + beta)
                left -= share
                looked = min(count, FOLLOWERS)
                for index in range(looked):
                    token = text[places[order - 1, low + index * count // looked]]
                    if weights[token] == 0.0:
                        touched[count_touched] = token
                        count_touched += 1
                    weights[token] += share / looked
            # Where nothing is known of any context, a token of the text is drawn without the mark.
            if count_touched == 0:
                choice = text[np.random.randint(len(text))]
            else:
                total = 0.0
                for index in range(count_touched):
                    total += weights[touched[index]]
                for index in range(4):
                    place = step - 4 + index
                    context[index] = history[width + place] if place >= 0 else (-1 if is_gumbel else 0)
                state = np.uint64(1)
                for index in range(4):
                    state = fold(state, np.uint64(context[index]))
                fresh = True
                for index in range(step):
                    if seen[index] == state:
                        fresh = False
                if not is_gumbel and state == np.uint64(0):
                    fresh = False
                choice = touched[0]
                if fresh and is_gumbel:
                    absorbed = absorb(context, key)
                    best = -np.inf
                    for index in range(count_touched):
                        token = touched[index]
                        value = np.log(uniform(absorbed, token, key)) / weights[token]
                        if value > best:
                            best, choice = value, token
                else:
                    if fresh:
                        for index in range(count_touched):
                            weights[touched[index]] /= total
                            layers(fold(state, touched[index]), layer_keys, table, bits[index])
                        for layer in range(depth):
                            mass = 0.0
                            for index in range(count_touched):
                                mass += bits[index, layer] * weights[touched[index]]
                            for index in range(count_touched):
                                weights[touched[index]] *= 1.0 + bits[index, layer] - mass
                        total = 0.0
                        for index in range(count_touched):
                            total += weights[touched[index]]
                    drawn = np.random.random() * total
                    for index in range(count_touched):
                        choice = touched[index]
                        drawn -= weights[choice]
                        if drawn <= 0:
                            break
                for index in range(count_touched):
                    weights[touched[index]] = 0.0
                seen[step] = state
            if count_touched == 0:
                seen[step] = np.uint64(0)
            history[end] = choice
            answers[row, step] = choice
    return answers


def check():
    """Whether the marks' numbers are the originals': vLLM's uniform numbers and transformers' g-values."""
    source = np.random.default_rng(1)
    prf = upstream.vllm_philox().PhiloxPRF(0xFEDCBA9876543210)
    contexts = source.integers(0, 50000, (20, 4))
    contexts[0, :2] = -1
    tokens = source.integers(0, 50000, 30)
    theirs = prf.uniform(torch.tensor(contexts), torch.tensor(tokens)).numpy()
    key = np.uint64(0xFEDCBA9876543210)
    ours = np.array([[uniform_of(context, token, key) for token in tokens] for context in contexts])
    if not np.array_equal(ours.astype(np.float32), theirs):
        return False
    keys = [654, 400, -7, 2 ** 61 + 5]
    processor = upstream.synthid(keys)
    text = source.integers(0, 50000, 64)
    theirs = processor.compute_g_values(torch.tensor(text[None]))[0].numpy()
    table, out = processor.sampling_table.numpy(), np.empty(len(keys), np.int64)
    for place in range(4, 64):
        state = np.uint64(1)
        for token in text[place - 4:place + 1]:
            state = np.uint64(fold(state, np.uint64(token)))
        layers(state, np.array(keys, np.int64).astype(np.uint64), table, out)
        if not np.array_equal(out, theirs[place - 4]):
            return False
    return True
