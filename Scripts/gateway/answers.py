"""What the stand-in model server writes: answers that follow from the prompt alone, in each API's shape.

A model's name says how it behaves: its parts, joined by `+`, are flags, as in `tools+logprobs+paced-20ms`. The module
has no input or output, so that tests compute from it what a client must receive.
"""

import base64
import functools
import hashlib
import json
import struct

CREATED = 1772442000
WORDS = (
    "amber basin cedar delta ember fjord grove harbor inlet juniper kelp lagoon meadow nectar orchard pebble quarry "
    "ridge summit thicket upland valley willow yarrow zephyr brook cliff dune estuary fern glade heath island jetty "
    "knoll ledge marsh north oasis prairie reef shoal tundra umbra vista wharf").split()
# Words of an ordinary answer, and of a long one.
PLAIN_WORDS = 24
LONG_WORDS = 4000
EMBEDDING_WIDTH = 8
MODELS = ("plain", "tools", "reasoning", "logprobs")


class Flags:
    """The parts of a model's name."""

    def __init__(self, model):
        self.model = model if isinstance(model, str) else ""
        self.parts = self.model.split("+")

    def __contains__(self, flag):
        return flag in self.parts

    def value(self, name, default=None):
        """The text after `NAME-` in the first part that begins so; `default` for the bare name, `None` without it."""
        for part in self.parts:
            if part == name:
                return default
            if part.startswith(name + "-"):
                return part[len(name) + 1:]
        return None

    def milliseconds(self, name, default):
        """`NAME-20ms` as seconds, `None` without it."""
        text = self.value(name, f"{default}ms")
        return None if text is None else float(text.removesuffix("ms")) / 1000

    def count(self, name, default):
        text = self.value(name, str(default))
        return None if text is None else int(text)


def digest(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def words(seed, count):
    """That many words, which follow from the seed."""
    chosen = []
    block = digest(seed)
    while len(chosen) < count:
        chosen += [WORDS[byte % len(WORDS)] for byte in block]
        block = hashlib.sha256(block).digest()
    return chosen[:count]


def content_text(content):
    """The text of a message's content, with a mark for each part of another kind."""
    if isinstance(content, str):
        return content
    found = []
    for part in content if isinstance(content, list) else []:
        if not isinstance(part, dict):
            continue
        if isinstance(part.get("text"), str):
            found.append(part["text"])
        elif part.get("type") == "tool_result":
            found.append(content_text(part.get("content")))
        elif part.get("type") in ("image_url", "image", "input_image"):
            found.append("[image " + hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()[:8] + "]")
    return " ".join(found)


def prompt_of(body):
    """The text that the caller put last."""
    items = body.get("messages") or body.get("input") or body.get("prompt") or ""
    if isinstance(items, str):
        return items
    last = items[-1]
    if isinstance(last, str):
        return last
    if isinstance(last, dict) and last.get("type") == "function_call_output":
        return content_text(last["output"])
    return content_text(last.get("content")) if isinstance(last, dict) else json.dumps(items)


def answer_text(prompt, model="plain", choice=0):
    """What the model says to a prompt."""
    flags = Flags(model)
    count = flags.count("long", LONG_WORDS) or PLAIN_WORDS
    return f"On {digest(prompt).hex()[:8]}: " + " ".join(words(f"{choice} {prompt}", count)) + "."


def reasoning_text(prompt):
    """What the model thinks before it answers."""
    return "First, the SECRET-THOUGHT " + " ".join(words("thought " + prompt, 40)) + "."


def signature(prompt):
    return "SIGNATURE" + base64.b64encode(digest("signature " + prompt)).decode()


def tool_arguments(prompt):
    return json.dumps({"city": words("city " + prompt, 1)[0], "note": 'a "quoted" line\n\u00fc', "days": 3})


def pieces(text):
    """The text word by word, as a stream cuts it."""
    parts = text.split(" ")
    return [part + (" " if index + 1 < len(parts) else "") for index, part in enumerate(parts)]


def token_count(text):
    return max(1, len(text.split()))


class Conversation:
    """A request as the model understands it."""

    def __init__(self, body, number):
        self.body = body
        self.number = number
        self.model = body.get("model") if isinstance(body.get("model"), str) else "plain"
        self.flags = Flags(self.model)
        self.prompt = prompt_of(body)
        self.calls_tool = "tools" in self.flags and bool(body.get("tools")) and not self.has_result()
        self.reasoning = reasoning_text(self.prompt) if "reasoning" in self.flags else None
        self.input_tokens = token_count(json.dumps(
            body.get("messages") or body.get("input") or body.get("prompt") or ""))

    def has_result(self):
        """Whether the last message brings a tool's result."""
        items = self.body.get("messages") or self.body.get("input") or []
        last = items[-1] if isinstance(items, list) and items else {}
        content = last.get("content")
        return last.get("role") == "tool" or last.get("type") == "function_call_output" or (
            isinstance(content, list) and any(part.get("type") == "tool_result" for part in content))

    def tool_names(self):
        names = [tool.get("name") or tool.get("function", {}).get("name") for tool in self.body["tools"]]
        return names[:2] if "two" in self.flags else names[:1]

    def text(self, choice=0):
        return answer_text(self.prompt, self.model, choice + (self.number if "varied" in self.flags else 0))

    @functools.cached_property
    def output_tokens(self):
        return token_count(self.text()) + (token_count(self.reasoning) if self.reasoning else 0)

    @property
    def reasoning_tokens(self):
        return token_count(self.reasoning) if self.reasoning else 0


def embedding(text):
    """A vector, which follows from the text."""
    return [byte / 256 - 0.5 for byte in digest(text)[:EMBEDDING_WIDTH]]


def embeddings(body, _number):
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    if texts and isinstance(texts[0], int):
        texts = [texts]
    vectors = [embedding(text if isinstance(text, str) else json.dumps(text)) for text in texts]
    if body.get("encoding_format") == "base64":
        vectors = [base64.b64encode(struct.pack(f"<{len(v)}f", *v)).decode() for v in vectors]
    return {
        "object": "list",
        "data": [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)],
        "model": body.get("model"),
        "usage": {"prompt_tokens": len(texts) * 4, "total_tokens": len(texts) * 4}}


