"""Whether a generator and a detector that are given the same manifest agree.

STILLWATCH_BINARY names the detector's program.
"""

import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

import numpy as np
import settings

from stillwatch_watermark import Keys, Manifest, payload_code, scheme
from stillwatch_watermark.sampling import choose

PROGRAM = os.environ.get("STILLWATCH_BINARY")
SIZE, LENGTH = 5000, 120


@unittest.skipUnless(PROGRAM, "needs --detector")
class Detector(unittest.TestCase):
    def run_program(self, *arguments):
        result = subprocess.run(
            [PROGRAM, "watermark", *map(str, arguments)], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_agreement(self):
        for name in settings.OWN:
            with self.subTest(scheme=name), tempfile.TemporaryDirectory() as folder:
                self.agree(name, pathlib.Path(folder))

    def agree(self, name, folder):
        """Marked answers are found with the prompt and without, unmarked ones are not."""
        mark = folder / "mark"
        source = random.Random(f"keys of {name}")
        values = [source.getrandbits(63) for _ in range(30 if name.startswith("synthid") else 1)]
        self.run_program(
            "new", "--scheme", name, "--out", mark, "--vocabulary-size", SIZE, *(f"--key={value}" for value in values))
        manifest = Manifest.read(mark / "manifest.json")
        keys = Keys.read(mark / "keys.json", manifest)
        told = self.run_program("check", "--manifest", mark / "manifest.json", "--format", "json")
        self.assertIn(manifest.fingerprint, told)
        generator = scheme(manifest, keys).generator()
        if name == "gumbel_payload":
            code = payload_code(manifest, keys, "acct-é")
            theirs = json.loads(self.run_program("payload", "--manifest", mark / "manifest.json", "acct-é"))
            self.assertEqual(theirs["payload"], list(code))
            generator.set_payload(code)
        numbers, documents = np.random.default_rng(1), []
        for number in range(3):
            prompt, answer = numbers.integers(0, SIZE, 9).tolist(), []
            generator.reset(prompt)
            for _ in range(LENGTH):
                answer.append(choose(generator, (numbers.normal(size=SIZE) * 2).astype(np.float32), source))
                generator.accept(answer[-1])
            documents += [
                {"id": f"marked-{number}", "tokens": answer, "prompt_tokens": prompt},
                {"id": f"marked-{number}-without-prompt", "tokens": answer},
                {"id": f"unmarked-{number}", "tokens": numbers.integers(0, SIZE, LENGTH).tolist()}]
        file = folder / "documents.jsonl"
        file.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
        lines = self.run_program("detect", "--manifest", mark / "manifest.json", "--format", "json", file).splitlines()
        found = {line["id"]: line["p_value"] for line in map(json.loads, lines) if "id" in line}
        self.assertEqual(found.keys(), {document["id"] for document in documents})
        for document, value in found.items():
            # `selfhash` marks no more than the 40 most probable tokens.
            limit = 1e-5 if name == "kgw_selfhash" else 1e-15
            if document.startswith("unmarked"):
                self.assertGreater(value, 1e-5, document)
            else:
                self.assertLess(value, limit, document)


if __name__ == "__main__":
    unittest.main()
