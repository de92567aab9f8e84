"""Runs a gateway before a stand-in model server, with everything it writes below one temporary folder.

What is here: `Upstream`, `Gateway`, `Redis` and `PostgreSQL` as processes that end with the test, environments of Python
packages, and `run`, which runs a script's checks by name. HTTP by hand is in wire.py. Needs Python 3.11 and Linux.
"""

import atexit
import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

import answers

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# The longest that a process may take to be ready, and to end.
START_SECONDS = 20
STOP_SECONDS = 20
COMMAND_SECONDS = 30


class CannotRun(Exception):
    """The checks cannot be made here."""


class Wrong(Exception):
    """A check's expectation that does not hold."""


def expect(holds, what):
    if not holds:
        raise Wrong(what() if callable(what) else what)


def equal(got, wanted, what):
    expect(got == wanted, lambda: f"{what}: expected {wanted!r}, got {str(got)[:600]!r}")


def until(what, seconds, condition, every=0.005):
    """Waits for a condition to hold, and returns what it said."""
    end = time.monotonic() + seconds
    while not (said := condition()):
        expect(time.monotonic() < end, f"{what}: not within {seconds} s")
        time.sleep(every)
    return said


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def tied(command):
    """A command that the kernel kills when this process ends, however it ends."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)]


def yaml(value, indent=0):
    """A tree of dictionaries and lists in YAML's block style."""
    pad = "  " * indent
    if isinstance(value, dict) and value:
        return "".join(
            f"{pad}{key}:" + ("\n" + yaml(item, indent + 1) if isinstance(item, (dict, list)) and item
                              else f" {json.dumps(item)}\n")
            for key, item in value.items())
    if isinstance(value, list) and value:
        lines = ""
        for item in value:
            if isinstance(item, (dict, list)) and item:
                lines += f"{pad}- {yaml(item, indent + 1).lstrip()}"
            else:
                lines += f"{pad}- {json.dumps(item)}\n"
        return lines
    return pad + json.dumps(value) + "\n"


