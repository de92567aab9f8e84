"""Manifests, keys files and what is derived from them."""

import copy
import hashlib
import json
import os
import tempfile
import unittest

import settings

from stillwatch_watermark import Keys, Kind, Manifest, ManifestError, payload_code, scheme
from stillwatch_watermark.manifest import _code


class Fields(unittest.TestCase):
    def assert_field(self, field, fields):
        with self.assertRaises(ManifestError) as caught:
            Manifest(fields)
        self.assertEqual(caught.exception.field, field)

    def test_every_scheme(self):
        for name in settings.OWN:
            manifest, keys = settings.load(name)
            self.assertEqual(scheme(manifest, keys).vocabulary_size, 50, name)

    def test_wrong_fields_are_named(self):
        good, _ = settings.pair("synthid")
        for field, value in (
                ("format", "x"), ("version", 2), ("version", True), ("scheme", "x"), ("key_ids", []),
                ("key_ids", ["a", "a"]), ("key_ids", [""]), ("context_width", 0), ("context_width", 2.0),
                ("vocabulary_size", 1 << 31), ("context_history", -1), ("depth", 65), ("table_size", 1),
                ("table_seed", "0"), ("valid_from", "2026-11-01"), ("valid_from", None),
                ("valid_until", "2019-10-01T00:00:00Z"), ("key_commitment", "00"), ("key_commitment", None),
                ("tokenizer_sha256", "x"), ("eos_token_id", -1), ("gamma", 0.5), ("surprise", 1)):
            self.assert_field(field, {**good, field: value})
        for field in (
                "format", "version", "scheme", "key_ids", "context_width", "depth", "key_commitment", "valid_from"):
            fields = copy.copy(good)
            del fields[field]
            self.assert_field(field, fields)
        for field, value in (("gamma", 1), ("gamma", float("nan")), ("bias", 101)):
            self.assert_field(field, {**settings.pair("kgw_lefthash")[0], field: value})

    def test_fingerprint(self):
        fields, _ = settings.pair("kgw_lefthash")
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        self.assertEqual(Manifest(fields).fingerprint, hashlib.sha256(canonical.encode()).hexdigest())
        # A whole number is one, with a point or without.
        self.assertEqual(
            Manifest({**fields, "bias": 2.0}).fingerprint, Manifest({**fields, "bias": 2}).fingerprint)
        self.assertNotEqual(Manifest({**fields, "bias": 2.5}).fingerprint, Manifest(fields).fingerprint)

    def test_dates(self):
        manifest, _ = settings.load("gumbel", valid_until="2026-12-01T00:00:00+01:00")
        self.assertTrue(manifest.is_valid(manifest.valid_from))
        self.assertFalse(manifest.is_valid(manifest.valid_until))


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.manifest, self.keys = settings.write(self.folder, "gumbel")

    def assert_fails(self, text, function, *arguments):
        with self.assertRaises(ManifestError) as caught:
            function(*arguments)
        self.assertIn(text, str(caught.exception))

    def test_keys_that_others_may_read(self):
        os.chmod(self.keys, 0o640)
        self.assert_fails("chmod 600", Keys.read, self.keys, Manifest.read(self.manifest))

    def test_other_keys(self):
        manifest = Manifest.read(self.manifest)
        settings.write(self.folder, "gumbel", values=[12])
        self.assert_fails("key_commitment", Keys.read, self.keys, manifest)

    def test_files_that_are_no_manifest(self):
        for data, text in (
                (b"", "not JSON"), (b"[1]", "not a JSON object"), (b'{"a":NaN}', "not JSON"),
                (b'{"a":1,"a":2}', "is there twice"), (b"\xff", "not JSON"), (b"[" * 100_000, "not JSON"),
                (b" " * ((1 << 20) + 1), "larger than")):
            with open(self.manifest, "wb") as file:
                file.write(data)
            self.assert_fails(text, Manifest.read, self.manifest)
        self.assert_fails("not a regular file", Manifest.read, self.folder)
        self.assert_fails("No such file", Manifest.read, self.manifest + "x")

    def test_numbers_that_are_no_keys(self):
        for value in (str(1 << 64), str(-(1 << 63) - 1), "1.0", " 1", "+1", "", "-", "\u0661", 5, "9" * 5000):
            keys, commitment = settings.key_file([1])
            keys["keys"]["test-a"]["values"] = [value]
            with self.assertRaises(ManifestError):
                Keys(keys, Manifest(settings.manifest_fields("gumbel", commitment)))


class Derived(unittest.TestCase):
    def test_number_of_keys(self):
        for name, count in (("gumbel", 2), ("synthid", 2), ("sglang_gumbel", 3)):
            keys, commitment = settings.key_file([1] * count)
            manifest = Manifest(settings.manifest_fields(name, commitment))
            with self.assertRaises(ManifestError) as caught:
                scheme(manifest, Keys(keys, manifest))
            self.assertEqual(caught.exception.field, "depth" if name == "synthid" else "key_ids")

    def test_kinds(self):
        self.assertEqual(scheme(*settings.load("synthid_deepmind")).kind, Kind.SYNTHID_HASH)
        self.assertEqual(scheme(*settings.load("sglang_gumbel", values=[1, 2])).kind, Kind.GUMBEL_MURMUR)

    def test_payload_code(self):
        manifest, keys = settings.load("gumbel_payload")
        codes = {payload_code(manifest, keys, name) for name in ("a", "b", "é", "x" * 1024)}
        self.assertEqual(len(codes), 4)
        self.assertEqual({len(code) for code in codes}, {12})
        self.assertLess(max(map(max, codes)), 16)
        # The Swift implementation's test has the same.
        self.assertEqual(list(_code(b"\x07" * 32, 12, 10, "é".encode())), [5, 1, 6, 7, 4, 5, 6, 0, 6, 3, 4, 3])
        for name in ("", "x" * 1025):
            with self.assertRaises(ValueError):
                payload_code(manifest, keys, name)
        with self.assertRaises(ManifestError):
            payload_code(*settings.load("gumbel"), "a")


if __name__ == "__main__":
    unittest.main()
