"""The entry point of ./evaluate: reads the command line and runs the measurements asked for."""

import argparse
import pathlib
import shutil
import signal
import sys
import tempfile

import detection
import formats
import gateway
import scale
import throughput
import watermark
from workbench import REPEATS, ROOT, Failure, Workbench, say

MEASUREMENTS = {
    "detection": detection.run,
    "formats": formats.run,
    "throughput": throughput.run,
    "scale": scale.run,
    "gateway": gateway.run,
    "watermark": watermark.run,
}
# What 'all' measures: the seed case of 'scale' needs more disk than most machines have to spare, 'gateway' needs
# tools, and 'watermark' packages from PyPI and a corpus.
ALL = ["detection", "formats", "throughput"]


def seeds(text):
    """Whole numbers apart by commas."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no list of seeds such as 1,2,3") from None
    if min(numbers) < 0 or len(set(numbers)) < len(numbers):
        raise argparse.ArgumentTypeError("seeds are different numbers from 0")
    return numbers


def main():
    parser = argparse.ArgumentParser(prog="./evaluate")
    parser.add_argument("command", choices=[*MEASUREMENTS, "all"])
    parser.add_argument("--binary", required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--gateway", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--corpus", type=pathlib.Path)
    parser.add_argument("--seeds", type=seeds, default=[1, 2, 3, 4, 5])
    parser.add_argument("--parts", type=lambda text: text.split(","))
    parser.add_argument("--worlds", type=pathlib.Path)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--bench", type=pathlib.Path)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--soak-seconds", type=int, default=600)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "Documentation" / "Results")
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    names = ALL if options.command == "all" else [options.command]
    missed = []
    work = pathlib.Path(tempfile.mkdtemp(prefix="stillwatch-evaluate-"))
    try:
        for folder in (options.corpus, options.bench):
            if folder and not folder.is_dir():
                raise Failure(f"{folder} is no folder")
        options.results.mkdir(parents=True, exist_ok=True)
        # What is measured stays the same even when the original is rebuilt meanwhile.
        binary = work / "stillwatch"
        shutil.copy2(options.binary, binary)
        copy = None
        if options.gateway:
            copy = work / "stillwatch-gateway"
            shutil.copy2(options.gateway, copy)
        for name in names:
            bench = Workbench(name, options, binary, work, copy if name == "gateway" else None)
            missed += [f"{name}: {bar}" for bar in MEASUREMENTS[name](bench)]
    except Failure as failure:
        say(str(failure))
        return 2
    except KeyboardInterrupt:
        return 2
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for bar in missed:
        say(f"missed: {bar}")
    say("a bar was missed" if missed else "every bar was met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
