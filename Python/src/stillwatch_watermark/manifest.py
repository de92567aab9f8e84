"""Manifests, format 1, and the protected files with their keys."""

import datetime
import hashlib
import hmac
import json
import os
import stat

from .native import Kind, Scheme

LARGEST = 1 << 20

_COMMON = {
    "format", "version", "scheme", "key_ids", "tokenizer_sha256", "valid_from", "valid_until", "key_commitment",
    "eos_token_id"}
_OPTIONAL = {"tokenizer_sha256", "valid_until", "eos_token_id"}
_TOKENS = {"context_width", "vocabulary_size"}
_REMEMBERED = {*_TOKENS, "context_history"}
_FIELDS = {
    "synthid": {*_REMEMBERED, "depth", "table_size", "table_seed"},
    "synthid_deepmind": {*_REMEMBERED, "depth"},
    "kgw_lefthash": {*_TOKENS, "gamma", "bias"},
    "kgw_selfhash": {*_TOKENS, "gamma", "bias"},
    "gumbel": _REMEMBERED,
    "dual_key_gumbel": {*_REMEMBERED, "alpha"},
    "sglang_gumbel": {*_REMEMBERED, "alpha"},
    "gumbel_payload": {*_REMEMBERED, "payload_symbols", "payload_radix"},
    "candidates": {"context_width"},
}
_RANGES = {
    "context_width": (1, 64), "vocabulary_size": (2, (1 << 31) - 1), "context_history": (0, 1 << 20),
    "depth": (1, 64), "table_size": (2, 1 << 24), "table_seed": (0, (1 << 32) - 1), "payload_symbols": (1, 256),
    "payload_radix": (2, 256), "gamma": (0.000_001, 0.999_999), "bias": (-100, 100), "alpha": (0, 1)}
_SHARES = {"gamma", "bias", "alpha"}


class ManifestError(ValueError):
    """A manifest or a keys file that cannot be used. `field` names what is wrong with it."""

    def __init__(self, path, field, reason):
        super().__init__(f"{path}: {field}: {reason}" if field else f"{path}: {reason}")
        self.path, self.field, self.reason = path, field, reason


def _read(path, is_secret):
    path = os.fspath(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ManifestError(path, "", error.strerror) from None
    try:
        status, data = os.fstat(descriptor), b""
        if not stat.S_ISREG(status.st_mode):
            raise ManifestError(path, "", "not a regular file")
        if is_secret and status.st_mode & 0o077:
            raise ManifestError(path, "", f"holds secrets and others may read it; run: chmod 600 {path}")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(LARGEST + 1)
    finally:
        os.close(descriptor)
    if len(data) > LARGEST:
        raise ManifestError(path, "", f"larger than {LARGEST} bytes; is it the right file?")
    return data


def _object(data, path):
    def unique(pairs):
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            raise ManifestError(path, next(name for name in names if names.count(name) > 1), "is there twice")
        return found

    def constant(name):
        raise ValueError(name)

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=unique, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, ManifestError):
            raise
        raise ManifestError(path, "", "not JSON") from None
    if not isinstance(value, dict):
        raise ManifestError(path, "", "not a JSON object")
    return value


def _is_digest(value):
    return isinstance(value, str) and len(value) == 64 and all(c in "0123456789abcdefABCDEF" for c in value)


def _time(path, field, value):
    if isinstance(value, str):
        try:
            time = datetime.datetime.fromisoformat(value.replace("Z", "+00:00").replace("z", "+00:00"))
            if time.tzinfo is not None and value[10:11] in ("T", "t"):
                return time
        except ValueError:
            pass
    raise ManifestError(path, field, "expected a time such as 2026-11-01T00:00:00Z")


