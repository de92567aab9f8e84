"""Checks with the SDKs of OpenAI and Anthropic of one environment; started by test_sdk.py in that environment.

    python sdk_checks.py WORLD.json [NAME...]
"""

import asyncio
import contextlib
import json
import math
import sys
import time

import anthropic
import openai

import answers
from harness import attempt, chosen, equal, expect, expected_text, named
from world import World

TOOL = {
    "type": "object", "properties": {"city": {"type": "string"}, "note": {"type": "string"},
                                     "days": {"type": "integer"}}, "required": ["city"]}
CHAT_TOOLS = [{"type": "function", "function": {"name": "forecast", "description": "Weather.", "parameters": TOOL}},
              {"type": "function", "function": {"name": "tides", "description": "Tides.", "parameters": TOOL}}]
RESPONSE_TOOLS = [{"type": "function", "strict": False, **tool["function"]} for tool in CHAT_TOOLS]
MESSAGE_TOOLS = [{"name": tool["function"]["name"], "description": "Weather.", "input_schema": TOOL}
                 for tool in CHAT_TOOLS]
# A picture of one pixel.
PIXEL = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")

world = World(sys.argv[1])
O, A = openai, anthropic


def ask_chat(client, prompt, model="plain", **more):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": prompt}], **more)


def ask_message(client, prompt, model="plain", **more):
    return client.messages.create(
        model=model, max_tokens=4096, messages=[{"role": "user", "content": prompt}], **more)


def message_text(message):
    return "".join(block.text for block in message.content if block.type == "text")


def streamed_text(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def raises(kind, call, status=None):
    """The exception of that class that the call must raise, of that status, with the request's id."""
    try:
        got = call()
    except kind as error:
        if status is not None:
            equal(error.status_code, status, "status of the error")
            expect(error.request_id, "the error has no request id")
        return error
    raise AssertionError(f"nothing was raised; got {got!r:.300}")


def tries(error):
    """How often the SDK had tried when it gave up."""
    return int(error.response.request.headers["x-stainless-retry-count"]) + 1


# Chat completions.


def chat_whole():
    prompt = world.prompt()
    answer = ask_chat(world.openai(), prompt)
    equal(answer.choices[0].message.content, expected_text(prompt), "text")
    expect(answer.usage.total_tokens > 0, "no usage")
    expect(answer._request_id, "no request id")


def chat_async():
    async def both(prompts):
        async with world.openai(asynchronous=True) as client:
            return await asyncio.gather(*(ask_chat(client, prompt) for prompt in prompts))

    prompts = [world.prompt() for _ in range(8)]
    for prompt, answer in zip(prompts, asyncio.run(both(prompts)), strict=True):
        equal(answer.choices[0].message.content, expected_text(prompt), "text")


def chat_choices():
    prompt = world.prompt()
    answer = ask_chat(world.openai(), prompt, n=3)
    equal([c.message.content for c in answer.choices],
          [answers.answer_text(prompt, "plain", i) for i in range(3)], "texts")


def chat_stream():
    prompt = world.prompt()
    chunks = list(ask_chat(world.openai(), prompt, stream=True, stream_options={"include_usage": True}))
    equal(streamed_text(chunks), expected_text(prompt), "text")
    equal([c.choices[0].finish_reason for c in chunks if c.choices][-1], "stop", "finish reason")
    expect(chunks[-1].usage and chunks[-1].usage.completion_tokens > 0, "no usage at the end")


def chat_stream_without_usage():
    """A client that asked for no usage gets no chunk that it does not expect."""
    prompt = world.prompt()
    chunks = list(ask_chat(world.openai(), prompt, stream=True))
    equal(streamed_text(chunks), expected_text(prompt), "text")
    equal([c for c in chunks if not c.choices], [], "chunks without choices")


def chat_stream_async():
    async def stream(prompt):
        async with world.openai(asynchronous=True) as client:
            return [chunk async for chunk in await ask_chat(client, prompt, stream=True)]

    prompt = world.prompt()
    equal(streamed_text(asyncio.run(stream(prompt))), expected_text(prompt), "text")


def chat_stream_shapes():
    """Streams cut at odd bytes, with CR LF, with comments, compressed, and at a pace."""
    for model in ("split", "crlf", "comments", "gzip", "split+crlf+comments", "paced-2ms", "long-1500", "http10"):
        prompt = world.prompt()
        equal(streamed_text(ask_chat(world.openai(), prompt, model, stream=True)), expected_text(prompt, model),
              f"text of {model}")


def chat_helper():
    prompt = world.prompt()
    with world.openai().chat.completions.stream(
            model="plain", messages=[{"role": "user", "content": prompt}]) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    equal(final.choices[0].message.content, expected_text(prompt), "text")
    expect("content.delta" in kinds and "content.done" in kinds, f"kinds of events {kinds}")


def chat_tools():
    client, prompt = world.openai(), world.prompt()
    answer = ask_chat(client, prompt, "tools+two", tools=CHAT_TOOLS)
    message = answer.choices[0].message
    equal([c.function.name for c in message.tool_calls], ["forecast", "tides"], "tools called")
    equal(message.tool_calls[0].function.arguments, answers.tool_arguments(prompt), "arguments")
    equal(answer.choices[0].finish_reason, "tool_calls", "finish reason")
    result = "It rains. " + prompt
    messages = [{"role": "user", "content": prompt}, message.model_dump(exclude_none=True),
                *({"role": "tool", "tool_call_id": c.id, "content": result} for c in message.tool_calls)]
    answer = client.chat.completions.create(model="tools+two", messages=messages, tools=CHAT_TOOLS)
    equal(answer.choices[0].message.content, expected_text(result, "tools+two"), "text after the results")


def chat_tools_stream():
    prompt = world.prompt()
    with world.openai().chat.completions.stream(
            model="tools+two", messages=[{"role": "user", "content": prompt}], tools=CHAT_TOOLS) as stream:
        for _ in stream:
            pass
        calls = stream.get_final_completion().choices[0].message.tool_calls
    equal([c.function.arguments for c in calls], [answers.tool_arguments(prompt)] * 2, "arguments")
    parts = {}
    for chunk in ask_chat(world.openai(), prompt, "tools+two", tools=CHAT_TOOLS, stream=True):
        for call in chunk.choices[0].delta.tool_calls or []:
            parts[call.index] = parts.get(call.index, "") + (call.function.arguments or "")
    equal(parts, {0: answers.tool_arguments(prompt), 1: answers.tool_arguments(prompt)}, "streamed arguments")


def chat_image():
    prompt = world.prompt()
    content = [{"type": "text", "text": prompt},
               {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PIXEL}}]
    answer = world.openai().chat.completions.create(
        model="plain", messages=[{"role": "user", "content": content}])
    equal(answer.choices[0].message.content, expected_text(answers.content_text(content)), "text")