def merged(base, changes):
    """`base` with `changes`, dictionary by dictionary; `None` takes a field away."""
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def http_json(port, method, path, body=None, headers=(), timeout=15):
    """One request of its own connection: status, and the answer read as JSON where it is that."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"content-type": "application/json", **dict(headers)})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    with contextlib.suppress(ValueError):
        return answer.status, json.loads(text)
    return answer.status, text.decode("utf-8", "replace")


class Observed:
    """Questions to the stand-in model server at a port."""

    def __init__(self, port):
        self.port = port

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def get(self, path, **query):
        return http_json(self.port, "GET", path + "?" + urllib.parse.urlencode(query), timeout=60)[1]

    def requests(self, contains=""):
        """The requests that arrived with that text in their head or body."""
        return self.get("/__requests", contains=contains)

    def request(self, contains):
        found = self.requests(contains)
        equal(len(found), 1, f"requests at the model server with {contains!r}")
        return found[0]

    def events(self, contains=""):
        return self.get("/__events", contains=contains)

    def wait(self, contains, event, seconds=5):
        """The first such event of the request with that text; fails when there is none in time."""
        found = self.get("/__wait", contains=contains, event=event, seconds=seconds)
        expect(found, f"the model server saw no '{event}' of {contains!r} within {seconds} s")
        return found[0]

    def aborted_within(self, contains, left, seconds=0.05):
        """Checks that the abort reached the model server that soon after the client left."""
        late = self.wait(contains, "aborted")["at"] - left
        expect(late <= seconds, f"the model server saw the abort {late * 1000:.0f} ms after the client left")
        return late

    def stats(self):
        return self.get("/__stats")

    def control(self, **order):
        http_json(self.port, "POST", "/__control", order)


class Upstream(Observed):
    """The stand-in model server, as a process."""

    def __init__(self, port=0):
        super().__init__(port)
        self.start()

    def start(self):
        """Starts it, on the port it had before."""
        self.process = subprocess.Popen(
            tied([sys.executable, HERE / "upstream.py", "--port", self.port]), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            raise CannotRun("the stand-in model server did not start")
        self.port = int(line)

    def stop(self):
        """Kills it with all its connections."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Gateway:
    """A gateway with its folder and its listeners."""

    def __init__(self, folder, upstream, settings=None, policy=None, prefix=(), start=True):
        binary = os.environ.get("STILLWATCH_GATEWAY")
        if not binary:
            raise CannotRun("STILLWATCH_GATEWAY does not name the gateway's program")
        self.binary = str(pathlib.Path(binary).resolve())
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.upstream = upstream
        self.port, self.admin_port = free_port(), free_port()
        self.token = "operator-token-" + hashlib.sha256(str(self.folder).encode()).hexdigest()[:24]
        (self.folder / "admin.token").write_text(self.token + "\n")
        (self.folder / "admin.token").chmod(0o600)
        self.prefix = list(prefix)
        self.process = None
        self.output = self.folder / "gateway.out"
        self.settings = merged({
            "listen": f"127.0.0.1:{self.port}",
            "admin": {"listen": f"127.0.0.1:{self.admin_port}", "token_file": "admin.token"},
            "state": "state",
            "upstreams": [{"url": upstream.url, "connect_timeout": "2s"}],
            "exchange_log": {"folder": "state/log", "text": "keep", "acknowledge": "written"},
            "judging": {"every": "3600s"},
            "threads": 2}, settings or {})
        self.configuration = self.folder / "stillwatch.yaml"
        self.write_policy(policy)
        self.write_settings()
        if start:
            self.start()

    def write_settings(self):
        self.configuration.write_text(yaml(self.settings))

    def write_policy(self, policy):
        if policy is not None:
            self.settings["policy"] = "policy.yaml"
            (self.folder / "policy.yaml").write_text(policy if isinstance(policy, str) else yaml(policy))

    # The process.

    def start(self, wait=True):
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen(
                [*tied([*self.prefix, self.binary, "serve", "--config", self.configuration])], cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        if wait:
            self.wait_ready()

    def wait_ready(self, seconds=START_SECONDS):
        def is_ready():
            if self.process.poll() is not None:
                raise Wrong(f"the gateway ended with {self.process.returncode}: {self.said()[-1500:]}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                return http_json(self.admin_port, "GET", "/readyz")[0] == 200 and accepts(self.port)

        until("the gateway is ready", seconds, is_ready, 0.02)

    def terminate(self, seconds=STOP_SECONDS):
        """Sends SIGTERM and returns the exit status."""
        self.process.terminate()
        return self.wait(seconds)

    def wait(self, seconds=STOP_SECONDS):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Wrong(f"the gateway did not end within {seconds} s") from None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()

    def is_running(self):
        return self.process.poll() is None

    def said(self):
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) << 10

    def command(self, *arguments):
        """Runs one of the gateway's own commands on its configuration."""
        return subprocess.run(
            [self.binary, *map(str, arguments), "--config", str(self.configuration)], cwd=self.folder,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_SECONDS)

    # The operators' listener.

    def admin(self, method, path, body=None, status=None, token=None):
        """One request to it; fails on another status than the one wanted."""
        got, answer = http_json(
            self.admin_port, method, path, body, {"authorization": f"Bearer {token or self.token}"})
        if status is not None:
            equal(got, status, f"status of {method} {path} ({str(answer)[:300]})")
        return answer

    def account(self, account, **facts):
        self.admin("PUT", f"/admin/accounts/{account}", facts)

    def key(self, account, **fields):
        """A new key of an account that works by the time this returns."""
        key = self.admin("POST", "/admin/keys", {"account": account, **fields}, status=201)["key"]
        self.wait_key(key)
        return key

    def wait_key(self, key, works=True, seconds=5):
        """Waits until a key works, or no longer does, with requests that no budget counts."""
        def status():
            return http_json(
                self.port, "POST", "/v1/chat/completions", "no object", {"authorization": f"Bearer {key}"})[0]

        until(f"a key {'works' if works else 'stops working'}", seconds, lambda: (status() != 401) == works, 0.02)

    def metrics(self):
        """Every sample as {'name{labels}': value}."""
        status, text = http_json(self.admin_port, "GET", "/metrics")
        equal(status, 200, "status of /metrics")
        samples = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                samples[name] = float(value)
        return samples

    def metric(self, pattern):
        """The sum of all samples whose name and labels match; `None` when there are none."""
        found = [value for name, value in self.metrics().items() if re.search(pattern, name)]
        return sum(found) if found else None

    # The exchange log.

    @property
    def log_folder(self):
        return self.folder / self.settings["exchange_log"]["folder"]

    def log(self):
        """Every exchange written so far; a line that a kill cut off is not one."""
        while True:
            # A segment that is compressed while this reads is gone, and there under another name.
            with contextlib.suppress(FileNotFoundError):
                segments = [self.segment(path) for path in sorted(self.log_folder.rglob("*.jsonl*"))]
                return [json.loads(line) for data in segments for line in data.split(b"\n")[:-1] if line]

    @staticmethod
    def segment(path):
        if path.suffix == ".jsonl":
            return path.read_bytes()
        if path.suffix != ".zst" or path.with_suffix("").exists():
            return b""
        return subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout

    def exchanges(self, contains):
        return [record for record in self.log() if contains in json.dumps(record)]

    def exchange(self, contains, seconds=3):
        """The one exchange that holds a text."""
        found = until(f"the log has {contains!r}", seconds, lambda: self.exchanges(contains), 0.02)
        equal(len(found), 1, f"exchanges in the log with {contains!r}")
        return found[0]


class Redis:
    """A server for shared budgets."""

    def __init__(self, folder):
        if not shutil.which("redis-server"):
            raise CannotRun("there is no 'redis-server' on the path")
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.port = free_port()
        self.start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        self.process = subprocess.Popen(
            tied(["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder, "--save", "",
                  "--appendonly", "no"]), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        until("Redis is up", START_SECONDS, lambda: accepts(self.port), 0.02)

    def stop(self):
        self.process.kill()
        self.process.wait()

    close = stop


class PostgreSQL:
    """A cluster of its own; runs as another user, since PostgreSQL refuses to as root."""

    def __init__(self, folder):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            raise CannotRun("there is no PostgreSQL server")
        self.programs = found[-1].parent
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.user = []
        if os.geteuid() == 0:
            for name in ("postgres", "nobody"):
                with contextlib.suppress(KeyError):
                    entry = pwd.getpwnam(name)
                    break
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            for parent in self.folder.parents:
                if parent.stat().st_uid == 0 and str(parent).startswith(tempfile.gettempdir() + os.sep):
                    parent.chmod(parent.stat().st_mode | 0o055)
            self.user = ["--reuid", entry.pw_uid, "--regid", entry.pw_gid, "--clear-groups"]
        self.port = free_port()
        (self.folder / "password").write_text("valley\n")
        (self.folder / "password").chmod(0o644)
        subprocess.run(
            self.as_user([self.programs / "initdb", "-D", self.folder / "data", "-U", "stillwatch", "-A", "scram-sha-256",
                          "--pwfile", self.folder / "password", "--no-sync", "-E", "UTF8", "--locale", "C"]),
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.start()

    def database(self, name):
        """The URL of a new database."""
        subprocess.run(
            [self.programs / "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "stillwatch", name],
            env={**os.environ, "PGPASSWORD": "valley"}, check=True, timeout=COMMAND_SECONDS)
        return f"postgresql://stillwatch:valley@127.0.0.1:{self.port}/{name}"

    def as_user(self, command):
        return list(map(str, ["setpriv", "--pdeathsig", "KILL", *self.user, "--", *command]))

    def start(self):
        self.process = subprocess.Popen(
            self.as_user([
                self.programs / "postgres", "-D", self.folder / "data", "-p", self.port, "-c", "listen_addresses=127.0.0.1",
                "-c", f"unix_socket_directories={self.folder}", "-c", "fsync=off", "-c", "shared_buffers=16MB"]),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ready = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        until("PostgreSQL is up", START_SECONDS, lambda: subprocess.run(ready).returncode == 0, 0.05)

    def stop(self):
        """Ends it as a crash would, with all its connections."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()

    close = stop


class Workplace(contextlib.ExitStack):
    """A temporary folder, and the processes that write there; all are gone when it closes."""

    def __enter__(self):
        super().__enter__()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gateway-test-"))
        self.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.count = 0
        return self

    def upstream(self):
        server = Upstream()
        self.callback(server.stop)
        return server

    def gateway(self, upstream, settings=None, policy=None, **more):
        self.count += 1
        gateway = Gateway(self.folder / f"gateway-{self.count}", upstream, settings, policy, **more)
        self.callback(gateway.close)
        return gateway

    def own(self, kind, *arguments):
        self.count += 1
        server = kind(self.folder / f"{kind.__name__.lower()}-{self.count}", *arguments)
        self.callback(server.close)
        return server


def environment(name):
    """The interpreter of an environment with the packages of requirements-NAME.txt, made when it is not there yet."""
    wanted = (HERE / f"requirements-{name}.txt").read_bytes()
    base = pathlib.Path(os.environ.get("STILLWATCH_TEST_ENVIRONMENTS") or ROOT / ".build-test" / "gateway-venvs")
    folder = base / f"{name}-{hashlib.sha256(wanted).hexdigest()[:12]}"
    done = folder / "installed.txt"
    base.mkdir(parents=True, exist_ok=True)
    with open(base / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            # The lists are complete, so the resolver is not asked.
            subprocess.run(
                [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r",
                 HERE / f"requirements-{name}.txt"], check=True)
            done.write_bytes(wanted)
    return folder / "bin" / "python"


def clean_variables(home):
    """An environment in which no credential or proxy of this machine is seen."""
    return {
        "PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "ignore", "NO_PROXY": "*"}


# Checks.

passed, failed = [], []


def report(name, problem=None):
    """Prints and counts the outcome of one check."""
    print(f"FAIL {name}: {problem}" if problem else f"ok {name}", flush=True)
    (failed if problem else passed).append(name)


def attempt(name, function, *arguments):
    """Runs one check."""
    started = time.monotonic()
    try:
        function(*arguments)
        problem = None
    except CannotRun:
        raise
    except Wrong as wrong:
        problem = str(wrong)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        problem = f"{type(error).__name__}: {str(error)[:500]} ({pathlib.Path(place.filename).name}:{place.lineno})"
    report(name, problem and " ".join(problem.split()))
    if os.environ.get("STILLWATCH_TEST_TIMES"):
        print(f"   {time.monotonic() - started:.2f} s", flush=True)


def named(functions):
    """{name of the check: function} of a list of functions."""
    return {function.__name__.replace("_", "-"): function for function in functions}


def run(description, body):
    """A script's main function: runs `body(names)`, prints the counts, and exits.

    `names` is what the user asked for, empty for everything. Exit status: 0 all passed, 1 one failed, 2 could not run.
    """
    arguments = sys.argv[1:]
    if arguments and arguments[0] in ("-h", "--help"):
        print(description)
        sys.exit(0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        body(arguments)
    except CannotRun as problem:
        print(f"cannot run: {problem}", file=sys.stderr)
        sys.exit(2)
    print(f"{len(passed)} passed, {len(failed)} failed")
    sys.exit(1 if failed or not passed else 0)


def chosen(checks, names):
    """The checks of that name, or whose name begins so; all without names."""
    if not names:
        return checks
    return {
        name: function for name, function in checks.items()
        if any(name == wanted or name.startswith(wanted) for wanted in names)}


def expected_text(prompt, model="plain"):
    """What the stand-in answers."""
    return answers.answer_text(prompt, model)


atexit.register(sys.stdout.flush)
