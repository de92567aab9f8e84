"""A stand-in model server that gives the answers of a simulated world.

    model_server.py --port N --answers FILE

The request says in the header `x-exchange` which answer it wants; the file has a JSON object a line: `id`, `status`,
`text`, `thinking`, `signature`, `finish`, `input`, `output` and `reasoning` (tokens). Speaks OpenAI's chat completions and
embeddings and Anthropic's messages. `x-pace` asks for a pause between the events of a stream, in seconds. An answer with
`obeys` is one of a model that keeps to the request's limits, whose tokens are words, one an event. GET /__stats says how many
requests came.
"""

import argparse
import asyncio
import json
import signal
import sys

# A stream has about so many pieces of text.
PIECES = 16
ERRORS = {400: "invalid_request_error", 429: "rate_limit_error", 529: "overloaded_error"}
CREATED = 1_790_000_000


# How much of its reasoning an obeying model does at an effort.
EFFORTS = {"none": 0.0, "minimal": 0.05, "low": 0.2, "medium": 0.5, "high": 1.0}


def tokens_of(text):
    """Words, each with the space before it."""
    first, *others = text.split(" ")
    return [first, *(" " + word for word in others)]


def pieces(text, answer):
    if answer.get("obeys"):
        return tokens_of(text) if text else []
    size = max(8, -(-len(text) // PIECES))
    return [text[at:at + size] for at in range(0, len(text), size)]


def obeying(answer, body):
    """The answer within the request's limits. What an answer may have in all is for the reasoning first, as in both APIs."""
    thinking, text = tokens_of(answer["thinking"]), tokens_of(answer["text"])
    budget = (body.get("thinking") or {}).get("budget_tokens", len(thinking))
    share = EFFORTS[body.get("reasoning_effort", "high")]
    thinking = thinking[:min(budget, int(share * len(thinking)))]
    limits = [body[name] for name in ("max_tokens", "max_completion_tokens") if body.get(name) is not None]
    most = min(limits, default=len(thinking) + len(text))
    thinking = thinking[:most]
    kept = text[:most - len(thinking)]
    return {
        **answer, "thinking": "".join(thinking), "text": "".join(kept), "reasoning": len(thinking),
        "finish": "stop" if len(kept) == len(text) else "length", "output": len(thinking) + len(kept)}


def logprobs(text):
    return {"content": [{"token": token, "logprob": -0.5, "bytes": None, "top_logprobs": [
        {"token": token, "logprob": -0.5, "bytes": None}, {"token": "the", "logprob": -1.5, "bytes": None}]}
        for token in tokens_of(text)]}


def chat_usage(answer):
    return {"prompt_tokens": answer["input"], "completion_tokens": answer["output"],
            "total_tokens": answer["input"] + answer["output"],
            "completion_tokens_details": {"reasoning_tokens": answer["reasoning"]}}


def chat_head(answer, body, kind):
    return {"id": f"chatcmpl-{answer['id']}", "object": kind, "created": CREATED, "model": body.get("model")}


def chat(answer, body):
    message = {"role": "assistant", "content": answer["text"]}
    if answer["thinking"]:
        message["reasoning_content"] = answer["thinking"]
    choice = {"index": 0, "message": message, "finish_reason": "length" if answer["finish"] == "length" else "stop",
              "logprobs": logprobs(answer["text"]) if body.get("logprobs") else None}
    return {**chat_head(answer, body, "chat.completion"), "choices": [choice], "usage": chat_usage(answer)}


def chat_stream(answer, body):
    head = chat_head(answer, body, "chat.completion.chunk")

    def chunk(delta, finish=None, probabilities=None):
        return None, {**head, "choices": [
            {"index": 0, "delta": delta, "logprobs": probabilities, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    for piece in pieces(answer["thinking"], answer):
        yield chunk({"reasoning_content": piece})
    for piece in pieces(answer["text"], answer):
        yield chunk({"content": piece}, None, logprobs(piece) if body.get("logprobs") else None)
    yield chunk({}, "length" if answer["finish"] == "length" else "stop")
    if (body.get("stream_options") or {}).get("include_usage"):
        yield None, {**head, "choices": [], "usage": chat_usage(answer)}
    yield None, "[DONE]"


def message(answer, body):
    content = []
    if answer["thinking"]:
        content.append({"type": "thinking", "thinking": answer["thinking"], "signature": answer["signature"]})
    content.append({"type": "text", "text": answer["text"]})
    return {
        "id": f"msg_{answer['id']}", "type": "message", "role": "assistant", "model": body.get("model"), "content": content,
        "stop_reason": "max_tokens" if answer["finish"] == "length" else "end_turn", "stop_sequence": None,
        "usage": {"input_tokens": answer["input"], "output_tokens": answer["output"]}}


def message_stream(answer, body):
    whole = message(answer, body)
    start = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    yield "message_start", {"type": "message_start", "message": start}
    for index, block in enumerate(whole["content"]):
        kind = block["type"]
        empty = {"type": kind, kind: ""} | ({"signature": ""} if kind == "thinking" else {})
        yield "content_block_start", {"type": "content_block_start", "index": index, "content_block": empty}
        for piece in pieces(block[kind], answer):
            yield "content_block_delta", {
                "type": "content_block_delta", "index": index, "delta": {"type": f"{kind}_delta", kind: piece}}
        if kind == "thinking":
            yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": {
                "type": "signature_delta", "signature": block["signature"]}}
        yield "content_block_stop", {"type": "content_block_stop", "index": index}
    yield "message_delta", {
        "type": "message_delta", "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
        "usage": {"output_tokens": answer["output"]}}
    yield "message_stop", {"type": "message_stop"}


def embeddings(answer, body):
    return {"object": "list", "model": body.get("model"), "usage": {
        "prompt_tokens": answer["input"], "total_tokens": answer["input"]},
        "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5, 0.125, 0.0]}]}


ROUTES = {
    "/v1/chat/completions": (chat, chat_stream),
    "/v1/messages": (message, message_stream),
    "/v1/embeddings": (embeddings, None),
}


def error(path, status):
    kind = ERRORS.get(status, "api_error")
    if path == "/v1/messages":
        return {"type": "error", "error": {"type": kind, "message": "The model server says no."}}
    return {"error": {"message": "The model server says no.", "type": kind, "param": None, "code": None}}


class Server:
    def __init__(self, answers):
        self.answers = answers
        self.count = 0
        self.running = set()

    async def connected(self, reader, writer):
        task = asyncio.current_task()
        self.running.add(task)
        try:
            while await self.one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.running.discard(task)

    async def one(self, reader, writer):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except asyncio.IncompleteReadError:
            return False
        path = head[0].split(" ")[1].partition("?")[0]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        data = await reader.readexactly(int(headers.get("content-length", 0)))
        if path == "/__stats":
            await self.reply(writer, 200, {"requests": self.count})
            return True
        answer = self.answers.get(headers.get("x-exchange"))
        if path not in ROUTES or answer is None:
            await self.reply(writer, 404, error(path, 404))
            return True
        body = json.loads(data)
        self.count += 1
        if answer.get("obeys"):
            answer = obeying(answer, body)
        whole, stream = ROUTES[path]
        if answer["status"] != 200:
            await self.reply(writer, answer["status"], error(path, answer["status"]))
        elif body.get("stream") is True and stream:
            await self.stream(writer, stream(answer, body), float(headers.get("x-pace", 0)))
        else:
            await self.reply(writer, 200, whole(answer, body))
        return True

    @staticmethod
    async def reply(writer, status, value):
        data = json.dumps(value).encode()
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n".encode()
                     + data)
        await writer.drain()

    @staticmethod
    async def stream(writer, events, pace):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for name, data in events:
            text = (f"event: {name}\n" if name else "") + f"data: {data if data == '[DONE]' else json.dumps(data)}\n\n"
            raw = text.encode()
            writer.write(b"%x\r\n%s\r\n" % (len(raw), raw))
            if pace:
                await writer.drain()
                await asyncio.sleep(pace)
        writer.write(b"0\r\n\r\n")
        await writer.drain()


async def run(options):
    with open(options.answers, encoding="utf-8") as lines:
        answers = {answer["id"]: answer for answer in map(json.loads, lines)}
    server = Server(answers)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    listener = await asyncio.start_server(server.connected, "127.0.0.1", options.port, limit=8 << 20, backlog=1024)
    await ended.wait()
    listener.close()
    for task in server.running:
        task.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--answers", required=True)
    asyncio.run(run(parser.parse_args()))
    sys.exit(0)
