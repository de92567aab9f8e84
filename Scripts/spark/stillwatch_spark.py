"""Scans logs on an Apache Spark cluster: the bytes that `stillwatch scan` would write, from many machines.

    spark-submit [SPARK OPTIONS] stillwatch_spark.py INPUT... --out DIR --stillwatch PATH [OPTIONS]

Exchanges become profiles where they are read (`stillwatch profile`), profiles are shuffled by account and merged
(`stillwatch merge`), and the driver judges them (`stillwatch judge`). Python only moves bytes between the processes.

Two ways to read (`--source`):

files   JSON Lines that every executor can open by the same path, as on a shared disk. A task hands ranges of files to
        its process, so no record passes through Spark. Folders and patterns stand for the files that `scan` would take,
        under the same names, and all four results have a scan's bytes, but for the timings in summary.json.
rows    Whatever Spark reads as text or Parquet, from any file system (s3a:, hdfs:). A task writes its rows to one process.
        A Parquet table with a single text column called value, record or line holds JSON records; of any other, a
        row's columns are one record, nulls left out. All inputs have one log format: --format, or what the first rows
        look like. Verdicts and campaigns are a scan's; the report names the arguments and has no digests.

Which of them is told from the inputs: rows for Parquet and for URIs other than file:, else files.

The binary is used at PATH where that can be run, and otherwise as a file of that name sent with
`spark-submit --files`. A file given by --rules is opened by every executor, under the path as given.

Nothing that a task leaves behind is used, only what it returns, once for each partition. So results depend neither on
partitions nor on retries, speculative copies or executors that are lost. A profile has a largest size, so an account
with most of the exchanges makes no task larger than others do: its one bucket gets one profile from each task. A task
holds its own profiles in memory, which are smaller than the records that it read; a merge streams them to disk. The
driver's JVM holds two buckets of merged profiles at a time: give more --buckets when one exceeds
spark.driver.maxResultSize. The driver needs a disk (TMPDIR) for all of them, and memory to judge them.

The driver runs where spark-submit does (client mode); --out, --accounts, --suppress and --reference are paths there.
Exit status: 0 the results are there, 2 they are not and nothing was written; a line that begins with
'stillwatch_spark:' says why. spark-submit shows it, and where time went, on standard output: see --metrics.
"""

import argparse
import contextlib
import dataclasses
import functools
import glob
import itertools
import json
import operator
import os
import pathlib
import random
import re
import resource
import stat
import subprocess
import sys
import tempfile
import time

from pyspark import Accumulator, SparkFiles, StorageLevel
from pyspark.accumulators import AccumulatorParam
from pyspark.sql import SparkSession, functions
from pyspark.sql.types import StringType

# Bytes of input for one task if not given: at most several seconds of work, so that the half second in which a process
# compiles its rules is little beside it; less while that would leave processors idle.
MOST_PART_BYTES, LEAST_PART_BYTES = 1 << 30, 64 << 20
TASKS_PER_PROCESSOR = 3
# Bytes of records in one byte of a packed log, for sharing out work only.
UNPACKED = 8
# Files that a process merges at once, so that a task's disk holds few more profiles than the merged ones.
MERGED_AT_ONCE = 256
# Bytes of a merged bucket in one record of Spark's.
CHUNK_BYTES = 4 << 20
# Names of a Parquet table's only column that holds whole records.
RECORD_COLUMNS = ("value", "record", "line")
# Rows that a log format is told from, as a scan does.
ROWS_FOR_FORMAT = 20


class Failure(Exception):
    """The results cannot be made; the message is for the user."""


# Inputs

def log_files(arguments):
    """The files that `stillwatch scan` would take for these arguments, as (path, size), under the names it gives them."""
    found = {}

    def add(path):
        status = os.stat(path)
        if not stat.S_ISDIR(status.st_mode):
            if not stat.S_ISREG(status.st_mode):
                raise Failure(f"not a regular file: {path}")
            found[path] = status
            return
        below = {}
        walk(path, below, 0)
        if not below:
            raise Failure(f"no log files in {path}")
        found.update(below)

    def walk(folder, below, depth):
        for name in os.listdir(folder):
            path = folder + name if folder.endswith("/") else folder + "/" + name
            if name.startswith(".") or not os.path.exists(path):
                continue
            status = os.stat(path)
            if stat.S_ISDIR(status.st_mode):
                if depth < 32:
                    walk(path, below, depth + 1)
            elif is_log(name):
                below[path] = status

    for argument in arguments:
        argument = re.sub("^file:(//(?=/))?", "", argument)
        matches = [argument] if os.path.exists(argument) else glob.glob(argument)
        if not matches:
            raise Failure(f"no such file or folder: {argument}")
        for match in filter(os.path.exists, matches):
            add(match)
    # A file with several names is read once, under its shortest.
    once = {}
    for path in sorted(found, key=lambda path: (len(os.fsencode(path)), path)):
        status = found[path]
        once.setdefault((status.st_dev, status.st_ino), (path, status.st_size))
    return sorted(once.values())


