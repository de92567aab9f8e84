"""Minutes at saturation: does memory grow, and does anything stay open?"""

import contextlib
import time

from parts import Bar
from workbench import say, table

from .isolation import isolated
from .load import PATH, figures
from .serving import GATEWAY_PORT, Gateway, Process, Tools, call, cores

# The gateway keeps connections to a model server for 55 s after their last use.
WARM_UP_SECONDS, IDLE_SECONDS, SEGMENT_SECONDS = 60, 65, 60
KEPT_SECONDS = 55
# Half of them send JSON requests, the other half streams.
CONNECTIONS = 64
GROWTH_BAR = 1.1
DESCRIPTORS_BAR = 4


def measure(bench):
    return isolated(measured, bench, Tools.made(bench))


def measured(bench, tools):
    work = bench.work / "soak"
    work.mkdir(exist_ok=True)
    ours, load = cores()
    whole = min(bench.options.soak_seconds, 20) if bench.quick else bench.options.soak_seconds
    warm_up, idle = (5, 5) if bench.quick else (min(WARM_UP_SECONDS, whole), IDLE_SECONDS)
    segment = max(5, min(SEGMENT_SECONDS, whole // 4))
    data = {"seconds": whole, "warm_up": warm_up, "idle": idle, "segment": segment, "segments": []}
    with tools.start_mock(work, 20_000, load), Gateway(bench.gateway, work / "gateway", core=ours, settings={
            "judging": {"every": "10s"}, "exchange_log": {
                "folder": "state/log", "text": "keep", "acknowledge": "written", "rotate_size": "256MiB"}}) as gateway:
        key = gateway.key("customer")
        data["first"] = looked_at(gateway)
        both(tools, work, key, load, warm_up)
        time.sleep(idle)
        data["before"] = looked_at(gateway)
        left = whole
        while left > 0:
            seconds = min(segment, left)
            figures_now = both(tools, work, key, load, seconds)
            data["segments"].append({**figures_now, "seconds": seconds, **looked_at(gateway)})
            left -= seconds
            say(f"gateway: soak: {whole - left} of {whole} s, {data['segments'][-1]['resident'] >> 20} MiB")
        time.sleep(idle)
        data["after"] = looked_at(gateway)
        data["still_serves"] = call(
            GATEWAY_PORT, "POST", PATH, {"model": "mock", "messages": [{"role": "user", "content": "hi"}]},
            {"authorization": f"Bearer {key}"})[0] == 200
    bench.remove("soak")
    return data


def looked_at(gateway):
    return {"resident": gateway.resident_bytes(), "descriptors": gateway.descriptors()}


def both(tools, work, key, core, seconds):
    """JSON requests and streams at once."""
    with contextlib.ExitStack() as stack:
        runs = []
        for is_stream in (0, 1):
            out = work / f"wrk{is_stream}.out"
            out.unlink(missing_ok=True)
            words = {"STREAM": is_stream, "BODY_KB": 1, "KEY": key, "MODEL": "mock"}
            runs.append(stack.enter_context(Process([
                "env", *(f"{name}={value}" for name, value in words.items()), "wrk", "-t1", f"-c{CONNECTIONS // 2}",
                f"-d{seconds}s", "--timeout", "15s", "-s", tools.script, f"http://127.0.0.1:{GATEWAY_PORT}{PATH}"], out, core)))
        for run in runs:
            run.process.wait(seconds + 60)
        found = [figures(run.log.read_text()) for run in runs]
    return {"requests": sum(run["requests"] for run in found), "failed": sum(run["failed"] for run in found)}


def bars(data):
    before, after = data["before"], data["after"]
    failed = sum(segment["failed"] for segment in data["segments"])
    growth = after["resident"] / before["resident"]
    more = after["descriptors"] - before["descriptors"]
    most = DESCRIPTORS_BAR + (CONNECTIONS if data["idle"] <= KEPT_SECONDS else 0)
    return [
        Bar(f"resident after {data['seconds']:,} s at saturation", f"<= {GROWTH_BAR:.1f} x before",
            f"{growth:.2f} x ({after['resident'] / 2**20:.0f} MiB)", "", growth <= GROWTH_BAR),
        Bar("descriptors open after that and not before", f"<= {most}", f"{more}", "", more <= most),
        Bar("requests failed meanwhile", "0", f"{failed:,}", "", failed == 0 and data["still_serves"])]


def sections(data, _):
    def row(name, seconds, requests, failed, state):
        return [name, seconds, requests, failed, f"{state['resident'] / 2**20:.1f}", state["descriptors"]]

    rows = [row("started", "", "", "", data["first"]),
            row(f"warmed up, then {data['idle']} s idle", data["warm_up"], "", "", data["before"])]
    for number, segment in enumerate(data["segments"], 1):
        rows.append(row(f"busy, part {number}", segment["seconds"], f"{segment['requests'] / segment['seconds']:,.0f}",
                        segment["failed"], segment))
    rows.append(row(f"{data['idle']} s idle", data["idle"], "", "", data["after"]))
    return [
        "## Soak",
        f"{data['seconds']:,} s of as many requests as go through, half of {CONNECTIONS} connections with JSON and half with "
        f"streams, with the log on and a judgement each 10 s. All connections of the load are made anew for each part.",
        table(["", "seconds", "requests a second", "failed", "resident MiB", "descriptors"], rows),
    ], []
