"""Account profiles in Python, made from the fastest public parts: what a scan's first half would cost without Stillwatch.

    profiles.py LOG.jsonl [--limit EXCHANGES] [--rules DefaultRules.swift]

It does less than Stillwatch on purpose: one log format, no digest of the file, no sample of exchanges with times, no
conversations, parameters, networks or signatures, and no check of fields it does not read. Prints exchanges, accounts,
bytes and the CPU seconds after the imports as JSON.

Parts: msgspec decodes only the fields that are read (1.7 us for a record of 2 KB; orjson decodes all in 2.7), google-re2
looks for all rules at once, rensa makes the MinHash of word 5-grams from hashes that numpy combines, and numpy does by
the batch whatever can be done so.
"""

import argparse
import array
import itertools
import json
import pathlib
import re
import time

import msgspec
import numpy as np
import re2
import rensa

BATCH = 1 << 16
PERMUTATIONS = 64
SHINGLE = 5
# Hashes kept of an account, as in Stillwatch's profile.
KEPT = {"prompts": 64, "systems": 8, "user agents": 8, "addresses": 16, "words": 64}
REFUSED = (401, 403, 429)
# A key is an account's row, then a hash or an hour in this many bits.
KEY_BITS = np.uint64(40)
ODD = np.uint64(0x9E3779B97F4A7C15)
RULE = re.compile(r'Rule\(\s*"[^"]+",\s*\.(\w+),\s*#"(.*?)"#\s*\)', re.DOTALL)
SOURCE = pathlib.Path(__file__).resolve().parents[2] / "Sources/Detection/Signals/DefaultRules.swift"


class Block(msgspec.Struct, frozen=True):
    text: str = ""


class Message(msgspec.Struct, frozen=True):
    role: str = ""
    content: str | list[Block] | None = None


class Request(msgspec.Struct, frozen=True):
    messages: list[Message] = []
    system: msgspec.Raw = msgspec.Raw(b"")


class Account(msgspec.Struct, frozen=True):
    id: str


class Client(msgspec.Struct, frozen=True):
    ip: str = ""
    user_agent: str = ""


class Response(msgspec.Struct, frozen=True):
    status: int = 200


class Usage(msgspec.Struct, frozen=True):
    input_tokens: int = 0
    output_tokens: int = 0


class Record(msgspec.Struct, frozen=True):
    time: str
    account: Account
    request: Request
    client: Client = Client()
    response: Response = Response()
    usage: Usage = Usage()


class Keys:
    """Keys of accounts' values. New ones are held until they are as many as those merged, so that merging stays cheap."""

    def __init__(self):
        self.keys, self.held, self.held_count = np.empty(0, np.uint64), [], 0

    def add(self, rows, values):
        self.held.append(rows << KEY_BITS | values)
        self.held_count += len(rows)
        if self.held_count > max(1 << 20, len(self.keys)):
            self.merge()

    def merge(self):
        self.take(np.concatenate(self.held or [self.keys[:0]]))
        self.held, self.held_count = [], 0


class SmallestHashes(Keys):
    """The k smallest distinct hashes of each account."""

    def __init__(self, k):
        super().__init__()
        self.k = k

    def add(self, rows, hashes):
        super().add(rows, hashes >> (np.uint64(64) - KEY_BITS))

    def take(self, new):
        keys = np.concatenate([self.keys, new])
        keys.sort()
        keys = keys[np.diff(keys, prepend=~keys[:1]) != 0]
        owners = keys >> KEY_BITS
        first = np.flatnonzero(np.diff(owners, prepend=~owners[:1]))
        place = np.arange(len(keys)) - np.repeat(first, np.diff(first, append=len(keys)))
        self.keys = keys[place < self.k]


class CountedKeys(Keys):
    """How often each account was seen with each of a few values."""

    def __init__(self):
        super().__init__()
        self.counts = np.empty(0, np.int64)

    def take(self, new):
        new.sort()
        first = np.flatnonzero(np.diff(new, prepend=~new[:1]))
        counts = np.diff(first, append=len(new))
        self.keys, where = np.unique(np.concatenate([self.keys, new[first]]), return_inverse=True)
        self.counts = np.bincount(where, np.concatenate([self.counts, counts]), len(self.keys)).astype(np.int64)


