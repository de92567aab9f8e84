"""The gateway is killed, told to end, configured wrongly, and its disk fails. Part of test_faults.py."""

import contextlib
import json
import os
import random
import subprocess
import threading
import time

import wire
from faults_upstream import GRACE_SECONDS, error_in_stream, served
from harness import equal, expect, expected_text, free_port, http_json, named, until
from siege import api_error
from wire import Broken, Wire, ask, bearer, chat, chat_body, message, message_body, request

SEED = 20260302
KILLS = 3
# More than is asked for until the last kill, and soon reached after it.
DAILY_REQUESTS = 900
DRAIN_SECONDS = 1


# The log.


def written_before_the_end(f):
    """When a client has its answer's end, the exchange is in the log already."""
    for number in range(40):
        prompt = f.prompt()
        ask_one = chat if number % 2 else message
        answer = ask_one(f.gateway.port, f.key, prompt, stream=number % 4 > 1)
        equal((answer.status, answer.is_whole), (200, True), "status")
        record = f.gateway.exchange(prompt, seconds=0)
        equal(record["account"]["id"], "customer", "account")
        expect(record["usage"]["output_tokens"] > 0, f"usage in the log: {record.get('usage')}")


def leavers_are_logged(f):
    """Who leaves just before the end has what was read in the log, and is billed for it."""
    prompt, model = f.prompt(), "paced-2ms+long-300"
    connection, answer = wire.open_stream(
        f.gateway.port, bearer(f.key), "/v1/chat/completions", chat_body(prompt, model, stream=True))
    with connection:
        seen = b""
        for part in connection.parts(answer):
            seen += part
            if seen.count(b"data:") > 200:
                break
    record = f.gateway.exchange(prompt)
    expect(record["usage"]["output_tokens"] >= 100, f"usage in the log: {record['usage']}")
    start = expected_text(prompt, model)[:400]
    expect(start in json.dumps(record["response"]), f"what was read is not in the log: {str(record)[:300]}")


def rotated(f):
    """Closed segments are compressed, and nothing is lost or twice in them."""
    gateway, key = f.other("rotating", {"exchange_log": {"rotate_size": "32KiB"}})
    prompts = [f.prompt() for _ in range(150)]
    for prompt in prompts:
        equal(chat(gateway.port, key, prompt).status, 200, "status")
    found = [record["request"]["messages"][0]["content"] for record in gateway.log()]
    equal(sorted(found), sorted(prompts), "prompts in the log")
    until("a segment is compressed", 5, lambda: list(gateway.log_folder.rglob("*.zst")))
    equal(len(gateway.log()), len(prompts), "exchanges in the log")


class FullDisk:
    """A log folder that has no room: a small file system of its own for root, a bound on the size of files for others."""

    def __init__(self, f, name, when_full):
        self.is_mounted = False
        self.folder = f.place.folder / f"disk-{name}"
        self.folder.mkdir()
        if os.geteuid() == 0:
            self.is_mounted = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", self.folder], capture_output=True).returncode == 0
            if self.is_mounted:
                f.place.callback(subprocess.run, ["umount", "-l", self.folder], capture_output=True)
        self.gateway, self.key = f.other(name, {
            "exchange_log": {"folder": str(self.folder), "when_full": when_full}})

    def fill(self):
        if self.is_mounted:
            with contextlib.suppress(OSError), open(self.folder / "filler", "wb", buffering=0) as filler:
                while filler.write(b"x" * 1024):
                    pass
        else:
            limit_files(self.gateway, 0)

    def empty(self):
        if self.is_mounted:
            (self.folder / "filler").unlink()
        else:
            limit_files(self.gateway, "unlimited")


def limit_files(gateway, size):
    """Bounds how large files may become that the gateway writes."""
    subprocess.run(["prlimit", "--pid", str(gateway.process.pid), f"--fsize={size}:unlimited"], check=True)


