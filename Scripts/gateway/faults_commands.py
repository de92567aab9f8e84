"""What operators do by the command line, beside a gateway that runs. Part of test_faults.py."""

import json
import sqlite3

from faults_upstream import served
from harness import equal, expect, named, until
from wire import chat

# What a command wrote to the store is in force at the gateway by then.
SPREAD_SECONDS = 2


def lines(done, status=0):
    """The JSON lines that a command wrote."""
    equal(done.returncode, status, f"exit status ({done.stderr[-300:]!r})")
    return [json.loads(line) for line in done.stdout.splitlines()]


def key_by_command(f):
    g = f.gateway
    made = lines(g.command("key", "create", "--account", "clerk", "--name", "till"))[0]
    g.wait_key(made["key"], seconds=SPREAD_SECONDS)
    served(f, g, made["key"])
    listed = g.command("key", "list", "--account", "clerk")
    equal([row["id"] for row in lines(listed)], [made["id"]], "keys of the account")
    expect(made["key"].rpartition("-")[2] not in listed.stdout, "the list has the secret")
    rotated = lines(g.command("key", "rotate", made["id"], "--grace-seconds", "0"))[0]
    g.wait_key(rotated["key"], seconds=SPREAD_SECONDS)
    g.wait_key(made["key"], works=False, seconds=SPREAD_SECONDS)
    lines(g.command("key", "revoke", rotated["id"]))
    g.wait_key(rotated["key"], works=False, seconds=SPREAD_SECONDS)
    expect(g.command("key", "revoke", "nobody").returncode == 2, "a key that is not there was revoked")


def key_expires(f):
    made = lines(f.gateway.command("key", "create", "--account", "guest", "--expires-seconds", "2"))[0]
    f.gateway.wait_key(made["key"], seconds=SPREAD_SECONDS)
    f.gateway.wait_key(made["key"], works=False, seconds=4)


def switch_by_command(f):
    """A switch thrown by hand is in force within two seconds, and its proof says since when."""
    g = f.gateway
    lines(g.command("account", "set", "sailor", "--country", "KP", "--plan", "free"))
    shown = lines(g.command("account", "show", "sailor"))[0]
    equal((shown["facts"]["country"], shown["facts"]["plan"]), ("KP", "free"), "facts")
    key = lines(g.command("key", "create", "--account", "sailor"))[0]["key"]
    equal(lines(g.command("account", "show", "sailor"))[0]["facts"]["country"], "KP", "country after a key was made")
    g.wait_key(key, seconds=SPREAD_SECONDS)
    served(f, g, key)
    lines(g.command("switch", "set", "harbour", "--countries", "KP", "--on", "--reason", "drill"))
    until("the switch is in force", SPREAD_SECONDS, lambda: chat(g.port, key, f.prompt()).status == 403, 0.02)
    until("there is proof", SPREAD_SECONDS, lambda: lines(g.command("switch", "proof", "harbour")), 0.05)
    lines(g.command("switch", "set", "harbour", "--countries", "KP", "--no-on", "--reason", "drill over"))
    until("the switch is off", SPREAD_SECONDS, lambda: chat(g.port, key, f.prompt()).status == 200, 0.02)


def audit_chain(f):
    """The audit holds what was done, and shows when an entry was changed behind its back."""
    gateway, _ = f.other("audited", {})
    lines(gateway.command("account", "set", "auditor", "--country", "NO"))
    entries = lines(gateway.command("audit", "--limit", "1000"))
    expect(any(entry["subject"] == "auditor" for entry in entries), "the change is not in the audit")
    equal([entry["number"] for entry in entries], list(range(1, len(entries) + 1)), "numbers")
    equal(gateway.command("audit", "--verify").returncode, 0, "exit status of an audit that is whole")
    gateway.terminate()
    with sqlite3.connect(gateway.folder / "state" / "stillwatch.db") as store:
        table = next(name for name, in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                     if "audit" in name.lower())
        columns = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
        subject = next(name for name in columns if "subject" in name.lower())
        changed = store.execute(f"UPDATE {table} SET {subject} = 'forger' WHERE {subject} = 'auditor'").rowcount
    store.close()
    expect(changed == 1, f"{changed} entries were changed")
    equal(gateway.command("audit", "--verify").returncode, 1, "exit status of an audit that was changed")


CHECKS = named([key_by_command, key_expires, switch_by_command, audit_chain])
