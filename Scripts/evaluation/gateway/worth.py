"""What changes to answers take from a student model, and what from an honest customer."""

import contextlib
import http.client
import json
import random
import statistics
import sys
import time

from parts import Bar
from workbench import Failure, say, table

from .isolation import isolated
from .serving import GATEWAY_PORT, HERE, Gateway, Process, call, cores

MODEL_PORT = 9150
# Each by an account of its own, to which the rule of that name applies.
CHANGES = {
    "nothing": None,
    "strip_reasoning": "strip_reasoning",
    "summarise_reasoning": "summarise_reasoning",
    "drop_logprobs": "drop_logprobs",
    "cap_reasoning": {"cap_reasoning": {"tokens": 1024, "effort": "low"}},
    "reduce": {"reduce": {"max_tokens": 512}},
}
# Those that leave the answer itself alone.
SPARING = ("strip_reasoning", "summarise_reasoning", "drop_logprobs", "cap_reasoning")
APIS = {"messages": "/v1/messages", "chat": "/v1/chat/completions"}
ANSWERS, SEED, ROUNDS = 60, 20, 5
SUMMARY_BAR = 0.1
CPU_BAR = 2.0
WORDS = """add answer argue begin bound case check claim consider constant count difference each equal error even example
factor first follow given hence hold if integer later least let limit line mean most next none number odd over part prime
proof prove remain result same second show since small solve some step sum than that the then therefore this thus time try
under unless value what when where which with write zero""".split()


def measure(bench):
    return isolated(measured, bench)