def _plain(value):
    """Numbers that are whole are written without a point, wherever they come from."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return int(value)
    return value


class Manifest:
    """What a generator and a detector agree on, without any secret.

    `fields` are those of the file; a field that is unknown, missing, of another scheme or out of range is a
    `ManifestError` that names it. `fingerprint` names the manifest in logs.
    """

    def __init__(self, fields, path="manifest"):
        self.path, self.fields = path, dict(fields)
        if fields.get("format") != "stillwatch-watermark-manifest":
            raise ManifestError(path, "format", "expected 'stillwatch-watermark-manifest'")
        if type(fields.get("version")) is not int or fields["version"] != 1:
            raise ManifestError(path, "version", "this package reads version 1")
        name = fields.get("scheme")
        if not isinstance(name, str) or name not in _FIELDS:
            raise ManifestError(path, "scheme", f"unknown; known are {', '.join(_FIELDS)}")
        self.scheme = name
        self._check_names()
        for field in sorted(_FIELDS[name] & set(fields)):
            self._check_number(field)
        self.key_ids = self._key_ids()
        for field in ("tokenizer_sha256", "key_commitment"):
            value = fields.get(field)
            if not _is_digest(value) and (value is not None or field == "key_commitment"):
                raise ManifestError(path, field, "expected 64 hexadecimal digits")
        end = fields.get("eos_token_id")
        if end is not None and (type(end) is not int or not 0 <= end < 1 << 31):
            raise ManifestError(path, "eos_token_id", "expected a token id, or null")
        self.valid_from = _time(path, "valid_from", fields["valid_from"])
        until = fields.get("valid_until")
        self.valid_until = None if until is None else _time(path, "valid_until", until)
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ManifestError(path, "valid_until", "must be after valid_from")
        canonical = json.dumps(
            {field: _plain(value) for field, value in fields.items()}, sort_keys=True, separators=(",", ":"),
            ensure_ascii=False)
        self.fingerprint = hashlib.sha256(canonical.encode()).hexdigest()

    def _check_names(self):
        known = _COMMON | _FIELDS[self.scheme]
        anywhere = set().union(*_FIELDS.values())
        for field in sorted(set(self.fields) - known):
            reason = f"does not belong to scheme '{self.scheme}'" if field in anywhere else "is unknown"
            raise ManifestError(self.path, field[:60], reason)
        needed = known - _OPTIONAL - ({"alpha"} if self.scheme == "sglang_gumbel" else set())
        for field in sorted(needed - set(self.fields)):
            raise ManifestError(self.path, field, "is missing")

    def _check_number(self, field):
        value, (least, most) = self.fields[field], _RANGES[field]
        is_number = type(value) in ((int, float) if field in _SHARES else (int,))
        if not is_number or not least <= value <= most:
            what = "a number" if field in _SHARES else "a whole number"
            raise ManifestError(self.path, field, f"expected {what} from {least} to {most}")

    def _key_ids(self):
        ids = self.fields["key_ids"]
        if not isinstance(ids, list) or not 1 <= len(ids) <= 64 or not all(isinstance(i, str) and i for i in ids):
            raise ManifestError(self.path, "key_ids", "expected a list of 1 to 64 names")
        if len(set(ids)) != len(ids):
            raise ManifestError(self.path, "key_ids", "expected different names")
        return ids

    @classmethod
    def read(cls, path):
        """Reads a manifest's file."""
        return cls(_object(_read(path, False), os.fspath(path)), os.fspath(path))

    def is_valid(self, time):
        """Whether it is in force at a time with a time zone."""
        return self.valid_from <= time and (self.valid_until is None or time < self.valid_until)

    def require_tokenizer(self, path):
        """Fails unless a tokenizer's file is the one that the manifest names, if it names one."""
        wanted = self.fields.get("tokenizer_sha256")
        if wanted is None:
            return
        with open(path, "rb") as file:
            found = hashlib.sha256(file.read()).hexdigest()
        if found != wanted.lower():
            raise ManifestError(self.path, "tokenizer_sha256", f"{path} has {found}")


