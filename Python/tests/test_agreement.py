"""The program traces what this package marked for an account, and refuses the manifests that it refuses. Needs
STILLWATCH_BINARY, the program, and is skipped without it."""

import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

from stillwatch_watermark import Keys, Manifest, ManifestError, payload_code, scheme

BINARY = os.environ.get("STILLWATCH_BINARY")
VOCABULARY = 500


def program(*arguments, ok=True):
    run = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, check=False)
    if ok and run.returncode != 0:
        raise AssertionError(run.stderr)
    return run


def answer(generator, source, count, prompt):
    """Token ids drawn from uneven random scores, marked."""
    generator.reset(prompt)
    tokens = []
    for _ in range(count):
        scores = memoryview(bytearray(4 * VOCABULARY)).cast("f")
        for token in range(VOCABULARY):
            scores[token] = source.gauss(0, 1)
        token, _ = generator.choose(scores, (source.getrandbits(64), source.getrandbits(64)))
        generator.accept(token)
        tokens.append(token)
    return tokens


@unittest.skipUnless(BINARY, "STILLWATCH_BINARY is not set")
class AgreementTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.place = pathlib.Path(self.folder.name)

    def made(self, name, folder, *options):
        out = self.place / folder
        program("watermark", "new", "--scheme", name, "--vocabulary-size", VOCABULARY, "--out", out, *options)
        manifest = Manifest.read(out / "manifest.json")
        return out / "manifest.json", manifest, Keys.read(out / "keys.json", manifest)

    def test_payloads_name_their_account(self):
        path, manifest, keys = self.made("gumbel_payload", "mark")
        generator = scheme(manifest, keys).generator()
        generator.set_payload(payload_code(manifest, keys, "account-7"))
        source = random.Random(7)
        leaked = self.place / "leaked.jsonl"
        leaked.write_text(json.dumps({"tokens": answer(generator, source, 600, [])}) + "\n", encoding="utf-8")
        accounts = self.place / "accounts.txt"
        accounts.write_text("".join(f"account-{number}\n" for number in range(1000)), encoding="utf-8")
        traced = program(
            "watermark", "trace", "--manifest", path, "--accounts", accounts, "--format", "json", leaked).stdout
        named = [each["account"] for each in json.loads(traced)["accounts"] if each["named"]]
        self.assertEqual(named, ["account-7"])
        line = program("watermark", "payload", "--manifest", path, "account-7").stdout
        self.assertEqual(json.loads(line)["payload"], list(payload_code(manifest, keys, "account-7")))

    def test_both_refuse_the_same_field(self):
        path, manifest, _ = self.made("gumbel", "mark")
        for field, value in {
                "context_width": 0, "vocabulary_size": 1, "scheme": "none", "valid_from": "now", "gamma": 0.5,
                "key_commitment": "00", "tokenizer_sha256": "x", "version": 2, "key_ids": []}.items():
            changed = self.place / "mark" / "changed.json"
            changed.write_text(json.dumps({**manifest.fields, field: value}), encoding="utf-8")
            with self.assertRaises(ManifestError) as caught:
                Manifest.read(changed)
            self.assertIn(f"{field}: ", str(caught.exception))
            run = program("watermark", "check", "--manifest", changed, ok=False)
            self.assertEqual(run.returncode, 2)
            self.assertIn(f"'{field}'", run.stderr)


if __name__ == "__main__":
    unittest.main()
