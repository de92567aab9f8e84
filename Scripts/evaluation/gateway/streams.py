"""Thousands of open streams: memory for each, and whether the model server learns when a client leaves."""

import json
import resource
import selectors
import socket
import statistics
import time

from parts import Bar
from workbench import Failure, say, table

from .isolation import isolated
from .load import PATH, request
from .serving import GATEWAY_PORT, MOCK_PORT, NGINX_PORT, Gateway, Tools, cores

OPEN_STREAMS = 5000
# Between two events of a stream: longer than a test of clients that leave takes, so that only the end of the connection can
# tell, and with all streams open until the memory was looked at.
EVERY_SECONDS = 4
SETTLE_SECONDS = 6
BATCH = 100
LEAVING = 20
LEAVE_SECONDS = 2
STREAM_BAR = 60 << 10
LEAVE_BAR = 0.05


def measure(bench):
    return isolated(measured, bench, Tools.made(bench))


def measured(bench, tools):
    work = bench.work / "streams"
    work.mkdir(exist_ok=True)
    ours, load = cores()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    # A proxy has two connections for each.
    wanted = OPEN_STREAMS // 10 if bench.quick else OPEN_STREAMS
    count = min(wanted, (limit - 1000) // 2)
    data = {"wanted": wanted, "count": count, "file_limit": limit, "memory": {}, "leaving": {}}
    with tools.start_mock(work, EVERY_SECONDS * 1_000_000, load), tools.start_nginx(work, ours) as nginx, \
            Gateway(bench.gateway, work / "gateway", core=ours) as gateway:
        key = gateway.key("customer")
        for name, port, process in (("nginx", NGINX_PORT, nginx), ("gateway", GATEWAY_PORT, gateway)):
            data["leaving"][name] = [
                leave_one(port, key) for _ in range(LEAVING)]
            data["leaving"][name + ", all at once"] = leave_all(port, key)
            say(f"gateway: streams: clients left {name}")
        for name, port, process in (("nginx", NGINX_PORT, nginx), ("gateway", GATEWAY_PORT, gateway)):
            data["memory"][name] = open_many(port, key, process, count)
            say(f"gateway: streams: {count:,} open at {name}")
    bench.remove("streams")
    return data


def head_and_body(key):
    body = json.dumps(request(True, 1) | {"model": "mock-paced"}).encode()
    return (f"POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n").encode() + body


def opened(port, key):
    """A stream of which the first event has come."""
    client = socket.create_connection(("127.0.0.1", port), 10)
    client.sendall(head_and_body(key))
    got = b""
    while b"data:" not in got:
        part = client.recv(65536)
        if not part:
            raise Failure(f"a stream ended before its first event: {got[:200]!r}")
        got += part
    return client


class Counts:
    """Asks the model server's stand-in for its counters, over one connection."""

    def __enter__(self):
        self.connection = socket.create_connection(("127.0.0.1", MOCK_PORT), 10)
        return self

    def __exit__(self, *_):
        self.connection.close()

    def aborted(self):
        self.connection.sendall(b"GET /__stats HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        got = b""
        while not got.endswith(b"}"):
            got += self.connection.recv(65536)
        return json.loads(got.partition(b"\r\n\r\n")[2])["aborted"]


def leave_one(port, key):
    """Seconds until the model server knows that a client left; `None` where it does not learn."""
    with Counts() as counts:
        client = opened(port, key)
        before = counts.aborted()
        left = time.monotonic()
        client.close()
        return waited(counts, before + 1, left)


def leave_all(port, key):
    """The same for all of several clients that leave together."""
    with Counts() as counts:
        clients = [opened(port, key) for _ in range(LEAVING)]
        before = counts.aborted()
        left = time.monotonic()
        for client in clients:
            client.close()
        return waited(counts, before + LEAVING, left)


def waited(counts, wanted, since):
    while time.monotonic() - since < LEAVE_SECONDS:
        if counts.aborted() >= wanted:
            return time.monotonic() - since
        time.sleep(0.0005)
    return None


def open_many(port, key, process, count):
    """Resident bytes before, with all streams open, and after they have ended."""
    before, before_files = process.resident_bytes(), process.descriptors()
    message, clients = head_and_body(key), []
    events = {}
    selector = selectors.EpollSelector()

    def read(seconds):
        """Takes what comes in for some time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for entry, _ in selector.select(left):
                part = entry.fileobj.recv(65536)
                if not part:
                    raise Failure(f"a stream ended while {len(clients):,} were open")
                events[entry.fd] += part.count(b"data:")

    try:
        while len(clients) < count:
            for _ in range(min(BATCH, count - len(clients))):
                client = socket.create_connection(("127.0.0.1", port), 10)
                client.sendall(message)
                clients.append(client)
                events[client.fileno()] = 0
                selector.register(client, selectors.EVENT_READ)
            read(0.02)
        started = time.monotonic()
        while (fewest := min(events.values())) < 2 and time.monotonic() - started < 60:
            read(0.2)
        if fewest < 2:
            silent = sum(number < 2 for number in events.values())
            raise Failure(f"{silent:,} of {count:,} streams said nothing for a minute")
        cpu, started = process.cpu_seconds(), time.monotonic()
        read(SETTLE_SECONDS)
        share = (process.cpu_seconds() - cpu) / (time.monotonic() - started)
        during, files = process.resident_bytes(), process.descriptors()
    finally:
        selector.close()
        for client in clients:
            client.close()
    time.sleep(SETTLE_SECONDS)
    return {"before": before, "during": during, "after": process.resident_bytes(), "files_before": before_files,
            "files": files, "files_after": process.descriptors(), "cpu_share": share}


def each(row, count):
    return (row["during"] - row["before"]) / count


def worst(found):
    return None if None in found else max(found)


def milliseconds(seconds):
    return "never" if seconds is None else f"{seconds * 1000:.1f}"


def bars(data):
    ours, theirs = (each(data["memory"][name], data["count"]) for name in ("gateway", "nginx"))
    found = [
        Bar("streams open at once", f"{data['wanted']:,}", f"{data['count']:,}", f"{data['count']:,}",
            data["count"] >= data["wanted"]),
        Bar("memory for an open stream, KiB", f"<= {STREAM_BAR >> 10}", f"{ours / 1024:.1f}", f"{theirs / 1024:.1f}",
            ours <= STREAM_BAR)]
    leaving = data["leaving"]

    def soon(name):
        return sum(seconds is not None and seconds <= LEAVE_BAR for seconds in leaving[name])

    found.append(Bar(
        f"clients that leave, known to the model server within {LEAVE_BAR * 1000:.0f} ms", f"{LEAVING} of {LEAVING}",
        f"{soon('gateway')} (slowest {milliseconds(worst(leaving['gateway']))} ms)",
        f"{soon('nginx')} (slowest {milliseconds(worst(leaving['nginx']))} ms)", soon("gateway") == LEAVING))
    together = leaving["gateway, all at once"]
    found.append(Bar(
        f"{LEAVING} clients leave at once, all known after, ms", f"<= {LEAVE_BAR * 1000:.0f}", milliseconds(together),
        milliseconds(leaving["nginx, all at once"]), together is not None and together <= LEAVE_BAR))
    return found


def sections(data, _):
    rows = [[
        name, *(f"{row[moment] / 2**20:.1f}" for moment in ("before", "during", "after")),
        f"{each(row, data['count']) / 1024:.1f}", row["files_before"], row["files"], row["files_after"],
        f"{row['cpu_share'] * 100:.0f} %"] for name, row in data["memory"].items()]
    leaving = [[
        name, sum(seconds is not None for seconds in data["leaving"][name]),
        milliseconds(statistics.median(sorted(seconds or LEAVE_SECONDS for seconds in data["leaving"][name]))),
        milliseconds(worst(data["leaving"][name])), milliseconds(data["leaving"][f"{name}, all at once"])]
        for name in ("nginx", "gateway")]
    return [
        "## Open streams",
        f"{data['count']:,} streams open at once, one event each {EVERY_SECONDS} s; {data['file_limit']:,} files may be open in "
        f"a process, and a proxy has two connections for each stream. Resident MiB before, with all open and "
        f"{SETTLE_SECONDS} s after the clients have left.",
        table(["", "before", "open", "after", "KiB a stream", "files before", "open", "after", "core busy"], rows),
        "### Clients that leave",
        f"{LEAVING} clients leave one after another in the middle of a stream, then as many at once. The next event is due "
        f"{EVERY_SECONDS} s later at most, so that only the end of the connection can tell. Milliseconds from the client's "
        f"close until the model server has seen the connection end, asked twice a millisecond.",
        table(["", "known", "median ms", "slowest ms", "all at once ms"], leaving),
    ], []
