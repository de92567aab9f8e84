"""What all measurements share: running the program, describing the machine, writing tables."""

import ctypes
import dataclasses
import datetime
import hashlib
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPEATS = 5
# From <linux/prctl.h>: orphans below this process become its children.
PR_SET_CHILD_SUBREAPER = 36
ORPHAN_SECONDS = 30


class Failure(Exception):
    """The measurement could not be made."""


def say(text):
    print(f"evaluate: {text}", file=sys.stderr, flush=True)


@dataclasses.dataclass(frozen=True)
class Run:
    """One finished process: times in seconds, memory in bytes."""

    wall: float
    cpu: float
    peak_memory: int
    output: str


def measure(arguments, environment=None):
    """Runs a program to its end. Its standard output is kept, its standard error is shown only when it fails."""
    started = time.monotonic()
    process = subprocess.Popen(
        [str(argument) for argument in arguments], env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output = process.stdout.read().decode("utf-8", "replace")
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        process.wait()
        raise
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode != 0:
        name = " ".join([pathlib.Path(str(arguments[0])).name, *map(str, arguments[1:2])])
        raise Failure(f"'{name}' ended with status {process.returncode}:\n{output[-2000:]}")
    # Linux gives ru_maxrss in units of 1,024 bytes.
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, output)


def measure_tree(arguments, environment=None):
    """As `measure`, with the times of processes whose parents ended before them. Peak memory is the largest process's."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    run = measure(arguments, environment)
    cpu, peak, end = run.cpu, run.peak_memory, time.monotonic() + ORPHAN_SECONDS
    try:
        while time.monotonic() < end:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                time.sleep(0.05)
                continue
            cpu += usage.ru_utime + usage.ru_stime
            peak = max(peak, usage.ru_maxrss * 1024)
        raise Failure(f"'{pathlib.Path(str(arguments[0])).name}' left processes that do not end")
    except ChildProcessError:
        return dataclasses.replace(run, cpu=cpu, peak_memory=peak)


def recorded(run):
    """What is kept of a run in a part's JSON."""
    return {"wall": round(run.wall, 3), "cpu": round(run.cpu, 3), "peak_memory": run.peak_memory}


def take_turns(name, commands, rounds):
    """Calls each command once a round, so that drift hits all alike; gives each one's results by its key."""
    found = {key: [] for key in commands}
    for turn in range(rounds):
        for key, command in commands.items():
            found[key].append(command())
        say(f"{name}: round {turn + 1} of {rounds}")
    return found


def median(records, key):
    return statistics.median(record[key] for record in records)


def compiled_parse(bench):
    """The plain parse of `Benchmarks/baselines`, compiled."""
    if not shutil.which("g++"):
        raise Failure("g++ is needed to compile the plain parse")
    program = bench.work / "parse"
    measure(["g++", "-O2", "-std=c++17", "-o", program, ROOT / "Benchmarks/baselines/parse.cpp", "-lsimdjson"])
    return program


