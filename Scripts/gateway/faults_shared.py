"""Two gateways that share a store and budgets, and lose them. Part of test_faults.py."""

import contextlib
import re
import shutil
import threading
import time

import wire
from faults_upstream import served
from harness import Redis, Wrong, equal, expect, named, until
from wire import Broken, bearer, chat, chat_body, message

# A change made at one gateway is in force at all by then.
SPREAD_SECONDS = 2
# The longest that a request may take while what is shared is away.
AWAY_SECONDS = 3


def two_gateways(f, settings):
    """Two gateways on one store, which have one pepper: what the store knows of keys is digests made with it."""
    first = f.place.gateway(f.upstream, settings)
    second = f.place.gateway(f.upstream, settings, start=False)
    state = second.folder / "state"
    state.mkdir(mode=0o700)
    shutil.copy(first.folder / "state" / "pepper", state / "pepper")
    second.start()
    return first, second


def shared_budgets(f):
    """Two gateways together give what one budget allows, and go on when Redis is away."""
    redis = f.place.own(Redis)
    settings = {"budgets": {"shared": redis.url, "limits": [
        {"scope": "account", "plans": ["metered"], "resource": "requests", "amount": 40, "per": "day"},
        {"scope": "key", "plans": ["streaming"], "resource": "streams", "amount": 3}]}}
    store = f.postgresql().database("budgets")
    pair = two_gateways(f, settings | {"store": store})
    key = metered(pair, "metered")
    statuses = [chat(pair[number % 2].port, key, f.prompt()).status for number in range(60)]
    equal(statuses, [200] * 40 + [429] * 20, "statuses of two gateways in turn")
    concurrent_streams(f, pair, metered(pair, "streaming"))
    key = metered(pair, "plain")
    redis.stop()
    for number in range(12):
        started = time.monotonic()
        answer = chat(pair[number % 2].port, key, f.prompt())
        expect(answer.status in (200, 503), f"without Redis: {answer}")
        expect(time.monotonic() - started < AWAY_SECONDS, f"without Redis an answer took {time.monotonic() - started:.1f} s")
    redis.start()
    for gateway in pair:
        until("requests are served again", 10, lambda g=gateway: chat(g.port, key, f.prompt()).status == 200, 0.1)


def metered(pair, plan):
    """A key of an account on that plan, known to both."""
    account = f"{plan}-account"
    for gateway in pair[:1]:
        gateway.account(account, plan=plan)
        key = gateway.key(account, plan=plan)
    for gateway in pair:
        gateway.wait_key(key)
    return key


def concurrent_streams(f, pair, key):
    """Three streams at a time, wherever they are; a place is free again when one ends or its client leaves."""
    def open_one(gateway):
        return wire.open_stream(
            gateway.port, bearer(key), "/v1/chat/completions", chat_body(f.prompt(), "paced-20ms+long", stream=True))

    with contextlib.ExitStack() as stack:
        opened = []
        for gateway in (pair[0], pair[1], pair[0]):
            connection, answer = open_one(gateway)
            stack.enter_context(connection)
            equal(answer.status, 200, "status of one of three streams")
            opened.append(connection)
        equal(chat(pair[1].port, key, f.prompt(), stream=True).status, 429, "status of a fourth stream")
        opened[0].close()
        until("a place is free", 3, lambda: chat(pair[1].port, key, f.prompt(), stream=True).status == 200, 0.05)


class Pair:
    """Two gateways on one PostgreSQL."""

    def __init__(self, f):
        self.database = f.postgresql()
        store = self.database.database("pair")
        self.first, self.second = two_gateways(f, {"store": store})
        self.both = (self.first, self.second)

    def both_within(self, what, condition):
        """Waits until it holds at both; that long at most."""
        end = time.monotonic() + SPREAD_SECONDS
        for gateway in self.both:
            until(what, max(0.01, end - time.monotonic()), lambda g=gateway: condition(g), 0.02)


def status_of(f, gateway, key, ask_one=chat):
    return ask_one(gateway.port, key, f.prompt()).status


def keys_spread(f):
    """A key works, and stops to, at both gateways within two seconds of either's saying so."""
    pair = f.pair()
    made = pair.first.admin("POST", "/admin/keys", {"account": "spread"}, status=201)
    pair.both_within("a new key works", lambda g: status_of(f, g, made["key"]) == 200)
    rotated = pair.second.admin("POST", f"/admin/keys/{made['id']}/rotate", {"grace_seconds": 0}, status=201)
    pair.both_within("a rotated key works", lambda g: status_of(f, g, rotated["key"]) == 200)
    pair.both_within("the key before it does not", lambda g: status_of(f, g, made["key"]) == 401)
    pair.first.admin("DELETE", f"/admin/keys/{rotated['id']}")
    pair.both_within("a revoked key does not work", lambda g: status_of(f, g, rotated["key"]) == 401)
    listed = pair.second.admin("GET", "/admin/keys?account=spread")
    expect(made["key"].rpartition("-")[2] not in str(listed), "the list of keys has secrets")


