"""Running `stillwatch provenance` on answers of a suspect."""

import json
import shutil

from workbench import measure

from . import schemes


def test(bench, scheme, file, name, *more):
    """What the program reports of the suspect, and its trace: a record each time that 2 % more tokens were scored."""
    manifest, keys = schemes.write(scheme, bench.work, name)
    state = bench.work / "provenance"
    shutil.rmtree(state, ignore_errors=True)
    measure([bench.binary, "provenance", "test", "--protocol", "closed", "--suspect", file, "--manifest", manifest, "--keys", keys,
             "--state", state, "--format", "json", *more])
    report = json.loads((state / "report.json").read_text(encoding="utf-8"))
    with open(state / "suspect" / "trace.jsonl", encoding="utf-8") as lines:
        trace = [json.loads(line) for line in lines]
    return report["suspect"], trace


def windows(bench, scheme, files, name):
    """A file of the windows in marked answers, for `--filter`."""
    manifest, keys = schemes.write(scheme, bench.work, name)
    out = bench.work / f"{name}.windows"
    measure([bench.binary, "provenance", "filter", "--manifest", manifest, "--keys", keys, "--out", out, *files])
    return out
