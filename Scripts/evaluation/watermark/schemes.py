"""The marks that are measured: what a generator is set to, and the manifest and keys for the detector."""

import dataclasses
import hashlib
import json
import random

# Token ids of SmolLM2's tokenizer are below this.
VOCABULARY = 49152
# The default keys of transformers' SynthID, thirty layers.
SYNTHID_KEYS = [654, 400, 836, 123, 340, 443, 597, 160, 57, 29, 590, 639, 13, 715, 468, 990, 966, 226, 324, 585, 118, 504, 421,
                521, 129, 669, 732, 225, 90, 960]

# What the generators of `upstream.py` are set to. The keys are those that the schemes' own examples and published vectors use.
SETTINGS = {
    "unmarked": None,
    "synthid": {"keys": SYNTHID_KEYS, "ngram_len": 5},
    "gumbel": {"key": 42, "context_width": 4},
    "kgw": {"key": 15485863, "gamma": 0.25, "bias": 2.0},
    "sglang": {"key": "0123456789abcdef", "context_width": 4},
}

TITLES = {
    "unmarked": "no mark",
    "synthid": "SynthID (transformers)",
    "synthid_deepmind": "SynthID (DeepMind)",
    "gumbel": "Gumbel (vLLM)",
    "dual_key_gumbel": "Gumbel, two keys (vLLM)",
    "kgw": "KGW lefthash (transformers)",
    "kgw_selfhash": "KGW selfhash (transformers)",
    "sglang": "Gumbel (SGLang)",
    "gumbel_payload": "Gumbel with a payload",
    "candidates": "best of several",
}

# For plots.
SHORT = {
    "synthid": "SynthID", "gumbel": "Gumbel, vLLM", "kgw": "KGW lefthash", "sglang": "Gumbel, SGLang"}

SYNTHID = {"context_width": 4, "context_history": 1024, "depth": 30}
TABLE = {"table_size": 65536, "table_seed": 0}
GUMBEL = {"context_width": 4, "context_history": 8192}


@dataclasses.dataclass(frozen=True)
class Scheme:
    """A scheme as a manifest names it, the fields that belong to it, and its keys."""

    name: str
    fields: dict
    keys: tuple

    def with_keys(self, source):
        """The same with new keys from a random generator."""
        bits = 31 if self.name.startswith("kgw") else 63
        return dataclasses.replace(self, keys=tuple(source.getrandbits(bits) for _ in self.keys))


SCHEMES = {
    "synthid": Scheme("synthid", SYNTHID | TABLE, tuple(SYNTHID_KEYS)),
    "synthid_deepmind": Scheme("synthid_deepmind", SYNTHID, tuple(SYNTHID_KEYS)),
    "gumbel": Scheme("gumbel", GUMBEL, (42,)),
    "dual_key_gumbel": Scheme("dual_key_gumbel", GUMBEL | {"alpha": 0.1}, (42,)),
    "sglang": Scheme("sglang_gumbel", GUMBEL | {"context_history": 4096}, (0x0123456789ABCDEF,)),
    "gumbel_payload": Scheme("gumbel_payload", GUMBEL | {"payload_symbols": 8, "payload_radix": 16}, (42,)),
    "kgw": Scheme("kgw_lefthash", {"context_width": 1, "gamma": 0.25, "bias": 2.0}, (15485863,)),
    "kgw_selfhash": Scheme("kgw_selfhash", {"context_width": 4, "gamma": 0.25, "bias": 2.0}, (15485863,)),
}

CANDIDATES = Scheme("candidates", {"context_width": 3}, (0x0123456789ABCDEF,))


def write(scheme, folder, name, vocabulary=VOCABULARY):
    """Writes a scheme's manifest and keys; returns the two files."""
    values = [str(key) for key in scheme.keys]
    salt = random.Random(f"{name}{values}").randbytes(32).hex()
    committed = "stillwatch-watermark-keys-v1\n" + "".join(f"{line}\n" for line in ("key", salt, *values))
    manifest = {
        "format": "stillwatch-watermark-manifest", "version": 1, "scheme": scheme.name, "key_ids": ["key"],
        **({} if scheme.name == "candidates" else {"vocabulary_size": vocabulary}), **scheme.fields,
        "valid_from": "2026-01-01T00:00:00Z",
        "key_commitment": hashlib.sha256(committed.encode()).hexdigest(),
    }
    keys = {"format": "stillwatch-watermark-keys", "version": 1, "keys": {"key": {"salt": salt, "values": values}}}
    files = folder / f"{name}.manifest.json", folder / f"{name}.keys.json"
    for file, content in zip(files, (manifest, keys)):
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return files
