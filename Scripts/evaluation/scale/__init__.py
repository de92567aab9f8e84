"""A campaign of the size reported in public, and what finding it costs: time, memory and disk, and how they grow."""

import parts

from . import growth, judging, kill, packed, ratio, spark, threads, whole, world

# In the order of the results file.
PARTS = {
    "world": world,
    "whole": whole,
    "ratio": ratio,
    "threads": threads,
    "growth": growth,
    "judging": judging,
    "kill": kill,
    "packed": packed,
    "spark": spark,
}


def run(bench):
    """Measures the parts asked for and returns the bars that any part misses."""
    return parts.run(bench, "Scale", PARTS, [NOTES], dated=False)


NOTES = """## How it was measured

Commands that are compared take turns, so that drift of the machine hits all alike; figures are medians. CPU seconds are
user and system time of the process and its children. Peak memory is the largest resident set that the kernel saw, and the
largest of the runs. Logs that fit into the page cache are read once before. A scan includes the SHA-256 of its input,
judging and the report."""