def refused_then_served(f, gateway, key, fill, empty):
    """Without room every request is refused in its API's shape; with room, requests are served and logged again."""
    served(f, gateway, key)
    fill()
    try:
        deadline = time.monotonic() + 10
        while (answer := chat(gateway.port, key, f.prompt())).status != 503:
            expect(answer.status == 200, f"got {answer}")
            expect(time.monotonic() < deadline, "requests are served for 10 s that cannot be written down")
        for ask_one, path in ((chat, "/v1/chat/completions"), (message, "/v1/messages")):
            answer = ask_one(gateway.port, key, f.prompt())
            api_error(answer, path, 503)
            expect(int(answer.header("retry-after")) >= 1, "no retry-after")
        # What cannot be written down is not asked of the model server either, but for a try now and then.
        before = f.upstream.stats()["requests"]
        started = time.monotonic()
        equal([chat(gateway.port, key, f.prompt()).status for _ in range(8)], [503] * 8, "statuses")
        took, reached = time.monotonic() - started, f.upstream.stats()["requests"] - before
        expect(took < 5 and reached <= 3, f"8 refusals took {took:.1f} s, and {reached} requests reached the model server")
        files = len(list(gateway.log_folder.iterdir()))
        expect(files < 12, f"{files} files in the log's folder after {took:.0f} s without room")
        expect(gateway.is_running(), f"the gateway ended with {gateway.process.returncode}")
    finally:
        if gateway.is_running():
            empty()
    until("requests are served again", 10, lambda: chat(gateway.port, key, f.prompt()).status == 200, 0.05)
    prompt = f.prompt()
    equal(chat(gateway.port, key, prompt).status, 200, "status")
    gateway.exchange(prompt)


def disk_full_refuses(f):
    disk = FullDisk(f, "full-refuse", "refuse")
    refused_then_served(f, disk.gateway, disk.key, disk.fill, disk.empty)


def disk_fails_refuses(f):
    """Every write fails, of whatever file."""
    gateway, key = f.other("failing", {"exchange_log": {"when_full": "refuse"}})
    refused_then_served(
        f, gateway, key, lambda: limit_files(gateway, 0), lambda: limit_files(gateway, "unlimited"))


def disk_full_drops(f):
    """With `drop`, answers go on and what is not written is counted."""
    disk = FullDisk(f, "full-drop", "drop")
    gateway = disk.gateway
    served(f, gateway, disk.key)
    before = gateway.metric("exchanges_lost")
    expect(before is not None, "no metric counts what is lost")
    disk.fill()
    lost = [f.prompt() + "x" * 20_000 for _ in range(20)]
    for prompt in lost:
        equal(chat(gateway.port, disk.key, prompt).status, 200, "status")
    until("the counter grows", 5, lambda: gateway.metric("exchanges_lost") >= before + 10)
    disk.empty()
    prompt = f.prompt()
    until("exchanges are written again", 10, lambda: chat(gateway.port, disk.key, prompt).status == 200
          and gateway.exchanges(prompt), 0.1)
    found = sum(bool(gateway.exchanges(prompt.split("-end")[0] + "-end")) for prompt in lost)
    dropped = gateway.metric("exchanges_lost") - before
    expect(dropped >= len(lost) - found, f"{len(lost) - found} are not in the log, {dropped} were counted")


def log_folder_missing(f):
    """The folder is taken away and comes back."""
    gateway, key = f.other("moved", {"exchange_log": {"rotate_size": "8KiB"}})
    served(f, gateway, key)
    away = gateway.log_folder.with_name("log-away")
    gateway.log_folder.rename(away)
    for _ in range(20):
        answer = chat(gateway.port, key, f.prompt())
        expect(answer.status in (200, 503), f"got {answer}")
    if gateway.log_folder.exists():
        for path in gateway.log_folder.iterdir():
            path.rename(away / path.name)
        gateway.log_folder.rmdir()
    away.rename(gateway.log_folder)
    until("requests are served", 10, lambda: chat(gateway.port, key, f.prompt()).status == 200, 0.1)


# Killed.


