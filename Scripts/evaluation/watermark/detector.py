"""Running `stillwatch watermark detect`."""

import json

from workbench import measure

from . import schemes


def command(bench, scheme, files, name, *more):
    """What is run to score files of documents under a scheme, one thread."""
    manifest, keys = schemes.write(scheme, bench.work, name)
    return [bench.binary, "watermark", "detect", "--manifest", manifest, "--keys", keys, "--threads", "1", "--format", "json",
            *more, *files]


def read(output):
    """The program's JSON Lines, without other lines."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def detect(bench, scheme, files, name="scheme"):
    """One record a document, in the files' order."""
    return read(measure(command(bench, scheme, files, name)).output)


def write(file, records):
    """Documents as the program reads them."""
    with open(file, "w", encoding="utf-8") as out:
        for record in records:
            kept = {"id": record["id"], "tokens": record["tokens"]}
            if record.get("prompt_tokens"):
                kept["prompt_tokens"] = record["prompt_tokens"]
            out.write(json.dumps(kept, separators=(",", ":")) + "\n")
    return file
