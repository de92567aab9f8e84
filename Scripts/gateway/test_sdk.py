#!/usr/bin/env python3
"""Uses the gateway as its customers do: through the SDKs of OpenAI and Anthropic, LangChain and LiteLLM.

    STILLWATCH_GATEWAY=PROGRAM Scripts/gateway/test_sdk.py [ENVIRONMENT | ENVIRONMENT/CHECK]...
    Scripts/gateway/test_sdk.py --direct [...]    without a gateway: whether the stand-in model server is well formed

Environments: current, older, langchain, litellm. The first run installs their packages (PyPI) into
.build-test/gateway-venvs, or where STILLWATCH_TEST_ENVIRONMENTS says. Prints a line for each check; exit status: 0 all
passed, 1 one failed, 2 could not run.
"""

import json
import os
import pathlib
import subprocess

import answers
import harness
from harness import CannotRun, HERE, Workplace, clean_variables, environment, failed, passed, report, run

# Name: the packages, and the script that runs in them.
ENVIRONMENTS = {
    "current": ("current", "sdk_checks.py"), "older": ("older", "sdk_checks.py"),
    "langchain": ("current", "langchain_checks.py"), "litellm": ("litellm", "litellm_checks.py")}
CANARIES = ["The lighthouse of Ostrava blinks twice.", "Seven herons know the ferry's name."]
# What is done to whom; every environment has an account for each.
ACTIONS = {
    "block": "block", "challenge": "challenge", "shadow": {"shadow": "block"},
    "soft": {"throttle": {"requests": 60, "per": "minute", "hard": False}},
    "hard": {"throttle": {"requests": 5, "per": "minute", "hard": True}},
    "strip": "strip_reasoning", "summarise": "summarise_reasoning", "logprobs": "drop_logprobs",
    "cap": {"cap_reasoning": {"tokens": 1024, "effort": "low"}}, "reduce": {"reduce": {"max_tokens": 512}},
    "watermark": {"watermark": {"candidates": 4}}, "canary": "canary"}
CHILD_SECONDS = 150


def policy():
    return {
        "appeal": "Write to appeals@example.com and quote the request id.",
        "canaries": "canaries.txt",
        "rules": [
            {"id": kind, "when": {"account": [f"{name}-{kind}" for name in ENVIRONMENTS]}, "do": action}
            for kind, action in ACTIONS.items()]}


def program():
    """The command line that lies beside the gateway's program."""
    return pathlib.Path(os.environ["STILLWATCH_GATEWAY"]).resolve().parent / "stillwatch"


def make_mark(folder):
    """Manifest and keys of the mark by candidates, as settings name them."""
    made = subprocess.run(
        [program(), "watermark", "new", "--scheme", "candidates", "--out", folder], capture_output=True, text=True,
        check=False)
    if made.returncode:
        raise CannotRun(f"'stillwatch watermark new' failed: {made.stderr}")
    return {"manifest": str(folder / "manifest.json"), "keys": str(folder / "keys.json")}


def same_choice(gateway, upstream, key, mark, folder):
    """The gateway gives the answer that the command line chooses under the same manifest, and its audit names that."""
    lists, given = folder / "candidates.jsonl", []
    with open(lists, "w", encoding="utf-8") as lines:
        for number in range(8):
            prompt = f"Prompt of the mark, number {number}, end of the test"
            status, answer = harness.http_json(
                gateway.port, "POST", "/v1/chat/completions",
                {"model": "varied", "messages": [{"role": "user", "content": prompt}]},
                [("Authorization", f"Bearer {key}")])
            harness.equal(status, 200, "status")
            given.append(answer["choices"][0]["message"]["content"])
            drawn = [request["number"] for request in upstream.requests(prompt)]
            harness.equal(len(drawn), 4, "answers drawn")
            lines.write(json.dumps({"candidates": [answers.answer_text(prompt, "varied", i) for i in drawn]}) + "\n")
    chosen = subprocess.run(
        [program(), "watermark", "choose", "--manifest", mark["manifest"], lists], capture_output=True, text=True,
        check=True)
    picks = [json.loads(line)["chosen"] for line in chosen.stdout.splitlines()]
    with open(lists, encoding="utf-8") as lines:
        wanted = [json.loads(line)["candidates"][pick] for line, pick in zip(lines, picks)]
    harness.equal(given, wanted, "chosen answers")
    harness.expect(len(set(picks)) > 1, f"always the same candidate: {picks}")
    commitment = json.loads(pathlib.Path(mark["manifest"]).read_text())["key_commitment"]
    audit = json.dumps(gateway.admin("GET", "/admin/audit", status=200))
    harness.expect(commitment in audit, "the audit does not hold the commitment to the keys")


def make_keys(gateway, name):
    """A key for each account of an environment."""
    keys = {kind: gateway.key(f"{name}-{kind}") for kind in ("plain", *ACTIONS)}
    gateway.account(f"{name}-poor", plan="poor")
    keys["poor"] = gateway.key(f"{name}-poor", plan="poor")
    return keys


def body(names):
    is_direct = "--direct" in names
    names = [name for name in names if name != "--direct"]
    for name in names:
        if name.split("/")[0] not in ENVIRONMENTS:
            raise CannotRun(f"no environment is called '{name}'; there are {', '.join(ENVIRONMENTS)}")
    with Workplace() as place:
        upstream = place.upstream()
        if is_direct:
            url, keys = upstream.url, None
        else:
            folder = place.folder / "gateway-1"
            folder.mkdir()
            (folder / "canaries.txt").write_text("\n".join(CANARIES) + "\n")
            mark = make_mark(place.folder / "mark")
            gateway = place.gateway(upstream, {"watermark": mark, "budgets": {"limits": [
                {"scope": "account", "plans": ["poor"], "resource": "requests", "amount": 3, "per": "day"}]}}, policy())
            url = f"http://127.0.0.1:{gateway.port}"
        for name, (packages, script) in ENVIRONMENTS.items():
            wanted = [entry.partition("/")[2] for entry in names if entry.split("/")[0] == name]
            if names and not wanted:
                continue
            keys = {kind: "direct" for kind in ("plain", "poor", *ACTIONS)} if is_direct else make_keys(gateway, name)
            facts = place.folder / f"{name}.json"
            facts.write_text(json.dumps({
                "name": name, "url": url, "direct": is_direct, "keys": keys, "upstream": upstream.port,
                "canaries": CANARIES}))
            relay(name, [environment(packages), HERE / script, facts, *filter(None, wanted)], place.folder)
        if not is_direct and not names:
            key = gateway.key("current-watermark")
            harness.attempt(
                "same-choice-as-the-command-line",
                lambda: same_choice(gateway, upstream, key, mark, place.folder))
        if not is_direct:
            harness.attempt("gateway-still-runs", lambda: harness.expect(gateway.is_running(), gateway.said()[-1500:]))


def relay(name, command, home):
    """Runs checks in another interpreter, and counts what it reports."""
    child = subprocess.Popen(
        harness.tied(["timeout", CHILD_SECONDS, *command]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env=clean_variables(home))
    said = []
    before = len(passed) + len(failed)
    for line in child.stdout:
        said.append(line)
        if line.startswith("ok "):
            report(f"{name}/{line[3:].strip()}")
        elif line.startswith("FAIL "):
            check, _, problem = line[5:].strip().partition(": ")
            report(f"{name}/{check}", problem or "it said nothing")
    if child.wait() or len(passed) + len(failed) == before:
        report(name, f"ended with status {child.returncode}: {''.join(said)[-1500:]}")


if __name__ == "__main__":
    run(__doc__, body)