class Load:
    """Clients that ask until the gateway is gone, and know what they were answered."""

    def __init__(self, f, gateway, key):
        self.f, self.gateway, self.key = f, gateway, key
        self.whole, self.refused, self.broken = [], 0, 0
        self.threads = [threading.Thread(target=self.client, args=(number,)) for number in range(4)]
        for thread in self.threads:
            thread.start()

    def client(self, number):
        while True:
            prompt = self.f.prompt()
            streams = number % 2 == 0
            try:
                answer = chat(self.gateway.port, self.key, prompt, stream=streams)
            except (OSError, Broken):
                self.broken += 1
                return
            if answer.status == 429:
                self.refused += 1
                return
            if answer.status != 200 or not answer.is_whole or (streams and answer.events()[-1][1] != "[DONE]"):
                self.broken += 1
                return
            self.whole.append(prompt)

    def join(self):
        for thread in self.threads:
            thread.join()


def killed(f):
    """kill -9 under load: what a client has whole is in the log, once, and in the budget."""
    dice = random.Random(SEED)
    gateway, _ = f.other("killed", {"budgets": {"limits": [
        {"scope": "account", "plans": ["metered"], "resource": "requests", "amount": DAILY_REQUESTS, "per": "day"}]}})
    gateway.account("metered", plan="metered")
    key = gateway.key("metered", plan="metered")
    whole, broken = [], 0
    for _ in range(KILLS):
        load = Load(f, gateway, key)
        wanted = dice.randrange(20, 150)
        until(f"{wanted} answers", 20, lambda: len(load.whole) >= wanted, 0.001)
        gateway.kill()
        load.join()
        whole += load.whole
        broken += load.broken
        gateway.start()
        logged = [record["request"]["messages"][-1]["content"] for record in gateway.log()]
        counts = {prompt: logged.count(prompt) for prompt in load.whole}
        wrong = {prompt: count for prompt, count in counts.items() if count != 1}
        equal(wrong, {}, f"answers that are not in the log once (seed {SEED})")
    load = Load(f, gateway, key)
    load.join()
    whole += load.whole
    expect(load.refused, f"no budget of {DAILY_REQUESTS} a day was met after {len(whole)} answers")
    expect(len(whole) <= DAILY_REQUESTS, f"{len(whole)} answers on a budget of {DAILY_REQUESTS}")
    # Beyond what clients know of, only requests that a kill cut off may be counted.
    expect(len(whole) + broken >= DAILY_REQUESTS, f"{len(whole)} answers and {broken} cut off spent {DAILY_REQUESTS}")


def budget_after_restart(f):
    """A budget that is spent stays spent."""
    gateway, _ = f.other("spent", {"budgets": {"limits": [
        {"scope": "account", "plans": ["small"], "resource": "requests", "amount": 5, "per": "day"}]}})
    gateway.account("small", plan="small")
    key = gateway.key("small", plan="small")
    equal([chat(gateway.port, key, f.prompt()).status for _ in range(7)], [200] * 5 + [429] * 2, "statuses")
    for end in (gateway.terminate, gateway.kill):
        end()
        gateway.start()
        equal(chat(gateway.port, key, f.prompt()).status, 429, f"status after {end.__name__}")


# Told to end.


def drained(f):
    """Open streams end whole, nobody new is served, and the exit status is 0."""
    gateway, key = f.other("drained", {})
    prompts = [f.prompt() for _ in range(5)]
    with contextlib.ExitStack() as stack:
        idle = stack.enter_context(Wire(gateway.port))
        idle.send(request("GET", "/v1/models", bearer(key))).answer("GET")
        opened = []
        for prompt in prompts:
            connection, answer = wire.open_stream(
                gateway.port, bearer(key), "/v1/chat/completions", chat_body(prompt, "paced-40ms", stream=True))
            stack.enter_context(connection)
            next(iter(connection.parts(answer)))
            opened.append((connection, answer))
        gateway.process.terminate()
        until("nobody new is served", 3, lambda: not serves(gateway, key))
        expect(idle.is_closed(3), "an idle connection stays open")
        for connection, answer in opened:
            answer.body = b"".join(connection.parts(answer))
            expect(answer.is_whole and answer.events()[-1][1] == "[DONE]", f"a stream was cut: {answer.body[-200:]!r}")
    equal(gateway.wait(10), 0, "exit status")
    for prompt in prompts:
        gateway.exchange(prompt, seconds=0)


