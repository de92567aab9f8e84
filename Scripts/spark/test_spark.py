#!/usr/bin/env python3
"""Compares what the Spark job writes with a scan on one machine, byte by byte.

    STILLWATCH_BINARY=PATH Scripts/spark/test_spark.py

Runs on executors of their own, on a standalone cluster that loses a worker amid its tasks, on Parquet, on a log of which
one account has most, and on damaged input. Installs Spark into .build-spark the first time (PyPI); needs Java 17 and
Linux. Prints a line for each check; exit status: 0 all passed, 1 one failed, 2 could not run.
"""

import contextlib
import gzip
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = ROOT / ".build-spark" / "venv"
JOB = ROOT / "Scripts" / "spark" / "stillwatch_spark.py"
RESULTS = ("verdicts.jsonl", "campaigns.jsonl", "report.html", "summary.json")
# The longest that one command may take, and a cluster to be up.
COMMAND_SECONDS = 240
CLUSTER_SECONDS = 60
# Small, so that there are many tasks.
PART_BYTES = 4 << 20

failures = []


def check(what, problem=None):
    print(f"FAILED  {what}: {problem}" if problem else f"ok      {what}", flush=True)
    if problem:
        failures.append(what)


class CannotRun(Exception):
    """The checks cannot be made."""


def install_spark():
    """Makes the virtual environment when it is missing or out of date."""
    if not shutil.which("java"):
        raise CannotRun("there is no 'java' on the path; Scripts/setup --test installs it")
    wanted = (JOB.parent / "requirements.txt").read_text()
    installed = VENV / "installed.txt"
    if not installed.exists() or installed.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        # The list is complete, so the resolver is not asked.
        subprocess.run([
            VENV / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
            "-r", JOB.parent / "requirements.txt"], check=True)
        installed.write_text(wanted)


