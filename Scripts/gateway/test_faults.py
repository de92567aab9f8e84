#!/usr/bin/env python3
"""Breaks what a gateway depends on, and the gateway itself.

    STILLWATCH_GATEWAY=PROGRAM Scripts/gateway/test_faults.py [NAME]...

Model servers that die, hang and talk nonsense; clients that leave; a full disk; kill -9; SIGTERM; wrong settings;
operators' commands; Redis and PostgreSQL lost and found. A NAME is a check or what checks' names begin with. Needs
redis-server and PostgreSQL's programs. Prints a line for each check; exit status: 0 all passed, 1 one failed, 2 could
not run.
"""

import itertools
import re

import faults_commands
import faults_links
import faults_process
import faults_shared
import faults_upstream
from harness import PostgreSQL, Workplace, attempt, chosen, expect, named, run


class Faults:
    """The model server, the gateways that checks share, and their keys."""

    def __init__(self, place):
        self.place = place
        self.upstream = place.upstream()
        self.gateway = place.gateway(self.upstream)
        self.key = self.gateway.key("customer")
        self.numbers = itertools.count(1)
        self.made = {}
        self.shared = {}

    def prompt(self):
        return f"Prompt faults-{next(self.numbers)}-end"

    def other(self, name, settings, policy=None):
        """A gateway with other settings and a key, started when a check first wants it."""
        if name not in self.made:
            gateway = self.place.gateway(self.upstream, settings, policy)
            self.made[name] = gateway, gateway.key("customer")
        return self.made[name]

    def postgresql(self):
        """The cluster that checks share."""
        if "database" not in self.shared:
            self.shared["database"] = self.place.own(PostgreSQL)
        return self.shared["database"]

    def pair(self):
        if "pair" not in self.shared:
            self.shared["pair"] = faults_shared.Pair(self)
        return self.shared["pair"]


def survives(f):
    """Nothing that happened made a gateway crash."""
    for gateway in [f.gateway, *(gateway for gateway, _ in f.made.values())]:
        expect(not re.search(r"Fatal error|Segmentation|Crash", gateway.said()), f"a gateway said {gateway.said()[-800:]}")
    expect(f.gateway.is_running(), f"the gateway ended with {f.gateway.process.returncode}")


def body(names):
    checks = faults_upstream.CHECKS | faults_process.CHECKS | faults_commands.CHECKS
    checks |= faults_shared.CHECKS | faults_links.CHECKS | named([survives])
    with Workplace() as place:
        faults = Faults(place)
        for name, function in chosen(checks, names).items():
            attempt(name, function, faults)


if __name__ == "__main__":
    run(__doc__, body)