def serves(gateway, key):
    try:
        return ask(gateway.port, "/v1/models", headers=bearer(key), method="GET", timeout=3).status == 200
    except (OSError, Broken):
        return False


def drain_runs_out(f):
    """Streams that outlast the drain end with an error; the exit status is 0."""
    gateway, key = f.other("hurried", {"limits": {"drain": "1s"}})
    with contextlib.ExitStack() as stack:
        opened = []
        for path, make, headers in (
                ("/v1/chat/completions", chat_body, bearer), ("/v1/messages", message_body, wire.x_api_key),
                ("/v1/responses", wire.response_body, bearer)):
            connection, answer = wire.open_stream(
                gateway.port, headers(key), path, make(f.prompt(), "paced-50ms+long", stream=True))
            stack.enter_context(connection)
            opened.append((path, connection, answer))
        started = time.monotonic()
        gateway.process.terminate()
        for path, connection, answer in opened:
            answer.body = b"".join(connection.parts(answer))
            error_in_stream(path, answer)
        took = time.monotonic() - started
        expect(DRAIN_SECONDS - 0.1 <= took <= DRAIN_SECONDS + GRACE_SECONDS, f"cut after {took:.1f} s")
    equal(gateway.wait(5), 0, "exit status")


# Configured wrongly.


def wrong_settings(f):
    """Each mistake is named with its file and line, and the exit status is 2."""
    folder = f.place.folder / "wrong"
    folder.mkdir()
    (folder / "token").write_text("x" * 32 + "\n")
    upstream = f"upstreams:\n  - url: {f.upstream.url}\n"
    listen = f"listen: 127.0.0.1:{free_port()}\n"
    bad_policy = "rules:\n  - id: a\n    when: {verdict: distillation}\n    do: explode\n"
    (folder / "bad-policy.yaml").write_text(bad_policy)
    # What, the settings, and the file and line to be named.
    mistakes = [
        ("an unknown field", listen + "colour: blue\n" + upstream, "stillwatch.yaml:2"),
        ("an unknown field inside", listen + upstream + "    coluor: blue\n", "stillwatch.yaml:4"),
        ("a duration without unit", listen + upstream + "    idle_timeout: soon\n", "stillwatch.yaml:4"),
        ("a size of letters", listen + upstream + "limits: {body_bytes: lots}\n", "stillwatch.yaml:4"),
        ("a listener without port", "listen: nowhere\n" + upstream, "stillwatch.yaml:1"),
        ("a port that is none", "listen: 127.0.0.1:99999\n" + upstream, "stillwatch.yaml:1"),
        ("no upstreams", listen, "stillwatch.yaml"),
        ("an upstream without scheme", listen + "upstreams:\n  - url: localhost:9\n", "stillwatch.yaml:3"),
        ("broken YAML", listen + "upstreams: [\n", "stillwatch.yaml:"),
        ("a list for a mapping", "- a\n- b\n", "stillwatch.yaml:1"),
        ("an unknown scope", listen + upstream + "budgets:\n  limits:\n    - {scope: planet, resource: requests, "
         "amount: 1, per: day}\n", "stillwatch.yaml:6"),
        ("an unknown unit of time", listen + upstream + "budgets:\n  limits:\n    - {scope: key, resource: requests, "
         "amount: 1, per: blink}\n", "stillwatch.yaml:6"),
        ("an unknown text mode", listen + upstream + "exchange_log: {text: some}\n", "stillwatch.yaml:4"),
        ("an unknown store", listen + upstream + "store: oracle:x\n", "stillwatch.yaml:4"),
        ("a network that is none", listen + upstream + "trusted_proxies: [10.0.0.0/99]\n", "stillwatch.yaml:4"),
        ("a token file that is missing", listen + upstream + f"admin: {{listen: 127.0.0.1:{free_port()}, "
         "token_file: nowhere}\n", "nowhere"),
        ("a credential file that is missing", listen + upstream + "    credential_file: nowhere\n", "nowhere"),
        ("a certificate that is missing", listen + upstream + "tls: {certificate: nowhere, key: nowhere}\n", "nowhere"),
        ("a policy that is missing", listen + upstream + "policy: nowhere.yaml\n", "nowhere.yaml"),
        ("an unknown action", listen + upstream + "policy: bad-policy.yaml\n", "bad-policy.yaml:4")]
    problems = []
    for what, text, place in mistakes:
        (folder / "stillwatch.yaml").write_text(text)
        status, said = begin(f, folder)
        if status != 2 or place not in said:
            problems.append(f"{what}: status {status}, {place} not named in {said[-300:]!r}"
                            if status == 2 else f"{what}: status {status}, {said[-300:]!r}")
    expect(not problems, "; ".join(problems))