def model(name, is_anthropic):
    """One model as either API lists it."""
    if is_anthropic:
        return {"id": name, "type": "model", "display_name": name.title(), "created_at": "2026-01-01T00:00:00Z"}
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "valley"}


def models(is_anthropic):
    data = [model(name, is_anthropic) for name in MODELS]
    if is_anthropic:
        return {"data": data, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}
    return {"object": "list", "data": data}


def error(path, status, message="The model server says no."):
    """An error in the shape of the route's API."""
    types = {
        400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
        413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error", 503: "overloaded_error"}
    kind = types.get(status, "api_error")
    if path.startswith("/v1/messages"):
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_upstream"}
    return {"error": {"message": message, "type": kind, "param": None, "code": f"upstream_{status}"}}


def chat_logprobs(tokens):
    return {"content": [
        {"token": token, "logprob": -0.25, "bytes": list(token.encode()),
         "top_logprobs": [{"token": token, "logprob": -0.25, "bytes": list(token.encode())}]}
        for token in tokens], "refusal": None}


def chat_usage(talk):
    return {
        "prompt_tokens": talk.input_tokens, "completion_tokens": talk.output_tokens,
        "total_tokens": talk.input_tokens + talk.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": talk.reasoning_tokens}}


def chat_calls(talk):
    return [
        {"id": f"call_{talk.number}_{index}", "type": "function",
         "function": {"name": name, "arguments": tool_arguments(talk.prompt)}}
        for index, name in enumerate(talk.tool_names())]


def chat(body, number):
    talk = Conversation(body, number)
    choices = []
    for index in range(body.get("n") or 1):
        message = {"role": "assistant", "content": talk.text(index), "refusal": None}
        if talk.reasoning:
            message["reasoning_content"] = talk.reasoning
        if talk.calls_tool:
            message |= {"content": None, "tool_calls": chat_calls(talk)}
        wants = body.get("logprobs") and "logprobs" in talk.flags and not talk.calls_tool
        choices.append({
            "index": index, "message": message,
            "logprobs": chat_logprobs(pieces(talk.text(index))) if wants else None,
            "finish_reason": "tool_calls" if talk.calls_tool else "stop"})
    whole = {
        "id": f"chatcmpl-{number}", "object": "chat.completion", "created": CREATED, "model": talk.model,
        "choices": choices}
    return whole if "no-usage" in talk.flags else whole | {"usage": chat_usage(talk)}


def chat_stream(body, number):
    talk = Conversation(body, number)
    head = {
        "id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": CREATED, "model": talk.model}
    wants = body.get("logprobs") and "logprobs" in talk.flags

    def chunk(index, delta, finish=None, logprobs=None):
        return None, head | {
            "choices": [{"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}]}

    for index in range(body.get("n") or 1):
        yield chunk(index, {"role": "assistant", "content": ""})
        for piece in pieces(talk.reasoning) if talk.reasoning else ():
            yield chunk(index, {"reasoning_content": piece})
        if talk.calls_tool:
            for place, call in enumerate(chat_calls(talk)):
                arguments = call["function"]["arguments"]
                start = call | {"function": call["function"] | {"arguments": ""}, "index": place}
                yield chunk(index, {"tool_calls": [start]})
                for at in range(0, len(arguments), 7):
                    part = {"index": place, "function": {"arguments": arguments[at:at + 7]}}
                    yield chunk(index, {"tool_calls": [part]})
            yield chunk(index, {}, "tool_calls")
        else:
            for piece in pieces(talk.text(index)):
                yield chunk(index, {"content": piece}, logprobs=chat_logprobs([piece]) if wants else None)
            yield chunk(index, {}, "stop")
    if (body.get("stream_options") or {}).get("include_usage") and "no-usage" not in talk.flags:
        yield None, head | {"choices": [], "usage": chat_usage(talk)}
    yield None, "[DONE]"


def completion(body, number):
    talk = Conversation(body, number)
    text = talk.text()
    tokens = pieces(text)
    wants = body.get("logprobs") is not None and "logprobs" in talk.flags
    logprobs = {
        "tokens": tokens, "token_logprobs": [-0.25] * len(tokens), "top_logprobs": [{t: -0.25} for t in tokens],
        "text_offset": list(range(len(tokens)))}
    whole = {
        "id": f"cmpl-{number}", "object": "text_completion", "created": CREATED, "model": talk.model,
        "choices": [
            {"index": 0, "text": text, "logprobs": logprobs if wants else None, "finish_reason": "stop"}]}
    return whole if "no-usage" in talk.flags else whole | {"usage": chat_usage(talk)}


def completion_stream(body, number):
    whole = completion(body, number)
    usage = whole.pop("usage", None)
    for piece in pieces(whole["choices"][0]["text"]):
        yield None, whole | {
            "choices": [{"index": 0, "text": piece, "logprobs": None, "finish_reason": None}]}
    yield None, whole | {"choices": [{"index": 0, "text": "", "logprobs": None, "finish_reason": "stop"}]}
    if usage and (body.get("stream_options") or {}).get("include_usage"):
        yield None, whole | {"choices": [], "usage": usage}
    yield None, "[DONE]"


def response_logprobs(tokens):
    return [
        {"token": token, "logprob": -0.25, "bytes": list(token.encode()), "top_logprobs": []} for token in tokens]


def response(body, number):
    talk = Conversation(body, number)
    output = []
    if talk.reasoning:
        output.append({
            "id": f"rs_{number}", "type": "reasoning", "encrypted_content": signature(talk.prompt),
            "summary": [{"type": "summary_text", "text": talk.reasoning}]})
    if talk.calls_tool:
        output += [
            {"id": f"fc_{number}_{i}", "type": "function_call", "status": "completed", "call_id": f"call_{number}_{i}",
             "name": name, "arguments": tool_arguments(talk.prompt)}
            for i, name in enumerate(talk.tool_names())]
    else:
        wants = "logprobs" in talk.flags and "message.output_text.logprobs" in (body.get("include") or [])
        output.append({
            "id": f"msg_{number}", "type": "message", "status": "completed", "role": "assistant",
            "content": [{
                "type": "output_text", "text": talk.text(), "annotations": [],
                "logprobs": response_logprobs(pieces(talk.text())) if wants else []}]})
    usage = {
        "input_tokens": talk.input_tokens, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": talk.output_tokens, "output_tokens_details": {"reasoning_tokens": talk.reasoning_tokens},
        "total_tokens": talk.input_tokens + talk.output_tokens}
    return {
        "id": f"resp_{number}", "object": "response", "created_at": CREATED, "status": "completed", "error": None,
        "incomplete_details": None, "instructions": body.get("instructions"), "metadata": {}, "model": talk.model,
        "output": output, "parallel_tool_calls": True, "temperature": 1.0, "top_p": 1.0, "tool_choice": "auto",
        "tools": body.get("tools") or [], "usage": None if "no-usage" in talk.flags else usage}


def response_stream(body, number):
    whole = response(body, number)
    counter = iter(range(1 << 30))

    def event(kind, **fields):
        return kind, {"type": kind, "sequence_number": next(counter)} | fields

    started = whole | {"status": "in_progress", "output": [], "usage": None}
    yield event("response.created", response=started)
    yield event("response.in_progress", response=started)
    for index, item in enumerate(whole["output"]):
        place = {"item_id": item["id"], "output_index": index}
        empty = dict(item)
        if item["type"] == "message":
            empty |= {"content": [], "status": "in_progress"}
        elif item["type"] == "function_call":
            empty |= {"arguments": "", "status": "in_progress"}
        else:
            empty |= {"summary": []}
        yield event("response.output_item.added", output_index=index, item=empty)
        if item["type"] == "message":
            part = item["content"][0]
            inner = place | {"content_index": 0}
            wants = bool(part["logprobs"])
            yield event("response.content_part.added", **inner, part=part | {"text": "", "logprobs": []})
            for piece in pieces(part["text"]):
                yield event(
                    "response.output_text.delta", **inner, delta=piece,
                    logprobs=response_logprobs([piece]) if wants else [])
            yield event("response.output_text.done", **inner, text=part["text"], logprobs=part["logprobs"])
            yield event("response.content_part.done", **inner, part=part)
        elif item["type"] == "function_call":
            for at in range(0, len(item["arguments"]), 7):
                yield event(
                    "response.function_call_arguments.delta", **place, delta=item["arguments"][at:at + 7])
            yield event(
                "response.function_call_arguments.done", **place, arguments=item["arguments"], name=item["name"])
        else:
            inner = place | {"summary_index": 0}
            part = item["summary"][0]
            yield event("response.reasoning_summary_part.added", **inner, part=part | {"text": ""})
            for piece in pieces(part["text"]):
                yield event("response.reasoning_summary_text.delta", **inner, delta=piece)
            yield event("response.reasoning_summary_text.done", **inner, text=part["text"])
            yield event("response.reasoning_summary_part.done", **inner, part=part)
        yield event("response.output_item.done", output_index=index, item=item)
    yield event("response.completed", response=whole)


def message(body, number):
    talk = Conversation(body, number)
    content = []
    if talk.reasoning:
        content.append({"type": "thinking", "thinking": talk.reasoning, "signature": signature(talk.prompt)})
        if "redacted" in talk.flags:
            content.append({"type": "redacted_thinking", "data": "SECRET-REDACTED" + signature(talk.prompt)})
    content.append({"type": "text", "text": talk.text()})
    if talk.calls_tool:
        content += [
            {"type": "tool_use", "id": f"toolu_{number}_{i}", "name": name,
             "input": json.loads(tool_arguments(talk.prompt))}
            for i, name in enumerate(talk.tool_names())]
    usage = {
        "input_tokens": talk.input_tokens, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "output_tokens": talk.output_tokens}
    return {
        "id": f"msg_{number}", "type": "message", "role": "assistant", "model": talk.model, "content": content,
        "stop_reason": "tool_use" if talk.calls_tool else "end_turn", "stop_sequence": None, "usage": usage}


def message_stream(body, number):
    whole = message(body, number)
    start = whole | {"content": [], "stop_reason": None, "usage": whole["usage"] | {"output_tokens": 1}}
    yield "message_start", {"type": "message_start", "message": start}
    yield "ping", {"type": "ping"}
    for index, block in enumerate(whole["content"]):
        kind = block["type"]
        if kind == "text":
            empty = {"type": "text", "text": ""}
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
        elif kind == "thinking":
            empty = {"type": "thinking", "thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        elif kind == "tool_use":
            text = json.dumps(block["input"])
            empty = block | {"input": {}}
            deltas = [
                {"type": "input_json_delta", "partial_json": text[at:at + 7]} for at in range(0, len(text), 7)]
        else:
            empty, deltas = block, []
        yield "content_block_start", {"type": "content_block_start", "index": index, "content_block": empty}
        for delta in deltas:
            yield "content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta}
        yield "content_block_stop", {"type": "content_block_stop", "index": index}
    yield "message_delta", {
        "type": "message_delta", "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
        "usage": {"output_tokens": whole["usage"]["output_tokens"]}}
    yield "message_stop", {"type": "message_stop"}


def count_tokens(body, number):
    return {"input_tokens": Conversation(body, number).input_tokens}


# Path: what answers it whole, and what streams it.
ROUTES = {
    "/v1/chat/completions": (chat, chat_stream),
    "/v1/responses": (response, response_stream),
    "/v1/completions": (completion, completion_stream),
    "/v1/embeddings": (embeddings, None),
    "/v1/messages": (message, message_stream),
    "/v1/messages/count_tokens": (count_tokens, None)}
