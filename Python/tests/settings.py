"""Manifests and keys for tests."""

import hashlib
import json
import os

OWN = {
    "synthid": {"depth": 3, "table_size": 65536, "table_seed": 0, "context_history": 16},
    "synthid_deepmind": {"depth": 3, "context_history": 16},
    "kgw_lefthash": {"gamma": 0.25, "bias": 1.5},
    "kgw_selfhash": {"gamma": 0.25, "bias": 1.5},
    "gumbel": {"context_history": 1024},
    "dual_key_gumbel": {"context_history": 1024, "alpha": 0.1},
    "sglang_gumbel": {"context_history": 4096},
    "gumbel_payload": {"context_history": 1024, "payload_symbols": 12, "payload_radix": 16},
}
SALT = "5a" * 32


def key_file(values, name="test-a"):
    """The contents of a keys file, and the commitment to them."""
    values = [str(value) for value in values]
    text = "stillwatch-watermark-keys-v1\n" + "".join(f"{line}\n" for line in (name, SALT, *values))
    keys = {"format": "stillwatch-watermark-keys", "version": 1, "keys": {name: {"salt": SALT, "values": values}}}
    return keys, hashlib.sha256(text.encode()).hexdigest()


def manifest_fields(scheme, commitment, **changes):
    """The fields of a manifest."""
    return {
        "format": "stillwatch-watermark-manifest", "version": 1, "scheme": scheme, "key_ids": ["test-a"],
        "context_width": 3, "vocabulary_size": 50, "tokenizer_sha256": None, "valid_from": "2020-01-01T00:00:00Z",
        "valid_until": None, "key_commitment": commitment, "eos_token_id": None, **OWN[scheme], **changes}


def pair(scheme, values=(11, -22, 3_000_000_000), **changes):
    """Fields of a manifest and of its keys file."""
    count = 3 if scheme.startswith("synthid") else min(len(values), 2) if scheme == "sglang_gumbel" else 1
    keys, commitment = key_file(values[:count])
    return manifest_fields(scheme, commitment, **changes), keys


def write(folder, scheme, values=(11, -22, 3_000_000_000), **changes):
    """Writes both files; their paths."""
    manifest, keys = pair(scheme, values, **changes)
    paths = [os.path.join(folder, name) for name in ("manifest.json", "keys.json")]
    for path, value in zip(paths, (manifest, keys)):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(value, file)
        os.chmod(path, 0o600)
    return paths


def load(scheme, values=(11, -22, 3_000_000_000), **changes):
    """A manifest and its keys, without files."""
    from stillwatch_watermark import Keys, Manifest

    fields, keys = pair(scheme, values, **changes)
    manifest = Manifest(fields)
    return manifest, Keys(keys, manifest)