def begin(f, folder, *arguments):
    """Tries to start a gateway that should not start: its exit status, `None` when it runs, and what it said."""
    command = [f.gateway.binary, *(arguments or ("serve", "--config", folder / "stillwatch.yaml"))]
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=4)
    except subprocess.TimeoutExpired as late:
        return None, (late.stderr or b"").decode()
    return done.returncode, done.stderr + done.stdout


def wrong_commands(f):
    folder = f.place.folder
    for arguments in (("serve", "--config", folder / "nowhere.yaml"), ("serve", "--colour"), ("bake",), ("key", "bake"),
                      ("key", "create", "--config", folder / "nowhere.yaml")):
        status, said = begin(f, folder, *arguments)
        equal(status, 2, f"status of {arguments}")
        expect(said.strip(), f"{arguments} said nothing")
    status, said = begin(f, folder, "--help")
    equal((status, "serve" in said), (0, True), "status of --help")


def port_taken(f):
    """A second gateway on the same port says which."""
    folder = f.place.folder / "taken"
    folder.mkdir()
    (folder / "stillwatch.yaml").write_text(
        f"listen: 127.0.0.1:{f.gateway.port}\nupstreams:\n  - url: {f.upstream.url}\n")
    status, said = begin(f, folder)
    equal(status, 2, "status")
    expect(str(f.gateway.port) in said, f"the port is not named in {said!r}")


def policy_reloaded(f):
    """A changed policy is in force soon; one that is wrong changes nothing."""
    gateway, key = f.other("governed", {}, policy={"rules": []})
    served(f, gateway, key)
    gateway.write_policy({"rules": [{"id": "a", "when": {"account": ["customer"]}, "do": "block"}]})
    until("the block is in force", 10, lambda: chat(gateway.port, key, f.prompt()).status == 403, 0.1)
    gateway.write_policy("rules:\n  - id: a\n    when: {account: [customer]}\n    do: explode\n")
    answer = gateway.admin("POST", "/admin/policy/reload")
    expect("policy.yaml:4" in json.dumps(answer), f"the mistake is not named: {answer}")
    equal(chat(gateway.port, key, f.prompt()).status, 403, "status under a wrong policy")
    gateway.write_policy({"rules": []})
    gateway.admin("POST", "/admin/policy/reload", status=200)
    until("the block is over", 3, lambda: chat(gateway.port, key, f.prompt()).status == 200, 0.02)


def health(f):
    for path in ("/healthz", "/readyz", "/metrics"):
        equal(http_json(f.gateway.admin_port, "GET", path)[0], 200, f"status of {path}")


CHECKS = named([
    written_before_the_end, leavers_are_logged, rotated, disk_full_refuses, disk_fails_refuses,
    disk_full_drops, log_folder_missing, killed, budget_after_restart, drained, drain_runs_out, wrong_settings, wrong_commands, port_taken, policy_reloaded, health])
