"""The baselines of `Benchmarks/baselines`, ready to run."""

import json
import os
import subprocess
import sys

from workbench import ROOT, Failure, measure, recorded, say

FOLDER = ROOT / "Benchmarks" / "baselines"


def python():
    """A Python with the packages of the profiles baseline; made the first time, for which it needs PyPI."""
    place, wanted = ROOT / ".venv-baselines", FOLDER / "requirements.txt"
    installed, program = place / "installed.txt", place / "bin" / "python"
    if not installed.exists() or installed.read_bytes() != wanted.read_bytes():
        say("installing the packages of the profiles baseline")
        try:
            measure([sys.executable, "-m", "venv", "--clear", place])
            # The list is complete, so the resolver is not asked.
            measure([program, "-m", "pip", "install", "--quiet", "--no-deps", "-r", wanted])
        except Failure as failure:
            raise Failure(f"the packages in {wanted.relative_to(ROOT)} cannot be installed: {failure}") from None
        installed.write_bytes(wanted.read_bytes())
    return program


def baseline(words):
    """Runs a baseline; its own CPU seconds, which leave out imports, stand in place of the process's."""
    run = measure(words)
    said = json.loads(run.output)
    return {**recorded(run), "cpu": said["cpu_seconds"], "exchanges": said["exchanges"]}


def beginning(log, exchanges, place):
    """A file with a log's first exchanges."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place, "wb") as file:
        subprocess.run(["head", "-n", str(exchanges), os.fspath(log)], stdout=file, check=True)
    return place