def chat_reasoning_and_logprobs():
    """Without a rule for the account, both come through."""
    prompt = world.prompt()
    answer = ask_chat(world.openai(), prompt, "reasoning+logprobs", logprobs=True, top_logprobs=1)
    equal(answer.choices[0].message.reasoning_content, answers.reasoning_text(prompt), "reasoning")
    expect(answer.choices[0].logprobs.content, "no logprobs")


# Responses.


def responses_whole():
    prompt = world.prompt()
    answer = world.openai().responses.create(model="plain", input=prompt)
    equal(answer.output_text, expected_text(prompt), "text")
    expect(answer.usage.total_tokens > 0 and answer._request_id, "no usage or no request id")


def responses_stream():
    prompt = world.prompt()
    events = list(world.openai().responses.create(model="plain", input=prompt, stream=True))
    equal("".join(e.delta for e in events if e.type == "response.output_text.delta"), expected_text(prompt), "text")
    equal(events[-1].type, "response.completed", "last event")


def responses_helper():
    prompt = world.prompt()
    with world.openai().responses.stream(model="reasoning", input=prompt) as stream:
        for _ in stream:
            pass
        final = stream.get_final_response()
    equal(final.output_text, expected_text(prompt, "reasoning"), "text")
    equal([item.type for item in final.output], ["reasoning", "message"], "items")


def responses_async():
    async def stream(prompt):
        async with world.openai(asynchronous=True) as client:
            return [e async for e in await client.responses.create(model="split", input=prompt, stream=True)]

    prompt = world.prompt()
    equal(asyncio.run(stream(prompt))[-1].response.output_text, expected_text(prompt, "split"), "text")


