"""The inline gateway: what it costs beside nginx, whether it holds, and whether a campaign is stopped by it."""

import parts

from . import load, replay, soak, streams, worth

# In the order of the results file.
PARTS = {
    "load": load,
    "streams": streams,
    "soak": soak,
    "replay": replay,
    "worth": worth,
}


def run(bench):
    """Measures the parts asked for and returns the bars that any part misses."""
    return parts.run(bench, "Gateway", PARTS, [NOTES])


NOTES = """## How it was measured

Everything is on loopback in a network namespace of its own. The gateway and nginx have one worker each, on one core; the model
server's stand-in and the load share another. The gateway does all that it does in service: it checks keys, holds budgets, asks
a policy, reads the signs of distillation from each exchange, and ends an answer only when the exchange is in its log; nginx
passes bytes on. CPU seconds are user and system time of all threads and processes of the program, so that packing the log
counts as well. Figures are medians over rounds, and ratios medians of the ratio within a round. nginx's connection table is laid
out when it starts, so that what it needs for a stream is less than what it sets aside for one."""