class Profiles:
    def __init__(self, rules):
        self.rows = {}
        self.totals = np.zeros((0, 4), np.int64)  # exchanges, tokens sent, tokens answered, refused
        self.signatures = np.zeros((0, PERMUTATIONS), np.uint32)
        self.hours, self.categories = CountedKeys(), CountedKeys()
        self.kept = {name: SmallestHashes(k) for name, k in KEPT.items()}
        self.decode = msgspec.json.Decoder(Record).decode
        self.patterns, self.bits = compiled(rules)

    def add(self, lines):
        """Adds a batch of records."""
        rows, totals, hours, categories, words, ends = [], [], [], [], array.array("q"), []
        prompts, systems, agents, addresses = [], [], [], []
        row_of, decode, match, bits = self.rows, self.decode, self.patterns.Match, self.bits
        for line in lines:
            record = decode(line)
            request, client, usage, status = record.request, record.client, record.usage, record.response.status
            rows.append(row_of.setdefault(record.account.id, len(row_of)))
            totals.append((1, usage.input_tokens, usage.output_tokens, status in REFUSED))
            hours.append(record.time[:13])
            text = last_prompt(request.messages)
            words.extend(map(hash, text.lower().split()))
            ends.append(len(words))
            found = 0
            for rule in match(text.encode()) or ():
                found |= bits[rule]
            categories.append(found)
            prompts.append(hash(text))
            systems.append(hash(bytes(request.system)))
            agents.append(hash(client.user_agent))
            addresses.append(hash(client.ip))
        rows = np.array(rows, np.uint64)
        self.grow(len(row_of))
        np.add.at(self.totals, rows, np.array(totals, np.int64))
        self.hours.add(rows, np.array(hours, "datetime64[h]").astype(np.uint64))
        self.add_categories(rows, np.array(categories, np.uint32))
        for name, hashes in zip(KEPT, (prompts, systems, agents, addresses)):
            self.kept[name].add(rows, spread(hashes))
        self.add_words(rows, spread(words), np.diff(ends, prepend=0))

    def finish(self):
        for keys in (self.hours, self.categories, *self.kept.values()):
            keys.merge()

    def grow(self, accounts):
        """Makes room for that many accounts, twice as much as there is at least."""
        if accounts > len(self.totals):
            more = max(accounts, 2 * len(self.totals)) - len(self.totals)
            self.totals = np.pad(self.totals, ((0, more), (0, 0)))
            self.signatures = np.pad(self.signatures, ((0, more), (0, 0)), constant_values=np.iinfo(np.uint32).max)

    def add_categories(self, rows, found):
        for bit in set(self.bits):
            hit = rows[found & np.uint32(bit) != 0]
            self.categories.add(hit, np.full(len(hit), bit, np.uint64))

    def add_words(self, rows, words, lengths):
        """Words of the batch's texts, of which `lengths` says how many each text has, and their 5-grams."""
        self.kept["words"].add(np.repeat(rows, lengths), words)
        count = max(0, len(words) - SHINGLE + 1)
        rolling = np.zeros(count, np.uint64)
        for offset in range(SHINGLE):
            rolling = rolling * ODD + words[offset:offset + count]
        # Only 5-grams within one text count, and those of an account are put side by side.
        order = np.argsort(rows, kind="stable")
        starts, shingles = (np.cumsum(lengths) - lengths)[order], np.maximum(lengths - SHINGLE + 1, 0)[order]
        before = np.cumsum(shingles) - shingles
        within = np.arange(shingles.sum()) - np.repeat(before, shingles)
        accounts, first = np.unique(rows[order], return_index=True)
        bounds = np.append(before[first], shingles.sum()).astype(np.uint64)
        matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
            rolling[np.repeat(starts, shingles) + within], bounds, PERMUTATIONS, 1)
        digests = np.fromiter(itertools.chain.from_iterable(matrix.to_rows()), np.uint32, len(accounts) * PERMUTATIONS)
        self.signatures[accounts] = np.minimum(self.signatures[accounts], digests.reshape(-1, PERMUTATIONS))


def last_prompt(messages):
    """The text of the last message of the user."""
    for message in reversed(messages):
        if message.role == "user":
            content = message.content
            return content if type(content) is str else " ".join([block.text for block in content or ()])
    return ""


def spread(hashes):
    """Python's hashes, multiplied: their high bits decide which are kept, and are not meant for that."""
    return np.asarray(hashes, np.int64).view(np.uint64) * ODD


def compiled(path):
    """All patterns of the rules that ship with Stillwatch in one automaton, and the category bit of each."""
    rules = RULE.findall(path.read_text(encoding="utf-8"))
    names = sorted({category for category, _ in rules})
    options = re2.Options()
    options.case_sensitive = False
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 1 << 28
    patterns = re2.Set.SearchSet(options)
    for _, pattern in rules:
        patterns.Add(pattern.encode())
    patterns.Compile()
    return patterns, [1 << names.index(category) for category, _ in rules]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("log", type=pathlib.Path)
    parser.add_argument("--limit", type=int, help="exchanges to read; all if not given")
    parser.add_argument("--rules", type=pathlib.Path, default=SOURCE)
    options = parser.parse_args()
    started = time.process_time()
    profiles = Profiles(options.rules)
    exchanges = size = 0
    with open(options.log, "rb", buffering=1 << 20) as file:
        lines = itertools.islice(file, options.limit)
        while batch := list(itertools.islice(lines, BATCH)):
            profiles.add(batch)
            exchanges += len(batch)
            size += sum(map(len, batch))
    profiles.finish()
    seconds = time.process_time() - started
    print(json.dumps({
        "exchanges": exchanges, "accounts": len(profiles.rows), "bytes": size, "cpu_seconds": round(seconds, 3)}))


if __name__ == "__main__":
    main()