class Keys:
    """The secret numbers that a manifest names, checked against its commitment."""

    def __init__(self, fields, manifest, path="keys"):
        if fields.get("format") != "stillwatch-watermark-keys" or fields.get("version") != 1:
            raise ManifestError(path, "format", "expected 'stillwatch-watermark-keys', version 1")
        for field in sorted(set(fields) - {"format", "version", "keys"}):
            raise ManifestError(path, field[:60], "is unknown")
        entries = fields.get("keys")
        if not isinstance(entries, dict):
            raise ManifestError(path, "keys", "expected an object of keys")
        text, self.values = "stillwatch-watermark-keys-v1\n", []
        for name in manifest.key_ids:
            entry = entries.get(name)
            if entry is None:
                raise ManifestError(path, "keys", f"holds no key '{name}', which the manifest names")
            if not isinstance(entry, dict) or set(entry) != {"salt", "values"} or not _is_digest(entry["salt"]) \
                    or not isinstance(entry["values"], list) or not entry["values"]:
                raise ManifestError(path, "keys", f"key '{name}' needs a salt of 64 hexadecimal digits, and values")
            text += f"{name}\n{entry['salt'].lower()}\n"
            for number, value in enumerate(entry["values"], 1):
                digits = value[1:] if isinstance(value, str) and value[:1] == "-" else value
                if not isinstance(digits, str) or not digits.isascii() or not digits.isdigit() or len(value) > 20 \
                        or not -(1 << 63) <= int(value) < 1 << 64:
                    raise ManifestError(path, "keys", f"number {number} of key '{name}' is no 64-bit number")
                text += f"{value}\n"
                self.values.append(int(value))
        self.material = text.encode()
        commitment = hashlib.sha256(self.material).hexdigest()
        if not hmac.compare_digest(commitment, manifest.fields["key_commitment"].lower()):
            raise ManifestError(path, "key_commitment", "these are not the keys that the manifest commits to")

    @classmethod
    def read(cls, path, manifest):
        """Reads a keys file, which only its owner may be able to read."""
        return cls(_object(_read(path, True), os.fspath(path)), manifest, os.fspath(path))


def _derived(key, domain):
    """vLLM's two keys of one."""
    digest = hashlib.sha256(domain + (key % (1 << 64)).to_bytes(8, "big")).digest()
    return int.from_bytes(digest[:8], "big")


def _hash_start(keys):
    """DeepMind's start value."""
    data = b"".join((key % (1 << 64)).to_bytes(8, "little") for key in keys)
    return int.from_bytes(hashlib.sha256(data).digest(), "big") % ((1 << 63) - 1)


def scheme(manifest, keys):
    """The scheme of a manifest with its keys."""
    name, fields, values = manifest.scheme, manifest.fields, keys.values
    depth = fields.get("depth")
    counts = range(depth, depth + 1) if depth else range(1, 3 if name == "sglang_gumbel" else 2)
    if name == "candidates":
        raise ManifestError(manifest.path, "scheme", "'candidates' chooses among whole answers and marks no tokens")
    if len(values) not in counts:
        raise ManifestError(
            manifest.path, "depth" if depth else "key_ids",
            f"{len(values)} numbers as keys, expected {' or '.join(map(str, counts))}")
    kind = {
        "synthid": Kind.SYNTHID_TABLE, "synthid_deepmind": Kind.SYNTHID_HASH, "kgw_lefthash": Kind.KGW_LEFT,
        "kgw_selfhash": Kind.KGW_SELF, "gumbel": Kind.GUMBEL_PHILOX, "dual_key_gumbel": Kind.GUMBEL_PHILOX,
        "sglang_gumbel": Kind.GUMBEL_MURMUR, "gumbel_payload": Kind.GUMBEL_PAYLOAD}[name]
    settings = {field: fields[field] for field in _FIELDS[name] - {"depth"} if field in fields}
    if name == "sglang_gumbel":
        settings.setdefault("alpha", 0.5)
    if name == "dual_key_gumbel":
        values = [_derived(values[0], b"key_a"), _derived(values[0], b"key_b")]
    elif name == "synthid_deepmind":
        settings["hash_start"] = _hash_start(values)
    return Scheme(kind, keys=values, **settings)


def payload_code(manifest, keys, account):
    """The payload of an account's answers, for `Generator.set_payload`: what an attribution looks for."""
    if manifest.scheme != "gumbel_payload":
        raise ManifestError(manifest.path, "scheme", f"'{manifest.scheme}' bears no payload; 'gumbel_payload' does")
    name = account.encode()
    if not 1 <= len(name) <= 1024:
        raise ValueError(f"an account id of {len(name)} bytes; ids have 1 to 1024")
    key = hmac.digest(keys.material, b"stillwatch-payload-code-key-v1", "sha256")
    return _code(key, manifest.fields["payload_symbols"], manifest.fields["payload_radix"], name)


def _code(key, count, radix, name):
    """Symbols of HMAC-SHA-256 in counter mode, by rejection sampling."""
    start = b"stillwatch-payload-v1\0" + count.to_bytes(2, "big") + radix.to_bytes(2, "big")
    symbols, block, limit = [], 0, 256 // radix * radix
    while len(symbols) < count:
        digest = hmac.digest(key, start + block.to_bytes(4, "big") + name, "sha256")
        symbols += [byte % radix for byte in digest if byte < limit]
        block += 1
    return bytes(symbols[:count])