def responses_tools():
    client, prompt = world.openai(), world.prompt()
    answer = client.responses.create(model="tools", input=prompt, tools=RESPONSE_TOOLS)
    call = answer.output[0]
    equal((call.type, call.arguments), ("function_call", answers.tool_arguments(prompt)), "call")
    result = "It rains. " + prompt
    items = [{"role": "user", "content": prompt},
             {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments},
             {"type": "function_call_output", "call_id": call.call_id, "output": result}]
    answer = client.responses.create(model="tools", input=items, tools=RESPONSE_TOOLS)
    equal(answer.output_text, expected_text(result, "tools"), "text after the result")
    events = list(client.responses.create(model="tools", input=prompt, tools=RESPONSE_TOOLS, stream=True))
    equal("".join(e.delta for e in events if e.type == "response.function_call_arguments.delta"),
          answers.tool_arguments(prompt), "streamed arguments")


def responses_image():
    prompt = world.prompt()
    content = [{"type": "input_text", "text": prompt},
               {"type": "input_image", "image_url": "data:image/png;base64," + PIXEL}]
    answer = world.openai().responses.create(model="plain", input=[{"role": "user", "content": content}])
    equal(answer.output_text, expected_text(answers.content_text(content)), "text")


# Completions, embeddings, models.


def completions():
    prompt = world.prompt()
    client = world.openai()
    equal(client.completions.create(model="plain", prompt=prompt).choices[0].text, expected_text(prompt), "text")
    chunks = list(client.completions.create(model="plain", prompt=prompt, stream=True))
    equal("".join(c.choices[0].text for c in chunks), expected_text(prompt), "streamed text")


def embeddings():
    client, prompts = world.openai(), [world.prompt() for _ in range(3)]
    wanted = [answers.embedding(prompt) for prompt in prompts]
    for name, more in (("by default", {}), ("as numbers", {"encoding_format": "float"})):
        got = [item.embedding for item in client.embeddings.create(model="plain", input=prompts, **more).data]
        expect(all(math.isclose(a, b, rel_tol=1e-6) for x, y in zip(got, wanted, strict=True)
                   for a, b in zip(x, y, strict=True)), f"vectors {name}: {got}")
    equal(json.loads(world.upstream.requests(prompts[0])[0]["body"])["encoding_format"], "base64",
          "the encoding that the SDK asks for by itself")


def models():
    equal([m.id for m in world.openai().models.list()], list(answers.MODELS), "models of OpenAI's API")
    equal(world.openai().models.retrieve("plain").id, "plain", "one model")
    equal([m.id for m in world.anthropic().models.list()], list(answers.MODELS), "models of Anthropic's API")
    equal(world.anthropic().models.retrieve("plain").display_name, "Plain", "one model")


# Messages.


def messages_whole():
    prompt = world.prompt()
    answer = ask_message(world.anthropic(), prompt)
    equal(message_text(answer), expected_text(prompt), "text")
    expect(answer.usage.output_tokens > 0 and answer._request_id, "no usage or no request id")


def messages_bearer():
    """The other way to send a key."""
    prompt = world.prompt()
    equal(message_text(ask_message(world.anthropic(bearer=True), prompt)), expected_text(prompt), "text")


def messages_async():
    async def all_of(prompts):
        async with world.anthropic(asynchronous=True) as client:
            whole = await asyncio.gather(*(ask_message(client, prompt) for prompt in prompts))
            async with client.messages.stream(
                    model="split", max_tokens=99, messages=[{"role": "user", "content": prompts[0]}]) as stream:
                return whole, "".join([text async for text in stream.text_stream])

    prompts = [world.prompt() for _ in range(8)]
    whole, streamed = asyncio.run(all_of(prompts))
    equal([message_text(answer) for answer in whole], [expected_text(prompt) for prompt in prompts], "texts")
    equal(streamed, expected_text(prompts[0], "split"), "streamed text")


def messages_stream():
    for model in ("plain", "split+crlf+comments", "gzip", "paced-2ms", "long-1500"):
        prompt = world.prompt()
        events = list(ask_message(world.anthropic(), prompt, model, stream=True))
        equal("".join(e.delta.text for e in events if e.type == "content_block_delta"), expected_text(prompt, model),
              f"text of {model}")
        equal(events[-1].type, "message_stop", "last event")


def messages_helper():
    prompt = world.prompt()
    with world.anthropic().messages.stream(
            model="reasoning+redacted", max_tokens=4096, messages=[{"role": "user", "content": prompt}]) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    equal(text, expected_text(prompt, "reasoning+redacted"), "text")
    equal([b.type for b in final.content], ["thinking", "redacted_thinking", "text"], "blocks")
    equal(final.content[0].signature, answers.signature(prompt), "signature")


