"""The processes that are measured: the gateway, nginx and the stand-in model server, and what they use."""

import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

from workbench import Failure, measure

from .isolation import end_with_parent

HERE = pathlib.Path(__file__).resolve().parent
MOCK_PORT, NGINX_PORT, GATEWAY_PORT, ADMIN_PORT = 9100, 9201, 9301, 9302
TOKEN = "evaluation-operator-token"
READY_SECONDS = 30


def cores():
    """The core of what is measured, and that of the load."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


class Process:
    """A process bound to a core, ended with the block it is used in."""

    def __init__(self, command, log, core=None, cwd=None):
        self.name = pathlib.Path(str(command[0])).name
        self.log = log

        def before():
            end_with_parent()
            if core is not None:
                os.sched_setaffinity(0, [core])

        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                [str(word) for word in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, preexec_fn=before, start_new_session=True)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, _kind, problem, _traceback):
        status = self.process.poll()
        self.stop()
        if problem is not None and status:
            # What else went wrong came of that.
            raise Failure(f"{self.name} ended with status {status} while it was needed:\n{self.said()}") from problem

    def stop(self, seconds=10):
        """Ends it, by force after some time; returns its status."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def said(self):
        return self.log.read_text(errors="replace")[-4000:]

    def wait(self, is_ready):
        """Waits until it serves."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended with status {self.process.returncode}:\n{self.said()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if is_ready():
                    return self
            time.sleep(0.02)
        raise Failure(f"{self.name} is not ready after {READY_SECONDS} s:\n{self.said()}")

    @property
    def family(self):
        """Its process and all below it."""
        children = {}
        for entry in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                children.setdefault(int(status_fields(entry)[1]), []).append(int(entry))
        found, waiting = [], [self.pid]
        while waiting:
            found.append(waiting.pop())
            waiting += children.get(found[-1], [])
        return found

    def cpu_seconds(self):
        """User and system time of all of them, in seconds."""
        # As clock_getcpuclockid(3) makes a clock of a process: finer than the ticks in /proc.
        return sum(time.clock_gettime((~pid << 3) | 2) for pid in self.family)

    def resident_bytes(self):
        total = 0
        for pid in self.family:
            with contextlib.suppress(OSError):
                found = re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())
                total += int(found[1]) << 10 if found else 0
        return total

    def descriptors(self):
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.family)


def status_fields(pid):
    """Fields of /proc/PID/stat from the third on."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def call(port, method, path, body=None, headers=(), timeout=60):
    """One request over a connection of its own: status and bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(
            method, path, None if body is None else json.dumps(body),
            {"content-type": "application/json", **dict(headers)})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Gateway(Process):
    """A running gateway. `policy` is a policy as a tree; the files are JSON, which is YAML."""

    def __init__(self, program, folder, upstream=MOCK_PORT, settings=(), policy=None, core=None):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        token = folder / "admin.token"
        token.write_text(TOKEN + "\n")
        token.chmod(0o600)
        self.folder = folder
        self.write_policy(policy or {"rules": [
            {"id": "campaigns", "when": {"verdict": "distillation"}, "do": "block"}]})
        configuration = folder / "stillwatch.yaml"
        configuration.write_text(json.dumps({
            "listen": f"127.0.0.1:{GATEWAY_PORT}",
            "admin": {"listen": f"127.0.0.1:{ADMIN_PORT}", "token_file": "admin.token"},
            "state": "state",
            "upstreams": [{"url": f"http://127.0.0.1:{upstream}", "connections": 16384}],
            "exchange_log": {"folder": "state/log", "text": "keep", "acknowledge": "written"},
            "budgets": {"limits": [
                {"scope": "account", "resource": "requests", "amount": 10**9, "per": "minute"},
                {"scope": "account", "resource": "tokens", "amount": 10**12, "per": "day"},
                {"scope": "key", "resource": "streams", "amount": 10**6}]},
            "policy": "policy.yaml",
            "threads": 1,
            **dict(settings)}, indent=1))
        super().__init__([program, "serve", "--config", configuration], folder / "gateway.out", core, cwd=folder)
        self.wait(lambda: call(ADMIN_PORT, "GET", "/readyz")[0] == 200)

    def write_policy(self, tree):
        """Writes the policy; a running gateway takes it up within a second."""
        file = self.folder / "policy.yaml.new"
        file.write_text(json.dumps(tree, indent=1))
        file.replace(self.folder / "policy.yaml")

    def admin(self, method, path, body=None):
        """One request to the operators' listener: the answer's JSON."""
        status, text = call(ADMIN_PORT, method, path, body, {"authorization": f"Bearer {TOKEN}"})
        if status >= 300:
            raise Failure(f"{method} {path} was answered with status {status}: {text[:300]!r}")
        return json.loads(text)

    def key(self, account, **facts):
        """A new key, once it is accepted."""
        if facts:
            self.admin("PUT", f"/admin/accounts/{account}", facts)
        key = self.admin("POST", "/admin/keys", {"account": account})["key"]
        self.wait_for_key(key)
        return key

    @staticmethod
    def wait_for_key(key):
        end = time.monotonic() + READY_SECONDS
        # A body that is no object is refused by whoever knows the key, and costs nothing.
        while call(GATEWAY_PORT, "POST", "/v1/chat/completions", [], {"authorization": f"Bearer {key}"})[0] == 401:
            if time.monotonic() > end:
                raise Failure("a new key is not accepted")
            time.sleep(0.02)

    def metrics(self):
        """Samples of /metrics by name and labels."""
        text = call(ADMIN_PORT, "GET", "/metrics")[1].decode()
        lines = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in lines}


@dataclasses.dataclass(frozen=True)
class Tools:
    """The load tools, compiled, and nginx."""

    mock: pathlib.Path
    probe: pathlib.Path
    script: pathlib.Path
    nginx: pathlib.Path

    @staticmethod
    def made(bench):
        """Compiles them into the work folder from the folder given by --bench."""
        source = bench.options.bench
        if source is None:
            raise Failure("this part needs --bench FOLDER with mock.c, lat.c, post.lua and conf/nginx.conf")
        for name in ("mock.c", "lat.c", "post.lua", "conf/nginx.conf"):
            if not (source / name).is_file():
                raise Failure(f"there is no {name} in the folder given by --bench")
        for program in ("gcc", "nginx", "wrk"):
            if not shutil.which(program):
                raise Failure(f"{program} is needed")
        tools = bench.work / "tools"
        tools.mkdir(exist_ok=True)
        for name, options in (("mock", ["-pthread"]), ("lat", [])):
            measure(["gcc", "-O2", "-w", *options, "-o", tools / name, source / f"{name}.c"])
        nginx = tools / "nginx"
        for name in ("nb", "np", "nf", "nu", "ns"):
            (nginx / name).mkdir(parents=True, exist_ok=True)
        # Each stream takes two connections.
        configuration = (source / "conf/nginx.conf").read_text()
        (nginx / "nginx.conf").write_text(re.sub(r"worker_connections \d+", "worker_connections 16384", configuration))
        return Tools(tools / "mock", tools / "lat", (source / "post.lua").resolve(), nginx)

    def start_mock(self, folder, delay_microseconds, core):
        command = [self.mock, "-p", MOCK_PORT, "-t", 1, "-n", 50, "-d", delay_microseconds]
        return Process(command, folder / "mock.out", core).wait(lambda: call(MOCK_PORT, "GET", "/v1/models")[0] == 200)

    def start_nginx(self, folder, core):
        command = ["nginx", "-p", f"{self.nginx}/", "-c", self.nginx / "nginx.conf"]
        return Process(command, folder / "nginx.out", core).wait(lambda: call(NGINX_PORT, "GET", "/v1/models")[0] == 200)
