"""Generator and detector with one manifest agree: what this package marks, the program finds. Needs STILLWATCH_BINARY, the
program, and is skipped without it."""

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
SCHEMES = {
    "synthid": [], "synthid_deepmind": [], "kgw_lefthash": ["--bias", "6"], "kgw_selfhash": ["--bias", "6"], "gumbel": [],
    "dual_key_gumbel": ["--alpha", "0.3"], "sglang_gumbel": [], "gumbel_payload": []}


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
        if generator.scheme.rewrites_scores:
            generator.apply(scores)
            weights = [2.718281828 ** max(score, -700) for score in scores]
            token = source.choices(range(VOCABULARY), weights)[0]
        else:
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

    def detected(self, manifest, documents):
        file = self.place / "documents.jsonl"
        file.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
        lines = program("watermark", "detect", "--manifest", manifest, "--format", "json", file).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def test_what_is_marked_is_found(self):
        for name, options in SCHEMES.items():
            with self.subTest(name):
                path, manifest, keys = self.made(name, name, *options)
                other, _, _ = self.made(name, f"{name}-other", *options)
                generator = scheme(manifest, keys).generator()
                source = random.Random(name)
                if name == "gumbel_payload":
                    generator.set_payload(payload_code(manifest, keys, "acme"))
                documents = []
                for number in range(3):
                    prompt = [source.randrange(VOCABULARY) for _ in range(number * 4)]
                    documents.append({"tokens": answer(generator, source, 250, prompt), "prompt_tokens": prompt})
                for found in self.detected(path, documents):
                    self.assertLess(found["log10_p"], -6, found)
                for found in self.detected(other, documents):
                    self.assertGreater(found["p_value"], 1e-4, found)

    def test_fingerprints_are_the_same(self):
        for name, options in SCHEMES.items():
            path, manifest, _ = self.made(name, name, *options)
            said = json.loads(program("watermark", "check", "--manifest", path, "--format", "json").stdout)
            self.assertEqual(said["fingerprint"], manifest.fingerprint)

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