def messages_tools():
    client, prompt = world.anthropic(), world.prompt()
    answer = ask_message(client, prompt, "tools+two", tools=MESSAGE_TOOLS)
    calls = [block for block in answer.content if block.type == "tool_use"]
    equal([call.input for call in calls], [json.loads(answers.tool_arguments(prompt))] * 2, "inputs")
    result = "It rains. " + prompt
    back = [{"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": result}]}
            for call in calls[:1]]
    answer = client.messages.create(
        model="tools", max_tokens=99, tools=MESSAGE_TOOLS,
        messages=[{"role": "user", "content": prompt},
                  {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in answer.content]},
                  {"role": "user", "content": back}])
    equal(message_text(answer), expected_text(result, "tools"), "text after the result")


def messages_tools_stream():
    prompt = world.prompt()
    with world.anthropic().messages.stream(
            model="tools+two+reasoning", max_tokens=99, tools=MESSAGE_TOOLS,
            messages=[{"role": "user", "content": prompt}]) as stream:
        final = stream.get_final_message()
    equal([b.type for b in final.content], ["thinking", "text", "tool_use", "tool_use"], "blocks")
    equal(final.content[3].input, json.loads(answers.tool_arguments(prompt)), "input")


def messages_image():
    prompt = world.prompt()
    content = [{"type": "text", "text": prompt},
               {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}]
    answer = world.anthropic().messages.create(
        model="plain", max_tokens=99, messages=[{"role": "user", "content": content}])
    equal(message_text(answer), expected_text(answers.content_text(content)), "text")


def count_tokens():
    prompt = world.prompt()
    messages = [{"role": "user", "content": prompt}]
    got = world.anthropic().messages.count_tokens(model="plain", messages=messages).input_tokens
    equal(got, answers.token_count(json.dumps(messages)), "tokens")


# Errors of the model server, which come through in its own shape.


def retried_errors():
    """A retry that the model server asks for is the SDK's to make, and succeeds."""
    for call, model in ((ask_chat, "err-429-once"), (ask_chat, "err-503-once")):
        prompt = world.prompt()
        answer = call(world.openai(max_retries=2), prompt, model)
        equal(answer.choices[0].message.content, expected_text(prompt, model), "text")
        seen = world.upstream.requests(prompt)
        equal(len(seen), 2, "requests at the model server")
        gap = seen[1]["at"] - seen[0]["at"]
        expect(gap >= 0.9, f"retry-after: 1 was not heeded: {gap:.2f} s")
    prompt = world.prompt()
    answer = ask_message(world.anthropic(max_retries=2), prompt, "err-529-once")
    equal(message_text(answer), expected_text(prompt, "err-529-once"), "text")


def passed_errors():
    classes = {400: "BadRequestError", 404: "NotFoundError", 422: "UnprocessableEntityError", 429: "RateLimitError",
               500: "InternalServerError", 503: "InternalServerError"}
    for status, name in classes.items():
        error = raises(getattr(O, name), lambda s=status: ask_chat(world.openai(), world.prompt(), f"err-{s}"), status)
        equal(error.code, f"upstream_{status}", "code of OpenAI's shape")
        error = raises(
            getattr(A, name), lambda s=status: ask_message(world.anthropic(), world.prompt(), f"err-{s}"), status)
        equal(error.body["error"]["message"], "The model server says no.", "message of Anthropic's shape")
    error = raises(A.APIStatusError, lambda: ask_message(world.anthropic(), world.prompt(), "err-529"), 529)
    equal(error.body["error"]["type"], "overloaded_error", "type")
    raises(O.InternalServerError, lambda: ask_chat(world.openai(), world.prompt(), "html-502"), 502)
    # Errors of requests for streams are no streams.
    raises(O.InternalServerError, lambda: ask_chat(world.openai(), world.prompt(), "err-500", stream=True), 500)
    raises(A.InternalServerError, lambda: ask_message(world.anthropic(), world.prompt(), "err-500", stream=True), 500)


def error_events():
    """An error that the model server sends within a stream is raised."""
    raises(O.APIError, lambda: list(ask_chat(world.openai(), world.prompt(), "error-midstream", stream=True)))
    raises(A.APIStatusError,
           lambda: list(ask_message(world.anthropic(), world.prompt(), "error-midstream", stream=True)))
    with contextlib.suppress(O.APIError):
        events = list(world.openai().responses.create(model="error-midstream", input=world.prompt(), stream=True))
        equal(events[-1].type, "error", "last event")


# Leaving.


