"""A scan on Apache Spark with two workers on this machine, beside a scan."""

import json
import shutil

from workbench import ROOT, measure as run_program, measure_tree, recorded, table

from . import world
from .scanning import COSTS, costs, different, results, scanned

SHARE = 1 / 10
JOB = ROOT / "Scripts" / "spark" / "stillwatch_spark.py"
# Where Scripts/spark/test_spark.py installs Spark.
INSTALLED = ROOT / ".build-spark" / "venv"
WORKERS = "local-cluster[2,1,1024]"
# Each is a process; the job's default is for clusters.
BUCKETS = 8
SETTINGS = {
    "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false",
    "spark.log.level": "WARN", "spark.executor.memory": "512m"}


def measure(bench):
    homes = list(INSTALLED.glob("lib/python3*/site-packages/pyspark"))
    if not JOB.exists() or not homes:
        return {"left_out": "Spark is not installed (Scripts/spark/test_spark.py does)"}
    with world.made(bench, world.seed_case(bench, SHARE)) as folder:
        world.warm(folder / "exchanges.jsonl")
        scan = scanned(bench, folder, "--threads", 2)
        metrics = bench.work / "spark.json"
        python = str(INSTALLED / "bin" / "python")
        disks = bench.work / "spark-disks"
        disks.mkdir()
        run = measure_tree([
            homes[0] / "bin" / "spark-submit", "--master", WORKERS,
            *(f"--conf={key}={value}" for key, value in SETTINGS.items()),
            JOB, folder / "exchanges.jsonl", "--stillwatch", bench.binary, "--accounts", folder / "accounts.csv",
            "--buckets", BUCKETS, "--metrics", metrics, "--out", bench.work / "spark"], environment={
                "SPARK_HOME": str(homes[0]), "PYSPARK_PYTHON": python, "PYSPARK_DRIVER_PYTHON": python,
                "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(disks), "TMPDIR": str(disks)})
        data = {
            "scan": scan, "run": recorded(run), "metrics": json.loads(metrics.read_text(encoding="utf-8")),
            "different": different(*(results(bench.work / name) for name in ("scan", "spark")))}
        bench.remove("scan", "spark", "spark-disks")
        # Where a local cluster's workers write.
        shutil.rmtree(homes[0] / "work", ignore_errors=True)
    return data


def sections(data, _):
    title = "## On Apache Spark"
    if "left_out" in data:
        return [title, f"Not measured: {data['left_out']}."], []
    scan, run, metrics = data["scan"], data["run"], data["metrics"]
    inside = sum(stage["cpu_seconds"] for stage in metrics["stages"].values())
    rows = [
        [name, *costs([one]), f"{one['cpu'] / scan['cpu']:.2f}"]
        for name, one in (("scan, 2 threads", scan), ("Spark", run))]
    rows.append(["of which in stillwatch", "", f"{inside:.2f}", "", f"{inside / scan['cpu']:.2f}"])
    stages = ", ".join(f"{name} {stage['wall_seconds']:.1f} s" for name, stage in metrics["stages"].items())
    return [
        title,
        f"`Scripts/spark/stillwatch_spark.py` with two workers of one core on this machine (`{WORKERS}`), on "
        f"{scan['exchanges']:,} exchanges, once. Seconds include the start of Spark; CPU seconds are of its "
        "processes as far as somebody waited for them, so that the sum can be below a part of it that was counted inside; memory "
        "is of the largest one. The bar is that all results are the scan's, to the byte.",
        table(["", *COSTS, "x the scan's CPU"], rows),
        f"Stages: {stages}.",
    ], [f"{name} is not the scan's" for name in data["different"]]
