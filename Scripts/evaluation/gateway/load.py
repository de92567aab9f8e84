"""What a request and a stream cost beside nginx, and the time that the gateway adds."""

import json
import os
import re
import statistics

from parts import Bar
from workbench import Failure, measure as run_program, say, table

from .isolation import isolated
from .serving import GATEWAY_PORT, MOCK_PORT, NGINX_PORT, Gateway, Tools, call, cores

PATH = "/v1/chat/completions"
CONNECTIONS = 64
# What is sent: whether a stream is wanted, and the prompt's size in KiB.
LOADS = {
    "JSON": (False, 1),
    "stream of 50 chunks": (True, 1),
    "JSON, prompt of 32 KB": (False, 32),
    "stream, prompt of 32 KB": (True, 32),
}
JSON_RATIO_BAR, STREAM_RATIO_BAR = 4.0, 3.0
ADDED_MEDIAN_BAR, ADDED_TAIL_BAR = 600, 3000
FIRST_BYTE_BAR = 600
RESIDENT_BAR = 150 << 20


def measure(bench):
    return isolated(measured, bench, Tools.made(bench))


def measured(bench, tools):
    work = bench.work / "load"
    work.mkdir(exist_ok=True)
    rounds = bench.options.rounds or (1 if bench.quick else 5)
    seconds = 2 if bench.quick else 6
    ours, load = cores()
    data = {"rounds": rounds, "seconds": seconds, "loads": {}, "latency": {}, "resident": {}}
    with tools.start_mock(work, 20_000, load), tools.start_nginx(work, ours) as nginx, \
            Gateway(bench.gateway, work / "gateway", core=ours) as gateway:
        key = gateway.key("customer", organization="org", plan="payg", country="US")
        targets = {"nginx": (NGINX_PORT, nginx), "gateway": (GATEWAY_PORT, gateway)}
        check_answers(key)
        data["resident"]["idle"] = {name: process.resident_bytes() for name, (_, process) in targets.items()}
        for name, (is_stream, size) in LOADS.items():
            data["latency"][name] = latency(tools, work, key, load, request(is_stream, size), 100 if bench.quick else 1000)
            say(f"gateway: load: latency of {name}")
        for name, (is_stream, size) in LOADS.items():
            data["loads"][name] = []
            for _ in range(rounds):
                data["loads"][name].append({
                    target: saturated(tools, port, process, key, load, is_stream, size, seconds)
                    for target, (port, process) in targets.items()})
            ratio = statistics.median(ratios(data["loads"][name], "cpu"))
            say(f"gateway: load: {name}: {ratio:.2f} x nginx, machine's load {os.getloadavg()[0]:.1f}")
        data["resident"]["after"] = {name: process.resident_bytes() for name, (_, process) in targets.items()}
        metrics = gateway.metrics()
        data["log"] = {name: metrics[f"stillwatch_{name}_total"] for name in ("exchanges_logged", "exchanges_lost")}
        data["log"]["bytes"] = metrics["stillwatch_exchange_log_bytes_total"]
        data["log"]["answered"] = sum(
            turn["gateway"]["requests"] for rounds in data["loads"].values() for turn in rounds)
    bench.remove("load")
    return data


