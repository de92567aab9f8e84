"""A simulated campaign against a running gateway, by the customers' own SDKs, until it is blocked."""

import collections
import contextlib
import json
import re
import selectors
import socket
import statistics
import sys
import time

from parts import Bar
from workbench import Failure, say, table

from . import environment
from .isolation import isolated
from .plan import World, moment
from .serving import GATEWAY_PORT, HERE, Gateway, Process, call

MODEL_PORT = 9150
# Seed and campaign of each world.
WORLDS = [(1, "clean_hydra"), (2, "shared_hydra"), (3, "reasoning_elicitation")]
DAYS = 7
ACCOUNTS, INNOCENT_EXCHANGES, CAMPAIGN_ACCOUNTS = 300, 9000, 100
JUDGED_EVERY = 5
# A judgement may come this much after what it is about, and its effect this much after it.
EFFECT_BAR = 1.5
BLOCKED_BAR = 0.95
OPEN_STREAMS = 20
# How much of a world's time has passed when it is scanned for comparison.
SHARES = [share / 20 for share in range(4, 21)]
STEP_SECONDS = 20


def measure(bench):
    interpreter = environment.python()
    worlds = {}
    for seed, campaign in WORLDS[:1] if bench.quick else WORLDS:
        folder = bench.simulate(
            "world", seed=seed, days=DAYS, campaigns=campaign, accounts=ACCOUNTS // 2 if bench.quick else ACCOUNTS,
            **{"campaign-accounts": CAMPAIGN_ACCOUNTS * 7 // 10 if bench.quick else CAMPAIGN_ACCOUNTS, "campaign-days": DAYS,
               "innocent-exchanges": INNOCENT_EXCHANGES // 3 if bench.quick else INNOCENT_EXCHANGES})
        bench.scan(folder, "scan")
        name = f"{campaign}, seed {seed}"
        worlds[name] = isolated(replayed, bench, interpreter, folder, name)
        worlds[name]["scan"] = scanned(bench, World(folder))
        worlds[name]["with_own_times"] = scanned_so_far(bench, World(folder))
        bench.remove("world", "scan", "replay")
    return {"prompts": bench.prompts, "judged_every": JUDGED_EVERY, "worlds": worlds}


def scanned(bench, world):
    """Accounts that a scan of the world as it was accuses, guilty and innocent."""
    accused = [row["account"] for row in bench.records("scan", "verdicts.jsonl") if row["verdict"] == "distillation"]
    return {"guilty": sum(map(world.is_guilty, accused)), "innocent": sum(not world.is_guilty(name) for name in accused)}


def scanned_so_far(bench, world):
    """Campaign accounts that scans of the world's beginning accuse, with its own times: what judging anew comes to there."""
    found, part = [], bench.work / "beginning.jsonl"
    with open(world.folder / "exchanges.jsonl", "rb") as whole:
        lines = whole.readlines()
    for share in SHARES:
        end = world.times[0] + share * world.span
        part.write_bytes(b"".join(line for line, at in zip(lines, world.times) if at <= end))
        bench.scan(world.folder, "scan", log=part)
        found.append(scanned(bench, world)["guilty"])
    part.unlink()
    return found


def replayed(bench, interpreter, folder, name):
    world = World(folder)
    work = bench.work / "replay"
    work.mkdir(exist_ok=True)
    seconds = 60 if bench.quick else 180
    speed = world.span / seconds
    world.write_answers(work / "answers.jsonl")
    command = [sys.executable, "-B", HERE / "model_server.py", "--port", MODEL_PORT, "--answers", work / "answers.jsonl"]
    with contextlib.ExitStack() as stack:
        stack.enter_context(Process(command, work / "model.out").wait(lambda: call(MODEL_PORT, "GET", "/")[0] == 404))
        gateway = stack.enter_context(Gateway(bench.gateway, work / "gateway", MODEL_PORT, {
            "threads": 2, "trusted_proxies": ["127.0.0.0/8"], "judging": {"every": f"{JUDGED_EVERY}s"}}))
        now = time.time()
        keys = {}
        for account in world.senders:
            gateway.admin("PUT", f"/admin/accounts/{account}", world.facts(account, now))
            keys[account] = gateway.admin("POST", "/admin/keys", {"account": account})["key"]
        gateway.wait_for_key(keys[world.senders[-1]])
        calls = world.write_plan(work / "plan.jsonl", keys, speed)
        start = time.time() + 2
        out = work / "sent.jsonl"
        client = stack.enter_context(Process([
            interpreter, "-B", HERE / "sdk_client.py", work / "plan.jsonl", out, f"http://127.0.0.1:{GATEWAY_PORT}", start],
            work / "client.out"))
        first_seen, last_said = watched(gateway, client, seconds * 5), time.time()
        if client.process.returncode != 0:
            raise Failure(f"the clients ended with status {client.process.returncode}:\n{client.said()}")
        sent = [json.loads(line) for line in out.read_text().splitlines()]
        gateway.admin("POST", "/admin/judge")
        found = summary(world, gateway, sent)
        found |= {
            "speed": speed, "span": world.span, "seconds": last_said - start, "calls": dict(calls),
            "judgements": [int(number) for number in re.findall(r"judged .*?accused=(\d+)", gateway.log.read_text())],
            "late": lateness(work / "plan.jsonl", sent, start), "first_campaign": first_seen and first_seen - start}
        say(f"gateway: replay: {name}: {found['campaign']['blocked']} of {found['campaign']['accounts']} accounts blocked, "
            f"{found['innocents_blocked']} innocent ones")
        found["step"] = one_step(world, gateway, keys, sent)
        return found


def watched(gateway, client, most_seconds):
    """Waits for the clients; gives when a campaign was first listed."""
    end, first = time.monotonic() + most_seconds, None
    while client.process.poll() is None:
        if time.monotonic() > end:
            raise Failure("the clients do not end")
        if first is None and any(row["verdict"] == "distillation" for row in gateway.admin("GET", "/admin/campaigns")):
            first = time.time()
        time.sleep(0.2)
    return first


def lateness(plan, sent, start):
    """Seconds by which requests were sent after their time: half and 99 in 100 of them by less."""
    due = {}
    with open(plan, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            due[entry["id"]] = start + entry["at"]
    late = sorted(entry["sent"] - due[entry["id"]] for entry in sent)
    return {"median": statistics.median(late), "tail": late[len(late) * 99 // 100]}


def summary(world, gateway, sent):
    by_account = collections.defaultdict(list)
    for entry in sent:
        by_account[entry["account"]].append(entry)
    groups = collections.defaultdict(lambda: {
        "accounts": 0, "exchanges": 0, "refused": 0, "blocked": 0, "accused": 0, "suspicious": 0})
    campaign = {"accounts": 0, "exchanges": 0, "through": 0, "through_after": 0, "let_in": 0, "let_in_accounts": 0,
                "blocked": 0, "accused": 0, "cut": 0}
    served_after, until_refused, firsts = [], [], []
    for account in world.senders:
        entries = by_account[account]
        refused = [entry for entry in entries if entry["status"] == 403]
        listing = gateway.admin("GET", f"/admin/accounts/{account}")
        verdict = listing.get("verdict")
        if not world.is_guilty(account):
            row = groups[world.group(account)]
            for name, value in (
                    ("accounts", 1), ("exchanges", len(entries)), ("refused", len(refused)), ("blocked", bool(refused)),
                    ("accused", verdict == "distillation"), ("suspicious", verdict == "suspicious")):
                row[name] += int(value)
            continue
        campaign["accounts"] += 1
        campaign["exchanges"] += len(entries)
        campaign["through"] += len(entries) - len(refused)
        campaign["accused"] += verdict == "distillation"
        campaign["blocked"] += bool(refused)
        campaign["cut"] += sum(entry["status"] == -1 for entry in entries)
        if not refused:
            continue
        firsts.append(min(entry["sent"] for entry in refused))
        # Whoever is no longer accused after a later judgement is served again.
        let_in = sum(entry["status"] != 403 and entry["sent"] > min(entry["done"] for entry in refused) for entry in entries)
        campaign["let_in"] += let_in
        campaign["let_in_accounts"] += let_in > 0
        if verdict != "distillation":
            continue
        since = moment(listing["since"])
        after = [entry for entry in entries if entry["sent"] > since and entry["status"] != 403]
        campaign["through_after"] += sum(entry["sent"] > since + EFFECT_BAR for entry in after)
        served_after += [entry["sent"] - since for entry in after]
        until_refused += [entry["sent"] - since for entry in refused if entry["sent"] > since][:1]
    first = min(firsts, default=None)
    campaign["through_before_first"] = sum(
        entry["status"] != 403 and (first is None or entry["sent"] < first)
        for account in world.senders if world.is_guilty(account) for entry in by_account[account])
    statuses = collections.Counter(str(entry["status"]) for entry in sent)
    expected = collections.Counter(str(record["response"]["status"]) for record in world.records())
    return {
        "exchanges": len(sent), "statuses": dict(statuses), "expected_statuses": dict(expected), "campaign": campaign,
        "innocent_accounts": sum(row["accounts"] for row in groups.values()),
        "innocents_blocked": sum(row["blocked"] for row in groups.values()),
        "innocent_exchanges_refused": sum(row["refused"] for row in groups.values()),
        "groups": dict(sorted(groups.items())), "effect": max(served_after, default=0.0),
        "until_refused": statistics.median(until_refused) if until_refused else None,
        "first_refused": None if first is None else first - min(entry["sent"] for entry in sent)}


# A campaign in one step.

def one_step(world, gateway, keys, sent):
    """Without the policy's rule: all members served again, then blocked by one order for each campaign, then let in again."""
    listed = [row["id"] for row in gateway.admin("GET", "/admin/campaigns")
              if row["verdict"] == "distillation" and not row.get("ended")]
    campaign_of = {account: gateway.admin("GET", f"/admin/accounts/{account}").get("campaign") for account in world.senders}
    members = [account for account in world.senders if campaign_of[account] in listed]
    if not members:
        return None
    exchange = next(entry["id"] for entry in sent if entry["status"] == 200)
    gateway.write_policy({"rules": []})
    is_served = until_all(members, keys, exchange, 200) is not None
    with streams_of(members[:OPEN_STREAMS] if is_served else [], keys, long_answer(world)) as streams:
        ordered = time.monotonic()
        for campaign in listed:
            gateway.admin("POST", f"/admin/campaigns/{campaign}/block", {"by": "evaluation", "reason": "one step"})
        answered = time.monotonic()
        refused = until_all(members, keys, exchange, 403)
        cut = until_ended(streams)
    spared = [account for account in world.senders
              if account not in members and status_of(keys[account], exchange) == 403]
    for campaign in listed:
        gateway.admin("POST", f"/admin/campaigns/{campaign}/unblock", {"by": "evaluation", "reason": "done"})
    again = until_all(members, keys, exchange, 200)
    return {
        "orders": len(listed), "largest": max(collections.Counter(campaign_of[account] for account in members).values()),
        "members": len(members), "guilty": sum(map(world.is_guilty, members)), "served_before": is_served,
        "answered": answered - ordered, "all_refused": refused and refused - ordered,
        "streams": len(streams), "streams_cut": len(cut), "last_cut": max(cut) - ordered if cut else None,
        "others_refused": len(spared), "let_in_again": again is not None}


def status_of(key, exchange):
    body = {"model": "m-small", "max_tokens": 16, "messages": [{"role": "user", "content": "Hello."}]}
    return call(GATEWAY_PORT, "POST", "/v1/messages", body, {"x-api-key": key, "x-exchange": exchange})[0]


def until_all(accounts, keys, exchange, status):
    """When the last of them was answered with that status; `None` where that does not come."""
    waiting, end = list(accounts), time.monotonic() + STEP_SECONDS
    while waiting and time.monotonic() < end:
        waiting = [account for account in waiting if status_of(keys[account], exchange) != status]
    return None if waiting else time.monotonic()


def long_answer(world):
    return max(
        (record for record in world.records() if record["response"]["status"] == 200),
        key=lambda record: len(record["response"].get("text", "")))["id"]


@contextlib.contextmanager
def streams_of(accounts, keys, exchange):
    """Slow streams that have begun."""
    body = json.dumps({"model": "m-small", "max_tokens": 4096, "stream": True, "messages": [
        {"role": "user", "content": "Hello."}]}).encode()
    with contextlib.ExitStack() as stack:
        streams = []
        for account in accounts:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", GATEWAY_PORT), 10))
            client.sendall((
                f"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {keys[account]}\r\nx-exchange: {exchange}\r\n"
                f"x-pace: 2\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n").encode() + body)
            streams.append(client)
        for client in streams:
            if not client.recv(65536).startswith(b"HTTP/1.1 200"):
                raise Failure("a stream did not begin")
        yield streams


def until_ended(streams):
    """When each stream was ended with an error event."""
    ended, got = [], {client.fileno(): b"" for client in streams}
    end = time.monotonic() + 5
    with selectors.DefaultSelector() as selector:
        for client in streams:
            selector.register(client, selectors.EVENT_READ)
        while selector.get_map() and (left := end - time.monotonic()) > 0:
            for entry, _ in selector.select(left):
                part = entry.fileobj.recv(65536)
                got[entry.fd] += part
                if not part:
                    selector.unregister(entry.fileobj)
                    if b"event: error" in got[entry.fd]:
                        ended.append(time.monotonic())
    return ended


# Results.

def bars(data):
    found = []
    for name, world in data["worlds"].items():
        campaign, step = world["campaign"], world["step"]
        share = campaign["blocked"] / campaign["accounts"]
        found += [
            Bar(f"{name}: innocent accounts ever blocked", f"0 of {world['innocent_accounts']}",
                str(world["innocents_blocked"]), "", world["innocents_blocked"] == 0),
            Bar(f"{name}: campaign accounts blocked", f">= {BLOCKED_BAR * 100:.0f} %",
                f"{share * 100:.0f} % ({campaign['blocked']} of {campaign['accounts']})", "", share >= BLOCKED_BAR),
            Bar(f"{name}: last request served after its account's verdict, s", f"<= {EFFECT_BAR}", f"{world['effect']:.2f}",
                "", world["effect"] <= EFFECT_BAR)]
        found.append(Bar(
            f"{name}: requests served of a campaign account that was blocked before", "0",
            f"{campaign['let_in']} ({campaign['let_in_accounts']} accounts)", "", campaign["let_in"] == 0))
        blocked = step and step["all_refused"]
        found.append(Bar(
            f"{name}: blocked by order, every member refused after, s", f"<= {EFFECT_BAR}",
            f"{blocked:.2f}" if blocked else "never", "",
            bool(blocked) and blocked <= EFFECT_BAR and step["served_before"] and step["others_refused"] == 0
            and step["let_in_again"] and step["streams_cut"] == step["streams"]))
    return found


def sections(data, _):
    blocks = [
        "## A campaign against the gateway",
        f"Worlds of {DAYS} days with {data['prompts']} and one campaign each, replayed against a running gateway (two threads, a "
        f"judgement each {data['judged_every']} s, a policy that blocks every account whose verdict is `distillation`). Each "
        "account has a key of its own, made through the operators' listener, and its facts from the account table. Its requests "
        "are sent in the order and at the relative times of the world by OpenAI's or Anthropic's Python SDK with the user agent "
        "and, as a trusted proxy says it, the address of the world; a stand-in model server gives the world's answers. "
        "Fingerprints of TLS clients and networks' numbers are not told to the gateway.",
        "The gateway takes its own time for each request, so that seven days become minutes: volumes, prompts, identities and "
        "the days of sign-up (as old at the end as in the world) are as they were, but all become active within minutes of one "
        "day. What rests on when accounts become active (`activity_burst`, volumes in the common time) says nothing here, and "
        "a campaign must be found without it. Nor is there a week of traffic before the campaign begins, as a provider would "
        "have. Days of a world pass between two judgements, so that the share served before the block says how many requests "
        "it takes to be found, not how many days.",
    ]
    rows = []
    for name, world in data["worlds"].items():
        campaign, scan = world["campaign"], world["scan"]
        rows.append([
            name, f"{world['exchanges']:,}", f"{world['speed']:,.0f}", f"{world['seconds']:.0f}",
            f"{world['late']['tail'] * 1000:,.0f}", f"{campaign['exchanges']:,}",
            f"{campaign['through']:,} ({campaign['through'] / campaign['exchanges'] * 100:.0f} %)",
            f"{campaign['through_before_first']:,}", f"{campaign['blocked']} of {campaign['accounts']}", campaign["cut"],
            f"{scan['guilty']} + {scan['innocent']}"])
    blocks += [
        table(["world", "requests", "times as fast", "seconds", "late p99, ms", "of the campaign", "of these served",
               "before the first block", "accounts blocked", "streams cut", "accused by a scan"], rows),
        "A scan of the same world with its own times and all of its columns accuses so many guilty + innocent accounts.",
        "### From verdict to effect",
        table(["world", "first campaign found after, s", "first refusal after, s", "last served after its verdict, s",
               "served later than the bar", "served after a block",
               "first refused after its verdict, median s"], [[
            name, plain(world["first_campaign"], 1), plain(world["first_refused"], 1), f"{world['effect']:.2f}",
            world["campaign"]["through_after"], world["campaign"]["let_in"], plain(world["until_refused"], 2)]
            for name, world in data["worlds"].items()]),
        "### Judging again and again",
        "Accounts accused by the gateway's judgements, in order, and campaign accounts accused by scans of the same world with "
        f"its own times, from its beginning until {SHARES[0] * 100:.0f} % of its time have passed, {SHARES[1] * 100:.0f} % and "
        "so on. An account that is accused no longer is served again.",
        table(["world", "judgements of the gateway", "scans with its own times"], [
            [name, spaced(world["judgements"]), spaced(world["with_own_times"])]
            for name, world in data["worlds"].items()], "lll"),
        "### A campaign in one step",
        "With the policy's rule taken out, so that all members are served again; then an operator blocks each campaign found, "
        "with one order for each, and lets it in again. Members have slow streams open meanwhile, whose next event is due "
        "seconds later. What the world made as one campaign can be found as several, as in a scan.",
        table(["world", "orders", "members", "of these guilty", "largest campaign", "orders answered, s", "all refused, s",
               "streams cut", "last cut, s", "others refused", "let in again"], [[
            name, step["orders"], step["members"], step["guilty"], step["largest"], f"{step['answered']:.3f}",
            plain(step["all_refused"], 2),
            f"{step['streams_cut']} of {step['streams']}", plain(step["last_cut"], 2), step["others_refused"],
            "yes" if step["let_in_again"] else "no"]
            for name, step in ((name, world["step"]) for name, world in data["worlds"].items()) if step]),
        "### Innocent accounts",
        "Accounts / requests refused with status 403 / accounts accused + suspicious at the end; a dot stands for none.",
        innocents(data["worlds"]),
    ]
    return blocks, []


def spaced(numbers):
    return " ".join(map(str, numbers))


def plain(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def innocents(worlds):
    names = sorted({name for world in worlds.values() for name in world["groups"]})
    rows = []
    for name in names:
        cells = []
        for world in worlds.values():
            row = world["groups"].get(name)
            if row is None:
                cells.append("-")
                continue
            nothing = not (row["accused"] or row["suspicious"])
            found = "·" if nothing else f"{row['accused']} + {row['suspicious']}"
            cells.append(f"{row['accounts']} / {row['refused'] or '·'} / {found}")
        rows.append([f"`{name}`", *cells])
    return table(["class", *worlds], rows)