def switch_spreads(f):
    """A kill switch is in force at both within two seconds, with a row of proof for each, and so is its end."""
    pair = f.pair()
    pair.first.account("islander", country="SG", plan="free")
    key = pair.first.key("islander")
    pair.both_within("the key works", lambda g: status_of(f, g, key) == 200)
    order = {"countries": ["SG"], "nationalities": [], "by": "operator", "reason": "drill"}
    made = pair.second.admin("PUT", "/admin/switches/island", order | {"on": True}, status=200)
    pair.both_within("the switch is in force", lambda g: status_of(f, g, key) == 403)
    answer = chat(pair.first.port, key, f.prompt())
    equal(answer.error["code"], "region_blocked", "code")
    equal(message(pair.second.port, key, f.prompt()).error["type"], "permission_error", "type")

    def proof():
        rows = pair.first.admin("GET", "/admin/switches/island/proof", status=200)
        rows = rows if isinstance(rows, list) else next(v for v in rows.values() if isinstance(v, list))
        return rows if len(rows) >= 2 else None

    rows = until("both have left proof", SPREAD_SECONDS, proof, 0.05)
    expect(str(made["revision"]) in str(rows), f"revision {made['revision']} in {rows}")
    # It holds without the store, too.
    pair.database.stop()
    try:
        for gateway in pair.both:
            equal(status_of(f, gateway, key), 403, "status without the store")
    finally:
        pair.database.start()
    until("the store is back", 20, lambda: pair.first.admin("GET", "/admin/switches") and True, 0.1)
    ended = pair.first.admin("PUT", "/admin/switches/island", order | {"on": False}, status=200)
    expect(ended["revision"] > made["revision"], f"revisions {made['revision']}, {ended['revision']}")
    pair.both_within("the switch is off", lambda g: status_of(f, g, key) == 200)
    audit = str(pair.second.admin("GET", "/admin/audit?after=0&limit=1000"))
    expect("island" in audit and "operator" in audit and "drill" in audit, "the audit does not tell of the switch")


def store_lost(f):
    """Requests with known keys go on without PostgreSQL, and changes are possible again when it is back."""
    pair = f.pair()
    key = pair.first.key("steady")
    pair.both_within("the key works", lambda g: status_of(f, g, key) == 200)
    stopped = threading.Event()
    outcomes = []

    def client(gateway):
        while not stopped.is_set():
            started = time.monotonic()
            try:
                status = status_of(f, gateway, key)
            except (OSError, Broken) as problem:
                status = repr(problem)
            outcomes.append((status, time.monotonic() - started))

    threads = [threading.Thread(target=client, args=(gateway,)) for gateway in pair.both]
    for thread in threads:
        thread.start()
    try:
        pair.database.stop()
        seen = len(outcomes)
        until("a hundred requests without the store", 20, lambda: len(outcomes) > seen + 100)
        started = time.monotonic()
        status = pair.first.admin("POST", "/admin/keys", {"account": "late"})
        expect(time.monotonic() - started < 10, "an operator waits for the store")
        expect("sw-" not in str(status), "a key was made without the store")
        pair.database.start()
        until("keys can be made again", 20, lambda: "key" in pair.first.admin("POST", "/admin/keys", {"account": "late"}), 0.2)
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
    wrong = [outcome for outcome in outcomes if outcome[0] != 200 or outcome[1] > AWAY_SECONDS]
    equal(wrong, [], f"outcomes of {len(outcomes)} requests that are wrong or late")
    made = pair.first.admin("POST", "/admin/keys", {"account": "late"}, status=201)
    pair.both_within("a key made afterwards works", lambda g: status_of(f, g, made["key"]) == 200)


def starts_without_store(f):
    """A gateway that starts while the store is away says so and ends with status 2, or waits and is not ready."""
    database = f.postgresql()
    gateway = f.place.gateway(f.upstream, {"store": database.database("early")})
    key = gateway.key("early")
    gateway.terminate()
    database.stop()
    try:
        gateway.start(wait=False)
        is_ready = True
        try:
            gateway.wait_ready(3)
        except Wrong:
            is_ready = False
        expect(not is_ready, "ready without its store")
        if not gateway.is_running():
            equal(gateway.process.returncode, 2, "exit status")
            expect(re.search(r"postgres|store", gateway.said(), re.IGNORECASE), "the store is not named")
    finally:
        database.start()
    if not gateway.is_running():
        gateway.start(wait=False)
    gateway.wait_ready(30)
    served(f, gateway, key)


CHECKS = named([shared_budgets, keys_spread, switch_spreads, store_lost, starts_without_store])