def request(is_stream, kilobytes):
    words = "lorem ipsum dolor sit amet "
    body = {"model": "mock", "max_tokens": 64, "messages": [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": words * (kilobytes * 1024 // len(words))}]}
    return body | {"stream": True} if is_stream else body


def check_answers(key):
    """What is timed must be right: the answers are the model server's, to the byte."""
    headers = {"authorization": f"Bearer {key}"}
    for is_stream in (False, True):
        body = request(is_stream, 1)
        if is_stream:
            # Or the chunk with the usage, which the gateway asks for by itself, is not the client's to see.
            body["stream_options"] = {"include_usage": True}
        wanted = call(MOCK_PORT, "POST", PATH, body, headers)
        for name, port in (("nginx", NGINX_PORT), ("the gateway", GATEWAY_PORT)):
            if call(port, "POST", PATH, body, headers) != wanted:
                raise Failure(f"{name} changes {'a stream' if is_stream else 'an answer'}")
    if call(GATEWAY_PORT, "POST", PATH, request(False, 1), {"authorization": "Bearer none"})[0] != 401:
        raise Failure("the gateway serves without a key")


def latency(tools, work, key, core, body, count):
    """Microseconds by target, one request at a time, in turn."""
    file = work / "body.json"
    file.write_text(json.dumps(body, separators=(",", ":")))
    targets = {"direct": MOCK_PORT, "nginx": NGINX_PORT, "gateway": GATEWAY_PORT}
    output = run_program([
        "taskset", "-c", core, tools.probe, "-n", count, "-r", 200, "-f", file, "-H", f"Authorization: Bearer {key}",
        *(f"{name}={port}:{PATH}" for name, port in targets.items())]).output
    found = {}
    for line in output.splitlines():
        words = re.findall(r"[^\s|]+", line)
        if words and words[0] in targets:
            numbers = [float(word) for word in words[1:9]]
            found[words[0]] = {
                "count": numbers[0], "errors": numbers[1], "first_median": numbers[2], "first_tail": numbers[4],
                "median": numbers[5], "tail": numbers[7]}
    if found.keys() != targets.keys():
        raise Failure(f"the latency probe said:\n{output[-1000:]}")
    if wrong := {name: row for name, row in found.items() if row["errors"]}:
        raise Failure(f"requests of the latency probe failed: {wrong}")
    return found


def saturated(tools, port, process, key, core, is_stream, size, seconds):
    """One round of as many requests as go through."""
    before = process.cpu_seconds()
    result = hit(tools, port, key, core, is_stream, size, seconds)
    used = process.cpu_seconds() - before
    return result | {"cpu": used * 1e6 / max(1, result["requests"]), "share": used / seconds}


def hit(tools, port, key, core, is_stream, size, seconds, connections=CONNECTIONS):
    """Sends requests with wrk and gives its figures; times in microseconds."""
    environment = {"STREAM": str(int(is_stream)), "BODY_KB": str(size), "KEY": key, "MODEL": "mock"}
    output = run_program([
        "taskset", "-c", core, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "15s", "-s", tools.script,
        f"http://127.0.0.1:{port}{PATH}"], environment).output
    return figures(output)


def figures(output):
    found = re.search(r"^RESULT (.*)$", output, re.M)
    if not found:
        raise Failure(f"wrk said:\n{output[-1000:]}")
    values = dict(word.split("=") for word in found[1].split())
    return {
        "requests": int(values["n"]), "rate": float(values["rps"]), "median": int(values["p50"]), "tail": int(values["p99"]),
        "failed": sum(int(values[name]) for name in ("err_status", "err_conn", "err_read", "err_timeout"))}


def ratios(rounds, name):
    return [turn["gateway"][name] / turn["nginx"][name] for turn in rounds]


def middle(rounds, target, name):
    return statistics.median(turn[target][name] for turn in rounds)


def added(row, target, name):
    return row[target][name] - row["direct"][name]


def bars(data):
    found = []
    for name, most in zip(LOADS, (JSON_RATIO_BAR, STREAM_RATIO_BAR)):
        rounds = data["loads"][name]
        ratio = statistics.median(ratios(rounds, "cpu"))
        found.append(Bar(
            f"CPU of {name}, us", f"<= {most:.0f} x nginx", f"{middle(rounds, 'gateway', 'cpu'):.0f} ({ratio:.2f} x)",
            f"{middle(rounds, 'nginx', 'cpu'):.0f}", ratio <= most))
    row = data["latency"]["JSON"]
    for what, name, most in (("p50", "median", ADDED_MEDIAN_BAR), ("p99", "tail", ADDED_TAIL_BAR)):
        found.append(Bar(
            f"{what} added to JSON at low load, us", f"<= {most:,}", f"{added(row, 'gateway', name):,.0f}",
            f"{added(row, 'nginx', name):,.0f}", added(row, "gateway", name) <= most))
    row = data["latency"]["stream of 50 chunks"]
    found.append(Bar(
        "first byte of a stream later by, p50, us", f"<= {FIRST_BYTE_BAR:,}", f"{added(row, 'gateway', 'first_median'):,.0f}",
        f"{added(row, 'nginx', 'first_median'):,.0f}", added(row, "gateway", "first_median") <= FIRST_BYTE_BAR))
    failed = {target: sum(turn[target]["failed"] for rounds in data["loads"].values() for turn in rounds)
              for target in ("gateway", "nginx")}
    found.append(Bar(
        "requests failed at saturation", "0", f"{failed['gateway']:,}", f"{failed['nginx']:,}", failed["gateway"] == 0))
    log = data["log"]
    missing = max(0, log["answered"] - log["exchanges_logged"]) + log["exchanges_lost"]
    found.append(Bar(
        f"of {log['answered']:,} exchanges answered at saturation missing from the log", "0", f"{missing:,.0f}", "",
        missing == 0))
    after = data["resident"]["after"]
    found.append(Bar(
        "resident after the load, MiB", f"<= {RESIDENT_BAR >> 20}", f"{after['gateway'] / 2**20:.0f}",
        f"{after['nginx'] / 2**20:.0f}", after["gateway"] <= RESIDENT_BAR))
    return found


def sections(data, _):
    rows = []
    for name, rounds in data["loads"].items():
        for target in ("nginx", "gateway"):
            rows.append([
                name, target, f"{middle(rounds, target, 'cpu'):.1f}",
                f"{statistics.median(ratios(rounds, 'cpu')):.2f}" if target == "gateway" else "1",
                f"{middle(rounds, target, 'rate'):,.0f}",
                f"{statistics.median(ratios(rounds, 'rate')):.2f}" if target == "gateway" else "1",
                f"{middle(rounds, target, 'share') * 100:.0f} %", f"{middle(rounds, target, 'median') / 1000:.1f}",
                f"{middle(rounds, target, 'tail') / 1000:.1f}", sum(turn[target]["failed"] for turn in rounds)])
    slow = []
    for name, row in data["latency"].items():
        for target in ("nginx", "gateway"):
            slow.append([name, target, *(
                f"{added(row, target, figure):,.0f}" for figure in ("first_median", "first_tail", "median", "tail"))])
    idle, after = data["resident"]["idle"], data["resident"]["after"]
    return [
        "## Load",
        f"{CONNECTIONS} connections for {data['seconds']} s a round, nginx and the gateway in turn. Rounds: {data['rounds']}. "
        f"The load and the model server share a core, so requests a second are a floor where the core of the proxy is not "
        f"busy; CPU is what holds.",
        table(["", "", "CPU us", "x nginx", "a second", "x nginx", "core busy", "p50 ms", "p99 ms", "failed"], rows,
              "ll" + "r" * 8),
        f"The gateway wrote {data['log']['exchanges_logged']:,.0f} exchanges, {data['log']['bytes'] / 1e9:.1f} GB, to its log. "
        f"Resident memory, MiB: gateway {idle['gateway'] / 2**20:.0f} idle and {after['gateway'] / 2**20:.0f} after all "
        f"rounds, nginx {idle['nginx'] / 2**20:.0f} and {after['nginx'] / 2**20:.0f}.",
        "### Time added at low load",
        "One request at a time, 200 a second, in turn straight to the model server, through nginx and through the gateway. "
        f"Microseconds more than straight; differences of percentiles. Requests of each: "
        f"{data['latency']['JSON']['gateway']['count']:,.0f}.",
        table(["", "", "first byte p50", "p99", "whole p50", "p99"], slow, "llrrrr"),
    ], []