def measured(bench):
    work = bench.work / "worth"
    work.mkdir(exist_ok=True)
    answers = made_answers(ANSWERS // 6 if bench.quick else ANSWERS)
    file = work / "answers.jsonl"
    file.write_text("".join(json.dumps(answer) + "\n" for answer in answers))
    ours, load = cores()
    rules = [{"id": name, "when": {"account": [name]}, "do": change} for name, change in CHANGES.items() if change]
    with contextlib.ExitStack() as stack:
        command = [sys.executable, "-B", HERE / "model_server.py", "--port", MODEL_PORT, "--answers", file]
        stack.enter_context(Process(command, work / "model.out", load).wait(
            lambda: call(MODEL_PORT, "GET", "/__stats")[0] == 200))
        gateway = stack.enter_context(Gateway(
            bench.gateway, work / "gateway", MODEL_PORT, policy={"rules": rules}, core=ours))
        keys = {name: gateway.key(name) for name in CHANGES}
        data = {"answers": len(answers), "kept": {}, "cpu": {}}
        for api in APIS:
            data["kept"][api] = kept(api, keys, answers)
            data["cpu"][api] = timed(gateway, api, keys, answers, 2 if bench.quick else ROUNDS)
            say(f"gateway: worth: {api}")
    bench.remove("worth")
    return data


def made_answers(count):
    """Answers with reasoning in steps, of lengths that differ as people's do."""
    chance = random.Random(SEED)

    def sentence():
        words = [chance.choice(WORDS) for _ in range(chance.randint(6, 18))]
        return words[0].capitalize() + " " + " ".join(words[1:]) + "."

    def text(words, separator):
        lines, had = [], 0
        while had < words:
            lines.append(sentence())
            had += len(lines[-1].split())
        return separator.join(lines)

    answers = []
    for number in range(count):
        thinking, answer = (int(chance.lognormvariate(mean, 0.7)) + 30 for mean in (7.0, 6.0))
        answers.append({
            "id": f"answer-{number}", "status": 200, "obeys": True, "thinking": text(thinking, " \n"),
            "text": text(answer, " "), "signature": f"c2lnbmVk{number:06d}", "finish": "stop", "input": 40})
    return answers


def body_of(api, is_stream):
    """A request that asks for all there is."""
    body = {"model": "m-reason", "messages": [{"role": "user", "content": "Prove it."}]}
    if api == "messages":
        body |= {"max_tokens": 64000, "thinking": {"type": "enabled", "budget_tokens": 32000}}
    else:
        body |= {"reasoning_effort": "high", "logprobs": True, "top_logprobs": 2}
        if is_stream:
            body["stream_options"] = {"include_usage": True}
    return body | ({"stream": True} if is_stream else {})


class Client:
    """One connection to the gateway."""

    def __init__(self, key):
        self.connection = http.client.HTTPConnection("127.0.0.1", GATEWAY_PORT, timeout=60)
        self.key = key

    def ask(self, api, answer, is_stream):
        self.connection.request("POST", APIS[api], json.dumps(body_of(api, is_stream)), {
            "content-type": "application/json", "authorization": f"Bearer {self.key}", "x-exchange": answer["id"]})
        reply = self.connection.getresponse()
        data = reply.read()
        if reply.status != 200:
            raise Failure(f"an answer has status {reply.status}: {data[:300]!r}")
        return data


def read_stream(data):
    for line in data.decode().splitlines():
        if line.startswith("data: ") and line != "data: [DONE]":
            yield json.loads(line[6:])


def taken_in(api, data, is_stream):
    """What a client gets: reasoning, text, tokens with probabilities, signatures, tokens billed."""
    found = {"reasoning": "", "text": "", "probabilities": 0, "billed": 0, "bytes": len(data)}
    for part in read_stream(data) if is_stream else [json.loads(data)]:
        if api == "messages":
            blocks = part.get("content", []) if not is_stream else [part.get("delta", {}), part.get("content_block", {})]
            for block in blocks:
                found["reasoning"] += block.get("thinking", "")
                found["text"] += block.get("text", "")
            usage = part.get("usage") or {}
            found["billed"] = usage.get("output_tokens", found["billed"])
            continue
        for choice in part["choices"]:
            message = choice.get("delta" if is_stream else "message", {})
            found["reasoning"] += message.get("reasoning_content") or ""
            found["text"] += message.get("content") or ""
            found["probabilities"] += len((choice.get("logprobs") or {}).get("content") or [])
        found["billed"] = (part.get("usage") or {}).get("completion_tokens", found["billed"])
    return found


def kept(api, keys, answers):
    """What is left of all answers under each change, as streams; whole answers must come to the same."""
    found = {}
    before = stats()
    for name, key in keys.items():
        client = Client(key)
        row = {"reasoning": 0, "text": 0, "changed": 0, "touched": 0, "empty": 0, "probabilities": 0, "billed": 0, "bytes": 0,
               "unlike_whole": 0}
        for answer in answers:
            streamed = taken_in(api, client.ask(api, answer, True), True)
            whole = taken_in(api, client.ask(api, answer, False), False)
            for field in ("probabilities", "billed", "bytes"):
                row[field] += streamed[field]
            row["reasoning"] += len(streamed["reasoning"].encode())
            row["text"] += len(streamed["text"].encode())
            wanted, got = answer["text"].split(" "), streamed["text"].split(" ")
            changed = sum(a != b for a, b in zip(wanted, got)) + abs(len(wanted) - len(got))
            row["changed"] += changed
            row["touched"] += changed > 0
            row["empty"] += not streamed["text"]
            row["unlike_whole"] += (streamed["reasoning"], streamed["text"]) != (whole["reasoning"], whole["text"])
        row["words"] = sum(len(answer["text"].split(" ")) for answer in answers)
        row["asked"] = (stats() - before) / (2 * len(answers))
        before = stats()
        found[name] = row
    return found


def stats():
    return json.loads(call(MODEL_PORT, "GET", "/__stats")[1])["requests"]


def timed(gateway, api, keys, answers, rounds):
    """The gateway's CPU microseconds and the seconds to the end, a stream, for each change in each round."""
    found = {name: [] for name in keys}
    clients = {name: Client(key) for name, key in keys.items()}
    for _ in range(rounds):
        for name, client in clients.items():
            cpu, started = gateway.cpu_seconds(), time.monotonic()
            size = sum(len(client.ask(api, answer, True)) for answer in answers)
            used, passed = gateway.cpu_seconds() - cpu, time.monotonic() - started
            found[name].append({
                "cpu": used * 1e6 / len(answers), "seconds": passed / len(answers), "bytes": size / len(answers)})
    return found


def ratio(rounds, name):
    return statistics.median(mine["cpu"] / base["cpu"] for mine, base in zip(rounds[name], rounds["nothing"]))


def bars(data):
    found = []
    for api, rows in data["kept"].items():
        base = rows["nothing"]
        spoiled = sum(rows[name]["changed"] for name in SPARING)
        found.append(Bar(f"{api}: words changed in answers by {', '.join(SPARING)}", "0", f"{spoiled:,}", "", spoiled == 0))
        left = rows["strip_reasoning"]["reasoning"]
        found.append(Bar(f"{api}: bytes of reasoning left by strip_reasoning", "0", f"{left:,}", "", left == 0))
        share = rows["summarise_reasoning"]["reasoning"] / base["reasoning"]
        found.append(Bar(
            f"{api}: reasoning left by summarise_reasoning", f"<= {SUMMARY_BAR * 100:.0f} %", f"{share * 100:.1f} %", "",
            share <= SUMMARY_BAR))
        if base["probabilities"]:
            left = rows["drop_logprobs"]["probabilities"]
            found.append(Bar(f"{api}: log probabilities left by drop_logprobs", "0", f"{left:,}", "", left == 0))
        more = max(row["asked"] for row in rows.values())
        found.append(Bar(f"{api}: requests to the model for one", "1", f"{more:.2f}", "", more == 1))
        unlike = sum(row["unlike_whole"] for row in rows.values())
        found.append(Bar(f"{api}: streams that differ from the whole answer", "0", str(unlike), "", unlike == 0))
        dearest = max(SPARING, key=lambda name: ratio(data["cpu"][api], name))
        most = ratio(data["cpu"][api], dearest)
        found.append(Bar(
            f"{api}: CPU of a stream with a change", f"<= {CPU_BAR:.0f} x without", f"{most:.2f} x ({dearest})", "",
            most <= CPU_BAR))
    return found


def sections(data, _):
    blocks = [
        "## What changes to answers are worth",
        f"{data['answers']} answers with reasoning, made up of words (seed {SEED}), by a stand-in model that keeps to every "
        "limit of the request, with a word for a token and an event; limits of an answer hold for reasoning and text together, "
        "as in both APIs. Requests ask for all there is. `cap_reasoning` is to 1,024 tokens and low effort, `reduce` to 512 "
        "tokens.",
    ]
    for api, rows in data["kept"].items():
        base, table_rows = rows["nothing"], []
        for name, row in rows.items():
            cpu = statistics.median(turn["cpu"] for turn in data["cpu"][api][name])
            table_rows.append([
                f"`{name}`" if name != "nothing" else "no change", percent(row["reasoning"], base["reasoning"]),
                percent(row["probabilities"], base["probabilities"]), percent(row["text"], base["text"]),
                f"{row['changed']:,} of {row['words']:,}", row["touched"], row["empty"],
                f"{(row['billed'] - base['billed']) / data['answers']:+,.0f}", f"{cpu:,.0f}",
                f"{ratio(data['cpu'][api], name):.2f}",
                f"{statistics.median(turn['bytes'] for turn in data['cpu'][api][name]) / 1024:,.0f}"])
        blocks += [f"### `{APIS[api]}`", table(
            ["", "reasoning left", "log probabilities left", "text left", "words of the answer changed", "answers touched",
             "without any text", "tokens billed, each", "CPU us a stream", "x no change", "KiB a stream"], table_rows)]
    blocks.append(
        "A student loses what is not left. An honest customer loses the same reasoning and log probabilities to read, and of the "
        "answer the words that change. That a model which thinks less may answer worse is not measured: the stand-in's text does "
        "not depend on its reasoning. Reasoning that is stripped is billed all the same. `reduce` cuts answers by design; where "
        "an API counts reasoning against the same limit and the request has no budget of its own for it, nothing may be left "
        "for the answer.")
    return blocks, []


def percent(part, whole):
    return f"{part / whole * 100:.1f} %" if whole else "-"