def client_timeout():
    """A client that gives up waiting is gone for the model server too."""
    for kind, call in ((O.APITimeoutError, lambda p: ask_chat(world.openai(), p, "hang", timeout=0.4)),
                       (A.APITimeoutError, lambda p: ask_message(world.anthropic(), p, "hang", timeout=0.4))):
        prompt = world.prompt()
        raises(kind, lambda: call(prompt))
        world.upstream.aborted_within(prompt, time.monotonic())


def close_midstream():
    for begin in (lambda p: ask_chat(world.openai(), p, "paced-20ms+long", stream=True),
                  lambda p: ask_message(world.anthropic(), p, "paced-20ms+long", stream=True),
                  lambda p: world.openai().responses.create(model="paced-20ms+long", input=p, stream=True)):
        prompt = world.prompt()
        stream = begin(prompt)
        for _ in range(4):
            next(iter(stream))
        left = time.monotonic()
        stream.close()
        world.upstream.aborted_within(prompt, left)


def cancel_task():
    """Cancelled tasks, in mid-stream and before the answer."""
    async def cancel(client, ask, prompt, model, streams):
        async def consume():
            answer = await ask(client, prompt, model, **({"stream": True} if streams else {}))
            async for _ in answer:
                begun.set()

        begun = asyncio.Event()
        task = asyncio.create_task(consume())
        if streams:
            await asyncio.wait_for(begun.wait(), 5)
        else:
            await asyncio.to_thread(world.upstream.wait, prompt, "read")
        left = time.monotonic()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        if streams:
            # What the SDKs leave to the collector of garbage is not the gateway's delay.
            await client.close()
        return left

    async def all_of():
        for make, ask in ((world.openai, ask_chat), (world.anthropic, ask_message)):
            for model, streams in (("paced-20ms+long", True), ("hang", False)):
                prompt = world.prompt()
                left = await cancel(make(asynchronous=True), ask, prompt, model, streams)
                await asyncio.to_thread(world.upstream.aborted_within, prompt, left)

    asyncio.run(all_of())


# Answers that break off.


def cut_streams():
    """A stream without its end never looks finished."""
    for model in ("die-midstream", "die-reset", "cut", "bad-chunk"):
        raises(O.APIError, lambda m=model: list(ask_chat(world.openai(), world.prompt(), m, stream=True)))
        raises(A.APIError, lambda m=model: list(ask_message(world.anthropic(), world.prompt(), m, stream=True)))

        def helper(name=model):
            with world.anthropic().messages.stream(
                    model=name, max_tokens=9, messages=[{"role": "user", "content": world.prompt()}]) as stream:
                return stream.get_final_message()

        raises(A.APIError, helper)
        with contextlib.suppress(O.APIError):
            events = list(world.openai().responses.create(model=model, input=world.prompt(), stream=True))
            equal(events[-1].type, "error", f"last event of {model}")


def broken_answers():
    """No answer, or none that can be read, is a gateway's error of status 502 in the API's shape."""
    for model in ("die", "garbage", "both-lengths"):
        error = raises(O.InternalServerError, lambda m=model: ask_chat(world.openai(), world.prompt(), m), 502)
        expect(error.type, f"error of {model} has no type: {error.body}")
        error = raises(A.InternalServerError, lambda m=model: ask_message(world.anthropic(), world.prompt(), m), 502)
        equal(error.body["error"]["type"], "api_error", f"type for {model}")
    for model in ("die-midstream", "die-reset"):
        raises((O.APIError, ValueError), lambda m=model: ask_chat(world.openai(), world.prompt(), m))


PLAIN = named([
    chat_whole, chat_async, chat_choices, chat_stream, chat_stream_without_usage, chat_stream_async, chat_stream_shapes,
    chat_helper, chat_tools, chat_tools_stream, chat_image, chat_reasoning_and_logprobs, responses_whole,
    responses_stream, responses_helper, responses_async, responses_tools, responses_image, completions, embeddings,
    models, messages_whole, messages_bearer, messages_async, messages_stream, messages_helper, messages_tools,
    messages_tools_stream, messages_image, count_tokens, retried_errors, passed_errors, error_events, client_timeout,
    close_midstream, cancel_task])
BEHIND_GATEWAY = named([cut_streams, broken_answers])


def main():
    checks = dict(PLAIN)
    if not world.is_direct:
        # Here, since it takes from this module what both need.
        import sdk_policy
        checks |= BEHIND_GATEWAY | sdk_policy.CHECKS
    for name, function in chosen(checks, sys.argv[2:]).items():
        attempt(name, function)


if __name__ == "__main__":
    sys.modules["sdk_checks"] = sys.modules["__main__"]
    main()
