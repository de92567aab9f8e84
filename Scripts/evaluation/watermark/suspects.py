"""Running `stillwatch provenance test` on answers of a suspect."""

import json

from workbench import measure

from . import schemes


def test(bench, scheme, file, name, *more):
    """The report on a suspect's answers, as the program writes it in JSON."""
    manifest, keys = schemes.write(scheme, bench.work, name)
    output = measure([
        bench.binary, "provenance", "test", "--suspect", file, "--manifest", manifest, "--keys", keys, "--protocol", "closed",
        "--format", "json", *more]).output
    return json.loads(output[output.index("{"):output.rindex("}") + 1])


def fixed(report):
    """Tokens scored and log10 of the p-value of the test with a fixed number of tokens."""
    return report["n"], report["log10_p"]


def anytime(report):
    """The least p-value that the test which may be watched ever had."""
    return report["anytime_p"]