class Workbench:
    """One measurement: its settings, its folder for worlds, and its results file."""

    # What the last column of a table of bars is about.
    beside = "nginx"

    def __init__(self, name, options, binary, work, gateway=None):
        self.name = name
        self.options = options
        self.binary = binary
        self.gateway = gateway
        self.work = work
        self.quick = options.quick

    def knows(self, command, option):
        """Whether the program's command has an option."""
        try:
            return f"--{option} " in measure([self.binary, "help", command]).output
        except Failure:
            return False

    def simulate(self, folder, **settings):
        """Writes a world into a folder of the work folder and returns the folder."""
        out = self.work / folder
        shutil.rmtree(out, ignore_errors=True)
        arguments = [self.binary, "simulate", "--out", out]
        if self.options.corpus:
            settings.setdefault("corpus", self.options.corpus)
        for key, value in settings.items():
            arguments += [f"--{key}", value]
        measure(arguments)
        return out

    @property
    def size(self):
        """Innocent accounts and days of a world."""
        return (400, 14) if self.quick else (2000, 21)

    @property
    def small_size(self):
        """Innocent accounts and days where many worlds are needed."""
        return (400, 14) if self.quick else (1000, 21)

    def scan(self, world, folder, *more, facts=True, log=None):
        """Scans a world and returns the run; verdicts.jsonl and the rest are in the folder.

        `facts` says whether the account table is given, `log` what is read in place of the world's.
        """
        out = self.work / folder
        shutil.rmtree(out, ignore_errors=True)
        table_options = ["--accounts", world / "accounts.csv"] if facts else []
        return measure([self.binary, "scan", log or world / "exchanges.jsonl", *table_options, "--out", out, *more])

    def score(self, world, folder):
        run = measure([
            self.binary, "score", world / "labels.csv", self.work / folder / "verdicts.jsonl", "--format", "json"])
        return json.loads(run.output)

    def records(self, folder, name):
        with open(self.work / folder / name, encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def summary(self, folder):
        return json.loads((self.work / folder / "summary.json").read_text(encoding="utf-8"))

    def remove(self, *folders):
        for folder in folders:
            shutil.rmtree(self.work / folder, ignore_errors=True)

    @property
    def prompts(self):
        return "a corpus of prompts (`--corpus CORPUS`)" if self.options.corpus else "the simulator's built-in grammar"

    def command(self):
        """What was run, without the paths of this machine."""
        words = ["./evaluate", self.name]
        if self.gateway and self.options.bench:
            words += ["--bench", "BENCH"]
        if self.options.corpus:
            words += ["--corpus", "CORPUS"]
        if self.name == "detection":
            words += ["--seeds", ",".join(map(str, self.options.seeds))]
        if self.options.repeats != REPEATS:
            words += ["--repeats", str(self.options.repeats)]
        if self.quick:
            words.append("--quick")
        return " ".join(words)

    def write(self, title, sections, dated=True):
        """Writes the results file from Markdown blocks."""
        blocks = [f"# {title}", self.provenance(dated), *sections]
        path = self.options.results / f"{self.name}.md"
        path.write_text("\n\n".join(block.strip("\n") for block in blocks) + "\n", encoding="utf-8")
        say(f"{self.name}: wrote {path.name}")

    @property
    def measured(self):
        """The program that is measured."""
        return self.gateway or self.binary

    def digest(self):
        """SHA-256 of the program that is measured, in hexadecimal."""
        return hashlib.sha256(self.measured.read_bytes()).hexdigest()

    def commit(self):
        """The commit of the sources, with a plus sign where they differ from it."""
        def git(*words):
            return measure(["git", "--no-optional-locks", "-C", ROOT, *words]).output.strip()

        try:
            changed = git("status", "--porcelain", "--", "Sources", "Package.swift")
            return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
        except (Failure, FileNotFoundError):
            return "unknown"

    def provenance(self, dated):
        version = measure([self.measured, "--version"]).output.strip()
        date = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        return "\n".join([
            f"Written by `{self.command()}`; do not edit by hand.",
            "",
            *table(["", ""], [
                *([["date", date]] if dated else [["commit", self.commit()]]),
                ["version", f"{version} (SHA-256 of the program {self.digest()[:16]})"],
                ["machine", machine()],
            ]).splitlines(),
        ])


def machine():
    """Processor, cores, memory and kernel; nothing that names the machine."""
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo", encoding="utf-8") as lines:
        kibibytes = int(lines.readline().split()[1])
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} logical cores, {kibibytes / 2**20:.0f} GiB, {platform.system()} {platform.release()}"


def table(header, rows, align=None):
    """A Markdown table; `align` has a letter l or r for each column, and columns after the first are to the right."""
    align = align or "l" + "r" * (len(header) - 1)
    if header == ["", ""]:
        align = "ll"
    marks = ["---" if letter == "l" else "---:" for letter in align]
    lines = [header, marks, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def verdict_line(misses):
    """PASS, or FAIL with what was missed."""
    if not misses:
        return "**PASS**: every bar was met."
    return "**FAIL**:\n\n" + "\n".join(f"- {miss}" for miss in misses)


def elapsed(started):
    return f"{time.monotonic() - started:.0f} s"