def is_log(name):
    stem = name.lower()
    for ending in (".gz", ".zst"):
        stem = stem.removesuffix(ending)
    return stem.endswith((".jsonl", ".ndjson", ".json", ".log"))


def tasks_of(files, part_bytes):
    """The parts that each task reads: ranges of large files, several small files, digests of large files first."""
    digests, tasks, small, room = [], [], [], 0
    for path, size in files:
        digest = {"path": path, "digest": True}
        is_packed = path.lower().endswith((".gz", ".zst"))
        if is_packed or size <= part_bytes:
            bytes_of_records = size * UNPACKED if is_packed else size
            if not small or bytes_of_records > room:
                small, room = [], part_bytes
                tasks.append(small)
            room -= bytes_of_records
            small.append({"path": path, "start": 0, "end": None if is_packed else size})
            small += [digest] if size > 0 else []
        else:
            digests.append([digest])
            for start in range(0, size, part_bytes):
                tasks.append([{"path": path, "start": start, "end": min(size, start + part_bytes)}])
    return digests + tasks


def rows_of(spark, path, input_format):
    """The records that Spark reads from `path`, as the bytes of one column."""
    reader = spark.read.option("recursiveFileLookup", "true")
    if input_format == "jsonl":
        # Not as strings, so that what is not UTF-8 arrives as it is.
        return reader.text(path, lineSep="\n").select(functions.col("value").cast("binary"))
    table = reader.parquet(path)
    fields = table.schema.fields
    if len(fields) == 1 and fields[0].name in RECORD_COLUMNS and isinstance(fields[0].dataType, StringType):
        record = functions.col(fields[0].name)
    else:
        record = functions.to_json(functions.struct("*"), {
            "ignoreNullFields": "true", "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
            "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"})
    return table.select(record.cast("binary"))


def lines_of(rows):
    """Rows of one column as lines. A line feed in a record can only be white space between its parts."""
    for row in rows:
        if row[0] is not None:
            yield row[0].replace(b"\n", b" ") + b"\n"


def format_of(tables, program):
    """The log format that the first rows look like, by a scan of them alone."""
    rows = []
    for table in tables:
        rows += table.take(ROWS_FOR_FORMAT - len(rows))
    with tempfile.TemporaryDirectory(prefix="stillwatch-") as folder:
        sample = os.path.join(folder, "first-rows.jsonl")
        pathlib.Path(sample).write_bytes(b"".join(lines_of(rows)))
        try:
            run([program, "scan", sample, "--max-bad", "1", "--out", folder + "/out"])
        except Failure as failure:
            raise Failure(f"the log format of the first rows cannot be told, name it with --format: {failure}") from failure
        return json.loads(pathlib.Path(folder, "out/summary.json").read_bytes())["inputs"][0]["format"]


# Processes

def children_cpu():
    """CPU seconds of all processes that this one has waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(command, feed=(), folder=None, output=subprocess.DEVNULL):
    """Runs a command with `feed` as its standard input; raises what it said on standard error if it failed."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=said, cwd=folder, bufsize=1 << 20)
        is_read = True
        try:
            try:
                for piece in feed:
                    process.stdin.write(piece)
                process.stdin.close()
            except BrokenPipeError:
                # It ended before its input did, and has said why.
                is_read = False
            status = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        if status != 0 or not is_read:
            said.seek(max(0, said.seek(0, os.SEEK_END) - 2000))
            reason = " ".join(said.read().decode("utf-8", "replace").split()) or "it said nothing"
            raise Failure(f"'stillwatch {command[1]}' ended with status {status}: {reason}")


class Totals(AccumulatorParam):
    """What tasks spent, by stage: sums, but for the earliest beginning and the latest end (seconds since 1970).

    A task that Spark repeats after it had succeeded counts again.
    """

    COMBINED = {"begun": min, "ended": max}

    def zero(self, value):
        return {}

    def addInPlace(self, totals, more):
        totals = {stage: dict(spent) for stage, spent in totals.items()}
        for stage, spent in more.items():
            known = totals.setdefault(stage, {})
            for name, value in spent.items():
                combined = self.COMBINED.get(name, operator.add)
                known[name] = combined(known[name], value) if name in known else value
        return totals


@contextlib.contextmanager
def task_folder():
    """A temporary folder on the executor's disks, where Spark deletes even what a killed task left."""
    disks = os.environ.get("SPARK_LOCAL_DIRS", tempfile.gettempdir()).split(",")
    with tempfile.TemporaryDirectory(prefix="stillwatch-", dir=random.choice(disks)) as folder:
        yield folder


