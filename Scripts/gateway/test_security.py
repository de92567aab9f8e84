#!/usr/bin/env python3
"""Attacks a gateway with bytes that no SDK sends.

    STILLWATCH_GATEWAY=PROGRAM Scripts/gateway/test_security.py [NAME]...

Keys, request targets, requests that can be read in two ways, limits of size and time, identities that a client claims,
secrets in logs, the operators' listener, TLS. A NAME is a check or what checks' names begin with. Prints a line for each
check; exit status: 0 all passed, 1 one failed, 2 could not run.
"""

import contextlib
import re

import security_limits
import security_requests
import security_secrets
import smuggling
from harness import Workplace, attempt, chosen, equal, expect, named, run
from siege import BODY_SECONDS, GRACE_SECONDS, Siege
from wire import Broken, Wire


def smuggle(s, case, mark):
    """Whatever the gateway makes of it, the model server sees nothing that was hidden and nothing malformed."""
    before = s.upstream.stats()["malformed"]
    answer = None
    with Wire(s.port, timeout=BODY_SECONDS + GRACE_SECONDS) as connection:
        with contextlib.suppress(Broken, BrokenPipeError, ConnectionResetError):
            answer = connection.send(case.raw).answer()
        is_served = case.may_serve and answer is not None and answer.status == 200
        expect((is_served and not case.must_close) or connection.is_closed(BODY_SECONDS + GRACE_SECONDS), f"open after {answer}")
        expect(not connection.buffer, f"a second answer after {answer}: {connection.buffer[:60]!r}")
    hidden = [seen for seen in s.upstream.requests(mark) if f"?{mark}" in seen["target"]]
    equal(hidden, [], "hidden requests at the model server")
    equal(s.upstream.stats()["malformed"], before, "malformed requests at the model server")
    if is_served:
        return
    expect(answer is None or answer.status in (400, 401, 405, 408, 411, 413, 431, 501, 505), f"got {answer}")
    outer = [seen for seen in s.upstream.requests("outer " + mark) if seen["complete"]]
    equal(outer, [], "requests at the model server")


def survives(s):
    for gateway in [s.gateway, *s.made.values()]:
        expect(gateway.is_running(), f"a gateway ended with {gateway.process.returncode}: {gateway.said()[-800:]}")
        expect(not re.search(r"Fatal error|AddressSanitizer|Segmentation", gateway.said()), "a gateway said of a crash")
    equal(s.upstream.stats()["malformed"], 0, "malformed requests at the model server")


def body(names):
    with Workplace() as place:
        siege = Siege(place)
        checks = {name: (f, siege) for name, f in security_requests.CHECKS.items()}
        for number, case in enumerate(smuggling.cases(siege.key, "MARK")):
            # As long as what stands there, so that lengths stay right.
            mark = f"H{number:03}"
            case.raw = case.raw.replace(b"MARK", mark.encode())
            checks[f"smuggling-{case.name}"] = (smuggle, siege, case, mark)
        last = security_limits.CHECKS | security_secrets.CHECKS | named([survives])
        checks |= {name: (f, siege) for name, f in last.items()}
        for name, (function, *arguments) in chosen(checks, names).items():
            attempt(name, function, *arguments)


if __name__ == "__main__":
    run(__doc__, body)