def processes():
    """Every process as {pid: (parent, command)}."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # The name before it, in parentheses, may hold anything.
            parent = int((folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
            found[int(folder.name)] = (parent, (folder / "cmdline").read_bytes().decode(errors="replace").split("\0"))
    return found


def below(ancestor, found):
    """The processes of `found` that `ancestor` started, directly or not."""
    children = [pid for pid, (parent, _) in found.items() if parent == ancestor]
    return children + [pid for child in children for pid in below(child, found)]


def until(what, seconds, condition):
    """Waits for a condition to hold, and returns what it said."""
    end = time.monotonic() + seconds
    while not (said := condition()):
        if time.monotonic() > end:
            raise CannotRun(f"{what} took more than {seconds} s")
        time.sleep(0.05)
    return said


class Spark:
    """Spark's programs, with everything they write below one folder."""

    def __init__(self, work):
        self.work = work
        home = next(VENV.glob("lib/python3*/site-packages/pyspark"))
        self.submit_program = home / "bin" / "spark-submit"
        self.class_program = home / "bin" / "spark-class"
        # Where a local cluster's workers write.
        self.work_folder = home / "work"
        python = str(VENV / "bin" / "python")
        self.environment = {
            **os.environ, "SPARK_HOME": str(home), "PYSPARK_PYTHON": python, "PYSPARK_DRIVER_PYTHON": python,
            "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(work / "disks"), "TMPDIR": str(work / "temporary")}
        (work / "disks").mkdir()
        (work / "temporary").mkdir()

    def start(self, command, log):
        with open(log, "wb") as output:
            return subprocess.Popen(
                list(map(str, command)), cwd=self.work, env=self.environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT)

    def python(self, code, *arguments):
        subprocess.run(
            [VENV / "bin" / "python", "-c", code, *map(str, arguments)], cwd=self.work, env=self.environment, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=COMMAND_SECONDS)

    def submit(self, name, inputs, *options, master="local[2]", configuration=None):
        """Starts the job on inputs; its results go to the folder of its name, its output to NAME.log."""
        settings = {
            "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false",
            "spark.log.level": "WARN", "spark.executor.memory": "512m", **(configuration or {})}
        return self.start([
            self.submit_program, "--master", master, *[f"--conf={key}={value}" for key, value in settings.items()],
            JOB, *inputs, "--out", name, "--metrics", f"{name}.metrics", *options], self.work / f"{name}.log")

    def finish(self, name, process, status=0):
        """Waits for a job; whether it ended with `status`, as a check."""
        try:
            ended = process.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            ended = "after too long a time"
        lines = (self.work / f"{name}.log").read_text(errors="replace").splitlines()
        said = [line for line in lines if line.startswith("stillwatch_spark: ")] or lines[-3:]
        check(f"{name}: exit status {status}", None if ended == status else f"ended {ended}: {' '.join(said)}")
        return " ".join(said)

    def run(self, name, inputs, *options, **more):
        begun = time.monotonic()
        self.finish(name, self.submit(name, inputs, *options, **more))
        metrics = self.work / f"{name}.metrics"
        if metrics.exists():
            print(f"        {time.monotonic() - begun:.0f} s: {metrics.read_text().strip()}")

    @contextlib.contextmanager
    def cluster(self, workers):
        """A standalone master with workers of one core: its URL and the workers' processes."""
        started = []

        def start(kind, *arguments):
            log = self.work / f"{kind}-{len(started)}.log"
            started.append(self.start([
                self.class_program, f"org.apache.spark.deploy.{kind}", "--host", "127.0.0.1", "--port", "0",
                "--webui-port", "0", *arguments], log))
            return log

        def told(log, pattern):
            return until(log.name, CLUSTER_SECONDS, lambda: re.search(pattern, log.read_text(errors="replace")))

        try:
            master = told(start("master.Master"), r"Starting Spark master at (spark://[\d.:]+)")[1]
            logs = [
                start("worker.Worker", "--cores", "1", "--memory", "1g", "--work-dir", self.work / f"worker-{number}", master)
                for number in range(workers)]
            for log in logs:
                told(log, "Successfully registered with master")
            yield master, started[1:]
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(CLUSTER_SECONDS)


def kill_worker_amid_task(workers, port):
    """Kills one of the workers and its executor, while a task of it runs and after others have left their output there."""

    def get(path):
        with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(
                f"http://127.0.0.1:{port}/api/v1/applications{path}", timeout=5) as answer:
            return json.load(answer)
        return []

    def busy_executor():
        for application in get(""):
            for executor in get(f"/{application['id']}/executors"):
                if executor["id"] != "driver" and executor["activeTasks"] > 0 and executor["completedTasks"] >= 3:
                    return executor["id"]
        return None

    wanted = until("the first tasks", CLUSTER_SECONDS, busy_executor)

    def profiling():
        found = processes()
        for worker in workers:
            for pid in below(worker.pid, found):
                command = found[pid][1]
                if "--executor-id" in command and command[command.index("--executor-id") + 1] == wanted:
                    if any("--parts" in found[child][1] for child in below(pid, found)):
                        return worker, pid
        return None

    worker, executor = until("a task's process", CLUSTER_SECONDS, profiling)
    os.kill(executor, signal.SIGKILL)
    worker.kill()


def without_timings(path):
    return re.sub(rb'"timings":\{[^}]*\}', b"", path.read_bytes())


def same(name, wanted, files, folder):
    for file in files:
        ours, scans = folder / name / file, folder / wanted / file
        what = f"{name}: {file} has a scan's bytes" + (" but for timings" if file == "summary.json" else "")
        if not ours.exists():
            check(what, "there is no such file")
        else:
            read = without_timings if file == "summary.json" else pathlib.Path.read_bytes
            check(what, None if read(ours) == read(scans) else f"{ours} and {scans} differ")


def lay_out(world, logs):
    """A folder of logs as they are found: plain and packed, below each other, empty, hidden, with bad records."""
    lines = world.read_bytes().splitlines(keepends=True)
    (logs / "day=1").mkdir(parents=True)
    third = len(lines) // 3
    (logs / "day=1" / "a.jsonl").write_bytes(b"".join(lines[:third]) + b'not json\n{"id":"\xff"}\n' + lines[third])
    # A member of its own for the second half, as log rotation appends them.
    half = third + 1 + len(lines) // 20
    (logs / "b.log.gz").write_bytes(
        gzip.compress(b"".join(lines[third + 1:half]), 1) + gzip.compress(b"".join(lines[half:half + 100]), 1))
    (logs / "c.ndjson").write_bytes(b"".join(lines[half + 100:]))
    (logs / "empty.json").touch()
    for name in ("notes.txt", ".hidden.jsonl"):
        (logs / name).write_bytes(lines[0])
    (logs / "another-name-of-c.ndjson").symlink_to("c.ndjson")


def skew(world, out):
    """The first exchanges of a world, four fifths of them as one account's."""
    with open(world, "rb") as lines, open(out, "wb") as skewed:
        for number, line in enumerate(itertools.islice(lines, 20_000)):
            if number % 5:
                line = re.sub(rb'"account":\{"id":"[^"]*"', b'"account":{"id":"acct_most"', line, count=1)
            skewed.write(line)


TO_PARQUET = """
import sys
from pyspark.sql import SparkSession
logs, values, few, columns = sys.argv[1:]
spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
text = spark.read.option("recursiveFileLookup", "true").option("pathGlobFilter", "[abc].*").text(logs, lineSep="\\n")
text.write.parquet(values)
spark.read.json(few).write.parquet(columns)
"""


def test(binary, work):
    spark = Spark(work)

    def scan(name, *inputs):
        subprocess.run(
            [binary, "scan", *inputs, "--accounts", "world/accounts.csv", "--out", name], cwd=work, check=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=COMMAND_SECONDS)

    subprocess.run(
        [binary, "simulate", "--out", "world", "--seed", "3", "--accounts", "400", "--days", "14"], cwd=work, check=True,
        stdout=subprocess.DEVNULL)
    world = work / "world" / "exchanges.jsonl"
    lay_out(world, work / "logs")
    skew(world, work / "skewed.jsonl")
    with open(world, "rb") as lines:
        # A column has one type, and a message's content has two.
        few = [line for line in itertools.islice(lines, 10_000) if b'"content":[' not in line]
    (work / "few.jsonl").write_bytes(b"".join(few))
    for path in ("logs", work / "skewed.jsonl", "few.jsonl"):
        scan(f"scan-{pathlib.Path(path).stem}", path)
    campaigns = (work / "scan-logs" / "campaigns.jsonl").read_text().count("\n")
    check("the world has campaigns to find", None if campaigns else "none was found by the scan")

    common = ("--stillwatch", binary, "--accounts", "world/accounts.csv", "--part-bytes", str(PART_BYTES))
    spark.run("executors", ["logs"], *common, "--buckets", "8", master="local-cluster[2,1,1024]")
    same("executors", "scan-logs", RESULTS, work)

    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    with spark.cluster(workers=2) as (master, workers):
        job = spark.submit(
            "killed-worker", ["logs"], *common, "--buckets", "5", master=master,
            configuration={"spark.ui.enabled": "true", "spark.ui.port": port, "spark.log.level": "INFO"})
        try:
            kill_worker_amid_task(workers, port)
            spark.finish("killed-worker", job)
        finally:
            job.kill()
    log = (work / "killed-worker.log").read_text(errors="replace")
    check("killed-worker: a task was lost amid its work", None if re.search(
        "Lost task .*ExecutorLostFailure|while it was being computed, its executor exited", log)
        else "no task ran on the executor that was killed")
    check("killed-worker: finished tasks were repeated",
          None if "Resubmitted ShuffleMapTask" in log else "nothing was lost that a task had left there")
    same("killed-worker", "scan-logs", RESULTS, work)

    # A worker that was killed cannot clean up after its executors.
    shutil.rmtree(work / "disks")
    (work / "disks").mkdir()

    common += ("--buckets", "3")
    spark.run("skewed", [f"file://{work}/skewed.jsonl"], *common)
    same("skewed", "scan-skewed", RESULTS, work)

    spark.python(TO_PARQUET, "logs", "values", "few.jsonl", "columns")
    spark.run("parquet-values", ["values"], *common, "--input-format", "parquet")
    same("parquet-values", "scan-logs", RESULTS[:2], work)
    spark.run("parquet-columns", ["columns"], *common, "--input-format", "parquet")
    same("parquet-columns", "scan-few", RESULTS[:2], work)
    spark.run("text-rows", ["few.jsonl"], *common, "--source", "rows")
    same("text-rows", "scan-few", RESULTS[:2], work)

    packed = gzip.compress((work / "few.jsonl").read_bytes(), 1)
    (work / "damaged.jsonl.gz").write_bytes(packed[:len(packed) // 2])
    said = spark.finish("damaged", spark.submit("damaged", ["few.jsonl", "damaged.jsonl.gz"], *common), status=2)
    check("damaged: the message says why", None if "damaged.jsonl.gz" in said and "damaged after" in said else said)
    check("damaged: nothing was written", "there is a folder of results" if (work / "damaged").exists() else None)

    left = [*(work / "disks").rglob("stillwatch-*"), *(work / "temporary").glob("stillwatch-*")]
    check("no temporary folder is left", f"{left[0]} is" if left else None)
    shutil.rmtree(spark.work_folder, ignore_errors=True)


def main():
    binary = os.environ.get("STILLWATCH_BINARY", "")
    if not os.access(binary, os.X_OK):
        raise CannotRun("set STILLWATCH_BINARY to the path of the binary")
    install_spark()
    with tempfile.TemporaryDirectory(prefix="stillwatch-spark-") as work:
        test(os.path.realpath(binary), pathlib.Path(work))


if __name__ == "__main__":
    started = time.monotonic()
    # So that what was started is ended, and what was written is deleted, when ./test has waited long enough.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    try:
        main()
    except (CannotRun, OSError, subprocess.SubprocessError) as error:
        print(f"test_spark: {error}", file=sys.stderr)
        sys.exit(2)
    print(f"{len(failures)} checks failed, {time.monotonic() - started:.0f} s")
    sys.exit(1 if failures else 0)