@dataclasses.dataclass(frozen=True)
class Job:
    """What every task needs to know."""

    program: str
    options: list
    buckets: int
    threads: int
    # Where the driver works: what relative paths are relative to.
    folder: str
    totals: Accumulator

    def run(self, stage, arguments, feed=()):
        program = self.program
        if not os.access(program, os.X_OK):
            program = SparkFiles.get(os.path.basename(program))
        folder = self.folder if os.path.isdir(self.folder) else None
        begun, cpu = time.time(), children_cpu()
        run([program, stage, *arguments], feed, folder)
        self.totals.add({stage: {
            "processes": 1, "cpu_seconds": children_cpu() - cpu, "begun": begun, "ended": time.time()}})

    def profile(self, arguments, feed):
        """Profiles what the process is fed with: a file of profiles for each bucket."""
        with task_folder() as folder:
            out = os.path.join(folder, "profiles")
            self.run("profile", [
                *arguments, *self.options, "--threads", str(self.threads), "--buckets", str(self.buckets),
                "--out", out], feed)
            files = [os.path.join(out, f"bucket-{bucket:05}") for bucket in range(self.buckets)]
            self.totals.add({"profile": {"shuffled_bytes": sum(map(os.path.getsize, files))}})
            for bucket, file in enumerate(files):
                yield bucket, pathlib.Path(file).read_bytes()

    def profile_files(self, tasks):
        for parts in tasks:
            yield from self.profile(["--parts", "-"], ((json.dumps(part) + "\n").encode() for part in parts))

    def profile_rows(self, name, rows):
        lines = lines_of(rows)
        # An empty partition says nothing, not even a format.
        for first in lines:
            yield from self.profile(["-", "--as", name], itertools.chain([first], lines))

    def merge(self, bucket, pairs):
        """Merges the files of one bucket, and yields the merged one in pieces, in order."""
        with task_folder() as folder:
            files = []

            def merge_files():
                out = os.path.join(folder, f"merged-{os.path.basename(files[-1])}")
                self.run("merge", [*files, "--out", out])
                for file in files:
                    os.remove(file)
                files[:] = [out]

            for number, (_, profiles) in enumerate(pairs):
                files.append(os.path.join(folder, str(number)))
                pathlib.Path(files[-1]).write_bytes(profiles)
                if len(files) == MERGED_AT_ONCE:
                    merge_files()
            if not files:
                return
            merge_files()
            with open(files[0], "rb") as merged:
                while chunk := merged.read(CHUNK_BYTES):
                    yield bucket, chunk


# The driver

def spark_pairs(spark, arguments, job):
    """An RDD of (bucket, profiles) for all inputs."""
    context = spark.sparkContext
    if arguments.source == "files":
        files = log_files(arguments.inputs)
        share = sum(size for _, size in files) // (TASKS_PER_PROCESSOR * context.defaultParallelism)
        part_bytes = arguments.part_bytes or min(MOST_PART_BYTES, max(LEAST_PART_BYTES, share))
        tasks = tasks_of(files, part_bytes)
        return context.parallelize(tasks, len(tasks)).mapPartitions(job.profile_files)
    # Whatever the cluster's defaults, input that cannot be read must not be left out in silence.
    for name, value in (
            ("spark.sql.files.ignoreCorruptFiles", "false"), ("spark.sql.files.ignoreMissingFiles", "false"),
            ("spark.sql.session.timeZone", "UTC")):
        spark.conf.set(name, value)
    tables = [rows_of(spark, path, arguments.input_format) for path in arguments.inputs]
    if arguments.format is None:
        job.options.extend(["--format", format_of(tables, job.program)])
    return context.union([
        table.rdd.mapPartitions(functools.partial(job.profile_rows, path))
        for path, table in zip(arguments.inputs, tables)])


