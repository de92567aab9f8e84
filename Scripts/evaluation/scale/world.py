"""The worlds that the other parts read: made by the product's own simulator, kept with `--worlds`, and made again if not."""

import contextlib
import dataclasses
import json
import os
import shutil

import workbench
from workbench import Failure, recorded, say

# The campaign reported in June 2026, in the days of a world: 25,000 accounts, 29 million exchanges.
INNOCENTS, HARVESTERS, DAYS, RATE = 975_000, 25_000, 21, 55
INNOCENT_EXCHANGES = 3_000_000
SEED = 9
# Answers are shorter than usual, so that an exchange takes what the reported ones are thought to: 40 GB in all.
ANSWER_SCALE = 0.3
# Bytes of an exchange, a little more than was seen: with the built-in grammar, with a corpus of prompts, and packed.
GRAMMAR_BYTES, CORPUS_BYTES, PACKED_BYTES = 1_300, 1_900, 250
# Share of the seed case that is measured where a plain file is needed, which would not fit on most disks.
PLAIN_SHARE = 1 / 10
# Bytes of an account in the account table and the labels.
ACCOUNT_BYTES = 150
SPARE = 2e9
# Of every world with `--quick`.
QUICK_SHARE = 1 / 400


@dataclasses.dataclass(frozen=True)
class Spec:
    """A world: innocents and one clean campaign."""

    innocents: int
    harvesters: int
    # Of all innocents together.
    innocent_exchanges: int
    # Requests a day of each account of the campaign.
    rate: float
    # Whether the log is written as Zstandard frames.
    packed: bool = False

    @property
    def name(self):
        return f"{self.innocents}-{self.harvesters}-{self.innocent_exchanges}-{self.rate:g}{'-zst' if self.packed else ''}"

    @property
    def accounts(self):
        return self.innocents + self.harvesters

    @property
    def exchanges(self):
        """About how many there will be."""
        return self.innocent_exchanges + round(self.harvesters * self.rate * DAYS)

    def options(self):
        return {
            "seed": SEED, "accounts": self.innocents, "days": DAYS, "campaigns": "clean_hydra",
            "campaign-accounts": self.harvesters, "campaign-rate": f"{self.rate:g}", "campaign-days": DAYS,
            "innocent-exchanges": self.innocent_exchanges, "answer-scale": ANSWER_SCALE,
            **({"compress": None} if self.packed else {})}


def seed_case(bench, share=1, rate=RATE, packed=False):
    """The seed case, or the same with a share of its accounts."""
    share *= QUICK_SHARE if bench.quick else 1
    return Spec(round(INNOCENTS * share), max(20, round(HARVESTERS * share)), round(INNOCENT_EXCHANGES * share), rate, packed)


@contextlib.contextmanager
def made(bench, spec, keep=True):
    """The folder of a world, made if it is not there. It stays: for good with `--worlds`, else until all is measured. With
    `keep` false it goes if it was made here, since all worlds together need more disk than the largest."""
    folder = (bench.options.worlds or bench.work / "worlds").absolute() / spec.name
    note = folder / "world.json"
    there = note.exists() and json.loads(note.read_text(encoding="utf-8"))["made"] == wanted(bench, spec)
    if not there:
        make(bench, spec, folder)
    try:
        yield folder
    finally:
        if not there and not keep:
            shutil.rmtree(folder, ignore_errors=True)


def log_of(folder):
    """The log of a world, packed or not."""
    packed = folder / "exchanges.jsonl.zst"
    return packed if packed.exists() else folder / "exchanges.jsonl"


def wanted(bench, spec):
    return {**spec.options(), "prompts": bench.prompts}


def make(bench, spec, folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    exchange = PACKED_BYTES if spec.packed else CORPUS_BYTES if bench.options.corpus else GRAMMAR_BYTES
    need = spec.exchanges * exchange + spec.accounts * ACCOUNT_BYTES + SPARE
    free = shutil.disk_usage(folder.parent).free
    if free < need:
        raise Failure(
            f"a world of {spec.exchanges:,} exchanges needs {need / 1e9:.0f} GB of disk and {free / 1e9:.0f} are free; "
            "--worlds DIR says where worlds go")
    say(f"scale: making a world of about {spec.exchanges:,} exchanges")
    partial = folder.with_name(folder.name + ".partial")
    for old in (folder, partial):
        shutil.rmtree(old, ignore_errors=True)
    options = spec.options() | ({"corpus": bench.options.corpus} if bench.options.corpus else {})
    words = [word for key, value in options.items() for word in (f"--{key}", value) if word is not None]
    run = workbench.measure([bench.binary, "simulate", *words, "--out", partial])
    (partial / "world.json").write_text(json.dumps({"made": wanted(bench, spec), **recorded(run)}), encoding="utf-8")
    partial.rename(folder)


def warm(log):
    """Reads a log into the page cache if it fits there with room to spare."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if log.stat().st_size < memory / 2:
        workbench.measure(["dd", f"if={log}", "of=/dev/null", "bs=1M", "status=none"])


def measure(bench):
    spec = seed_case(bench, packed=True)
    with made(bench, spec) as folder:
        log = log_of(folder)
        lines, size = workbench.measure(["sh", "-c", f"zstd -dcq '{log}' | wc -lc"]).output.split()
        return {
            "options": spec.options(), "prompts": bench.prompts, "accounts": spec.accounts,
            "exchanges": int(lines), "bytes": int(size), "packed_bytes": log.stat().st_size,
            "simulate": json.loads((folder / "world.json").read_text(encoding="utf-8"))}


def sections(data, _):
    options = " ".join(f"--{key}" if value is None else f"--{key} {value}" for key, value in data["options"].items())
    if "--corpus" in data["prompts"]:
        options += " --corpus CORPUS"
    return [
        "## The seed case",
        f"What was reported in June 2026, in {DAYS} days instead of 45 and among people: {data['exchanges']:,} exchanges of "
        f"{data['accounts']:,} accounts, {data['bytes'] / 1e9:.1f} GB ({data['packed_bytes'] / 1e9:.1f} GB packed), with "
        f"{data['prompts']}. Made in "
        f"{data['simulate']['wall']:.0f} s by",
        f"```sh\nstillwatch simulate {options} --out W\n```",
    ], []
