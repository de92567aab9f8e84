"""Packed logs whose pieces can be unpacked at the same time: one thread against two."""

import shutil
import struct
import zlib

from workbench import Failure, measure as run_program, median, table, take_turns

from . import world
from .scanning import COSTS, costs, digest, scanned

SHARE = 1 / 30
# What a BGZF block holds: a packed one must fit into 64 KiB even if it does not shrink.
BLOCK_BYTES = 65_280
LEVEL = 6


def measure(bench):
    with world.made(bench, world.seed_case(bench, 1 if bench.quick else SHARE)) as folder:
        log = folder / "exchanges.jsonl"
        names = {"plain": log, **packed(log, bench.work / "packed")}
        for file in names.values():
            world.warm(file)
        verdicts = {}

        def command(name, threads):
            def scan():
                run = scanned(bench, folder, "--threads", threads, log=names[name])
                verdicts.setdefault(digest(bench.work / "scan" / "verdicts.jsonl"), name)
                return run
            return scan

        found = take_turns(
            "scale: packed", {f"{name} {threads}": command(name, threads) for name in names for threads in (1, 2)},
            1 if bench.quick else bench.options.repeats)
        data = {
            "runs": found, "bytes": {name: file.stat().st_size for name, file in names.items()},
            "verdicts": list(verdicts.values())}
        bench.remove("packed", "scan")
    return data


def packed(log, place):
    """Packs a log in many frames and in many members; gives the files by name."""
    place.mkdir()
    zst, gz = place / "exchanges.jsonl.zst", place / "exchanges.jsonl.gz"
    if not shutil.which("pzstd"):
        raise Failure("pzstd is needed; it comes with zstd")
    run_program(["pzstd", "--quiet", "--processes", 2, log, "-o", zst])
    with open(log, "rb") as source, open(gz, "wb") as target:
        while block := source.read(BLOCK_BYTES):
            target.write(bgzf(block))
        target.write(bgzf(b""))
    return {"zst, many frames": zst, "gz, bgzip's blocks": gz}


def bgzf(block):
    """A gzip member that says how long it is, as bgzip writes it (SAM specification, section 4.1)."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
    body = packer.compress(block) + packer.flush()
    length = len(body) + 26
    header = struct.pack("<4BI2BH2BHH", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, length - 1)
    return header + body + struct.pack("<II", zlib.crc32(block), len(block))


def sections(data, _):
    rows = []
    for name, size in data["bytes"].items():
        one, two = (data["runs"][f"{name} {threads}"] for threads in (1, 2))
        for threads, runs in ((1, one), (2, two)):
            rows.append([
                name, threads, f"{size / 1e6:,.0f}", *costs(runs), f"{median(one, 'wall') / median(runs, 'wall'):.2f}"])
    misses = [f"the verdicts of {name} are not those of the plain log" for name in data["verdicts"][1:]]
    plain = data["runs"]["plain 1"]
    return [
        "## Packed logs",
        f"Scans of one log of {plain[0]['exchanges']:,} exchanges. Rounds: {len(plain)}. The bar is that verdicts are the "
        "same to the byte.",
        table(["log", "threads", "MB", *COSTS, "times as fast"], rows),
    ], misses