def scan(arguments):
    """The whole job; returns where time went."""
    begun = time.monotonic()
    spark = SparkSession.builder.appName("stillwatch").getOrCreate()
    context = spark.sparkContext
    times = {"start": time.monotonic() - begun}

    @contextlib.contextmanager
    def timed(stage):
        begun = time.monotonic()
        yield
        times[stage] = time.monotonic() - begun

    with tempfile.TemporaryDirectory(prefix="stillwatch-") as folder:
        try:
            job = Job(
                program=os.path.abspath(arguments.stillwatch), options=given(arguments, PROFILE_OPTIONS),
                buckets=arguments.buckets, threads=int(context.getConf().get("spark.task.cpus", "1")),
                folder=os.getcwd(), totals=context.accumulator({}, Totals()))
            if arguments.show_text:
                job.options.append("--show-text")
            with timed("plan"):
                pairs = spark_pairs(spark, arguments, job)
            with timed("cluster"):
                # One partition for each bucket. Kept, so that all are merged at once before they are fetched in turn.
                merged = pairs.partitionBy(arguments.buckets, int).mapPartitionsWithIndex(job.merge)
                merged.persist(StorageLevel.DISK_ONLY)
                merged_bytes = merged.map(lambda piece: len(piece[1])).sum()
            with timed("fetch"):
                for bucket, chunk in merged.toLocalIterator(prefetchPartitions=True):
                    with open(os.path.join(folder, f"bucket-{bucket:05}"), "ab") as file:
                        file.write(chunk)
            spent = job.totals.value
        finally:
            # The executors are not needed any more.
            spark.stop()
        files = sorted(os.path.join(folder, name) for name in os.listdir(folder))
        if not files:
            raise Failure("no rows in the input")
        cpu = children_cpu()
        with timed("judge"):
            run([job.program, "judge", *files, *given(arguments, JUDGE_OPTIONS), "--out", arguments.out], output=None)
        spent["judge"] = {"processes": 1, "cpu_seconds": children_cpu() - cpu}
    for stage, spans in spent.items():
        spans["wall_seconds"] = spans.pop("ended") - spans.pop("begun") if "begun" in spans else times[stage]
    spent["merge"]["merged_bytes"] = merged_bytes
    summary = json.loads(pathlib.Path(arguments.out, "summary.json").read_bytes())
    return {
        "exchanges": summary["counts"]["exchanges"], "stages": rounded(spent),
        "driver_seconds": rounded(times)}


def rounded(value):
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    return round(value, 3) if isinstance(value, float) else value


# Arguments

PROFILE_OPTIONS = ("format", "since", "until", "rules", "max-bad")
JUDGE_OPTIONS = ("accounts", "fdr", "threads", "suppress", "reference", "input-price", "output-price")


def given(arguments, names):
    """The options of these names that were given, as arguments of a command."""
    values = vars(arguments)
    return [
        text for name in names if (value := values[name.replace("-", "_")]) is not None
        for text in ("--" + name, value)]


def count(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def parsed():
    parser = argparse.ArgumentParser(
        prog="stillwatch_spark.py", allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
        description=__doc__)
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="files, folders, patterns, or URIs that Spark reads")
    parser.add_argument("--out", required=True, help="folder for the results, on the driver")
    parser.add_argument("--stillwatch", required=True, metavar="PATH", help="the binary")
    parser.add_argument("--input-format", choices=("jsonl", "parquet"), default="jsonl")
    parser.add_argument("--source", choices=("files", "rows"), help="told from the inputs if not given")
    parser.add_argument("--buckets", type=count, default=64, help="partitions of the accounts (64)")
    parser.add_argument("--part-bytes", type=count, help="bytes of files for one task; by their size if not given")
    parser.add_argument("--metrics", metavar="FILE", help="where time went, as JSON; standard error if not given")
    parser.add_argument("--show-text", action="store_true", help="as of 'stillwatch profile'")
    for command, names in (("profile", PROFILE_OPTIONS), ("judge", JUDGE_OPTIONS)):
        for name in names:
            parser.add_argument("--" + name, help=f"as of 'stillwatch {command}'")
    arguments = parser.parse_args()

    is_uri = any(re.match("(?!file:)[A-Za-z][A-Za-z0-9+.-]*:/", path) for path in arguments.inputs)
    if arguments.source is None:
        arguments.source = "rows" if is_uri or arguments.input_format == "parquet" else "files"
    if arguments.source == "files" and (is_uri or arguments.input_format == "parquet"):
        parser.error("--source files is for JSON Lines at local paths")
    if arguments.format == "auto":
        arguments.format = None
    if "-" in arguments.inputs:
        parser.error("standard input cannot be read by a cluster")
    # What would else be noticed after everything was read.
    for name in ("stillwatch", "accounts", "suppress", "reference"):
        path = getattr(arguments, name)
        if path is not None and not os.path.isfile(path):
            parser.error(f"--{name}: no such file: {path}")
    return arguments


def reason(error):
    """One line for an error, which may have come from a task through Spark."""
    told = re.findall(r"Failure: (.*)", str(error)) or str(error).strip().splitlines()
    return told[0] if told else type(error).__name__


def main():
    arguments = parsed()
    try:
        metrics = json.dumps(scan(arguments))
        if arguments.metrics:
            pathlib.Path(arguments.metrics).write_text(metrics + "\n", encoding="utf-8")
        else:
            print(metrics, file=sys.stderr)
    except Exception as error:
        print(f"stillwatch_spark: {reason(error)}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
