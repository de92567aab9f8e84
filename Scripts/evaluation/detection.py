"""Everything about verdicts: parts that are measured one by one and kept, and one results file over all of them."""

import ablations
import adaptive
import baselines
import bounds
import classes
import flags
import large
import parts
import power
import reference
import size
import windows
import worlds

# In the order of the results file.
PARTS = {
    "worlds": worlds,
    "flags": flags,
    "large": large,
    "bounds": bounds,
    "classes": classes,
    "reference": reference,
    "size": size,
    "baselines": baselines,
    "windows": windows,
    "ablations": ablations,
    "adaptive": adaptive,
    "power": power,
}


def run(bench):
    """Measures the parts asked for and returns the bars that any part misses."""
    return parts.run(bench, "Detection", PARTS, [worlds.NOTES])
