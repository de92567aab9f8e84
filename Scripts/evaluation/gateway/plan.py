"""A simulated world as requests to send: by which call, with which arguments, by whom and when."""

import collections
import csv
import datetime
import json

from workbench import Failure

# Where a request names none, which Anthropic's API does not allow.
USUAL_TOKENS = 4096
OPENAI = ("model", "max_tokens", "stream", "temperature", "top_p", "seed", "logprobs", "response_format")
ANTHROPIC = ("model", "max_tokens", "stream", "system", "thinking")
FACTS = ("organization", "plan", "country", "email_domain", "payment_fingerprint", "signup_path")


def table_of(file):
    with open(file, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def moment(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def written(seconds):
    at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class World:
    """A simulated world: its exchanges in order, its accounts, and who is who."""

    def __init__(self, folder):
        self.folder = folder
        self.labels = {row["account"]: row for row in table_of(folder / "labels.csv")}
        self.accounts = {row["account"]: row for row in table_of(folder / "accounts.csv")}
        self.times, speaks_anthropic = [], set()
        senders = set()
        for record in self.records():
            account, request = record["account"]["id"], record["request"]
            self.times.append(moment(record["time"]))
            senders.add(account)
            if only_anthropic(request):
                speaks_anthropic.add(account)
        self.senders = sorted(senders)
        self.api = {account: "messages" if account in speaks_anthropic or int(account[-2:], 16) % 2 else "chat"
                    for account in self.senders}

    def records(self):
        with open(self.folder / "exchanges.jsonl", encoding="utf-8") as lines:
            yield from map(json.loads, lines)

    @property
    def span(self):
        """Seconds from the first exchange to the last."""
        return self.times[-1] - self.times[0]

    def is_guilty(self, account):
        return self.labels[account]["label"] == "distillation"

    def group(self, account):
        row = self.labels[account]
        return row["class"] or row["campaign"]

    def facts(self, account, now):
        """What the provider knows of an account. Its age at the end of the world is its age now."""
        row = self.accounts[account]
        found = {name: row[name] for name in FACTS if row[name]}
        found["created"] = written(moment(row["created"]) - self.times[-1] + now)
        return found | ({"trusted": True} if row.get("trusted") == "true" else {})

    def write_answers(self, file):
        """What the model server answers."""
        with open(file, "w", encoding="utf-8") as out:
            for record in self.records():
                response, usage = record["response"], record["usage"]
                thought = next((block for block in response.get("content", []) if block["type"] == "thinking"), {})
                out.write(json.dumps({
                    "id": record["id"], "status": response["status"], "text": response.get("text", ""),
                    "thinking": thought.get("thinking", ""), "signature": thought.get("signature", ""),
                    "finish": response.get("finish_reason"), "input": usage["input_tokens"],
                    "output": usage["output_tokens"], "reasoning": usage.get("reasoning_tokens", 0)}) + "\n")

    def write_plan(self, file, keys, speed):
        """The requests in order, `speed` times as fast as they came; gives how many of each call."""
        counts = collections.Counter()
        with open(file, "w", encoding="utf-8") as out:
            for at, record in zip(self.times, self.records()):
                account, client = record["account"]["id"], record["client"]
                call, arguments = as_call(record["request"], self.api[account])
                counts[call] += 1
                out.write(json.dumps({
                    "at": (at - self.times[0]) / speed, "id": record["id"], "account": account, "key": keys[account],
                    "call": call, "arguments": arguments, "headers": {
                        "user-agent": client["user_agent"], "x-forwarded-for": client["ip"],
                        "x-exchange": record["id"]}}) + "\n")
        return counts


def only_anthropic(request):
    """Whether a request says something in Anthropic's words that OpenAI's do not have."""
    return any(name in request for name in ("thinking", "tools")) or any(
        not isinstance(message["content"], str) for message in request.get("messages", []))


def as_call(request, api):
    """The SDK's call and its arguments."""
    if "messages" not in request:
        if "prompt" not in request:
            raise Failure(f"a request of {request['endpoint']} is of no known kind")
        return "embeddings", {"model": request["model"], "input": request["prompt"], "encoding_format": "float"}
    messages, body = list(request["messages"]), {name: request[name] for name in OPENAI if name in request}
    if api == "chat":
        if "system" in request:
            messages.insert(0, {"role": "system", "content": request["system"]})
        return "chat", body | {"messages": messages}
    body = {"max_tokens": USUAL_TOKENS} | {name: request[name] for name in ANTHROPIC if name in request}
    if "tools" in request:
        body["tools"] = [{"name": tool["name"], "input_schema": {"type": "object"}} for tool in request["tools"]]
    # The SDK has no arguments for these.
    beyond = {name: request[name] for name in OPENAI if name in request and name not in ANTHROPIC}
    return "messages", body | {"messages": messages} | ({"extra_body": beyond} if beyond else {})
