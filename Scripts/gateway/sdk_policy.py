"""Checks with the SDKs on what the gateway itself decides: keys, rules of the policy, budgets. Part of sdk_checks.py."""

import asyncio
import json

import anthropic as A
import openai as O

import answers
from harness import equal, expect, expected_text, named
from sdk_checks import MESSAGE_TOOLS, ask_chat, ask_message, message_text, raises, streamed_text, tries, world

SECRETS = ("SECRET-THOUGHT", "SECRET-REDACTED", "SIGNATURE")


def holds_no_secret(what, value):
    for secret in SECRETS:
        expect(secret not in value, f"{what} still has {secret}")


def received(prompt):
    """What reached the model server."""
    return json.loads(world.upstream.request(prompt)["body"])


def wrong_keys():
    for key in ("sw-AAAAAAAAAAAAAAAA-" + "B" * 43, "nonsense", world.keys["plain"][:-1] + "_"):
        error = raises(O.AuthenticationError, lambda k=key: ask_chat(world.openai(key=k), world.prompt()), 401)
        equal(error.code, "invalid_api_key", "code")
        error = raises(A.AuthenticationError, lambda k=key: ask_message(world.anthropic(key=k), world.prompt()), 401)
        equal(error.body["error"]["type"], "authentication_error", "type")
        equal(error.body["request_id"], error.request_id, "the id in the body and in the header")
        expect(key not in str(error), "the error repeats the key")
    raises(A.AuthenticationError, lambda: world.anthropic(key="nonsense").models.list(), 401)
    raises(O.AuthenticationError, lambda: world.openai(key="nonsense").embeddings.create(model="m", input="x"), 401)


def blocked():
    """Refused once, with where to appeal; nothing reaches the model server."""
    prompt = world.prompt()
    for stream in (False, True):
        error = raises(
            O.PermissionDeniedError,
            lambda s=stream: ask_chat(world.openai("block", max_retries=2), prompt, stream=s), 403)
        equal((error.code, tries(error)), ("policy_violation", 1), "code and tries")
        expect("appeals@example.com" in error.message, f"no appeal in {error.message}")
    error = raises(A.PermissionDeniedError, lambda: ask_message(world.anthropic("block"), prompt), 403)
    equal(error.body["error"]["type"], "permission_error", "type")
    expect("appeals@example.com" in error.message, f"no appeal in {error.message}")
    equal(world.upstream.requests(prompt), [], "requests at the model server")


def challenged():
    error = raises(O.PermissionDeniedError, lambda: ask_chat(world.openai("challenge"), world.prompt()), 403)
    equal(error.code, "verification_required", "code")
    error = raises(A.PermissionDeniedError, lambda: ask_message(world.anthropic("challenge"), world.prompt()), 403)
    equal(error.body["error"]["type"], "permission_error", "type")


def shadowed():
    prompt = world.prompt()
    equal(ask_chat(world.openai("shadow"), prompt).choices[0].message.content, expected_text(prompt), "text")


def first_refusal(kind, call, most=200):
    """The error of the first of many calls that meets a limit."""
    for _ in range(most):
        try:
            call()
        except kind as error:
            return error
    raise AssertionError(f"{most} requests met no limit")


def throttled_softly():
    """An SDK that meets a soft limit waits as told, and then gets its answer."""
    client = world.openai("soft")
    error = first_refusal(O.RateLimitError, lambda: ask_chat(client, world.prompt()))
    equal(error.code, "rate_limit_exceeded", "code")
    wait = int(error.response.headers["retry-after"])
    expect(1 <= wait <= 60, f"retry-after: {wait}")
    expect(error.response.headers.get("x-should-retry") != "false", "told not to retry a soft limit")
    prompt = world.prompt()
    answer = ask_chat(world.openai("soft", max_retries=3), prompt)
    equal(answer.choices[0].message.content, expected_text(prompt), "text after waiting")
    client = world.anthropic("soft")
    error = first_refusal(A.RateLimitError, lambda: ask_message(client, world.prompt()))
    equal(error.body["error"]["type"], "rate_limit_error", "type")


def throttled_hard():
    """An SDK that meets a hard limit does not try again."""
    errors = []
    for _ in range(20):
        try:
            ask_chat(world.openai("hard", max_retries=3), world.prompt())
        except O.RateLimitError as error:
            errors.append(error)
    expect(errors, "20 requests met no limit of 5 a minute")
    for error in errors:
        equal((tries(error), error.response.headers["x-should-retry"], error.code),
              (1, "false", "rate_limit_exceeded"), "tries, x-should-retry and code")
    error = raises(A.RateLimitError, lambda: ask_message(world.anthropic("hard", max_retries=3), world.prompt()), 429)
    equal(tries(error), 1, "tries")


def budget_exhausted():
    """A spent budget of the day is refused once."""
    client = world.openai("poor", max_retries=3)
    error = first_refusal(O.RateLimitError, lambda: ask_chat(client, world.prompt()), 4)
    equal((tries(error), error.response.headers["x-should-retry"], error.code), (1, "false", "insufficient_quota"),
          "tries, x-should-retry and code")


def stripped_messages():
    """Thinking is taken out, and the blocks that stay are numbered from zero."""
    for model in ("reasoning+redacted", "reasoning+split+crlf", "reasoning+gzip"):
        prompt = world.prompt()
        answer = ask_message(world.anthropic("strip"), prompt, model,
                             thinking={"type": "enabled", "budget_tokens": 2000})
        equal([block.type for block in answer.content], ["text"], f"blocks of {model}")
        equal(message_text(answer), expected_text(prompt, model), "text")
        events = list(ask_message(world.anthropic("strip"), prompt, model, stream=True))
        holds_no_secret(f"the stream of {model}", "".join(event.to_json() for event in events))
        equal({e.index for e in events if e.type.startswith("content_block")}, {0}, "indexes")
        equal("".join(e.delta.text for e in events if e.type == "content_block_delta"), expected_text(prompt, model),
              "streamed text")


def stripped_from_compressed():
    """A model server that compresses unasked does not get thoughts past the rule."""
    for stream in (False, True):
        try:
            answer = ask_message(world.anthropic("strip"), world.prompt(), "reasoning+gzip-always", stream=stream)
            events = list(answer) if stream else [answer]
        except A.InternalServerError as error:
            equal(error.status_code, 502, "status")
            continue
        holds_no_secret("the answer", "".join(event.to_json() for event in events))


def stripped_messages_helper():
    prompt = world.prompt()
    with world.anthropic("strip").messages.stream(
            model="reasoning+redacted+tools+two", max_tokens=99, tools=MESSAGE_TOOLS,
            messages=[{"role": "user", "content": prompt}]) as stream:
        final = stream.get_final_message()
    equal([block.type for block in final.content], ["text", "tool_use", "tool_use"], "blocks")
    equal(final.content[2].input, json.loads(answers.tool_arguments(prompt)), "input")
    holds_no_secret("the message", final.to_json())


def stripped_messages_async():
    async def stream(prompt):
        async with world.anthropic("strip", asynchronous=True) as client, client.messages.stream(
                model="reasoning", max_tokens=99, messages=[{"role": "user", "content": prompt}]) as events:
            return await events.get_final_message()

    prompt = world.prompt()
    final = asyncio.run(stream(prompt))
    equal(([b.type for b in final.content], message_text(final)), (["text"], expected_text(prompt, "reasoning")), "blocks")


def stripped_chat():
    for model in ("reasoning", "reasoning+split", "reasoning+gzip"):
        prompt = world.prompt()
        answer = ask_chat(world.openai("strip"), prompt, model)
        equal(answer.choices[0].message.content, expected_text(prompt, model), "text")
        holds_no_secret("the answer", answer.to_json())
        chunks = list(ask_chat(world.openai("strip"), prompt, model, stream=True))
        equal(streamed_text(chunks), expected_text(prompt, model), "streamed text")
        holds_no_secret("the stream", "".join(chunk.to_json() for chunk in chunks))


def stripped_responses():
    prompt = world.prompt()
    answer = world.openai("strip").responses.create(model="reasoning", input=prompt)
    equal(answer.output_text, expected_text(prompt, "reasoning"), "text")
    holds_no_secret("the answer", answer.to_json())
    events = list(world.openai("strip").responses.create(model="reasoning", input=prompt, stream=True))
    holds_no_secret("the stream", "".join(event.to_json() for event in events))
    equal({e.output_index for e in events if hasattr(e, "output_index")}, {0}, "indexes")
    with world.openai("strip").responses.stream(model="reasoning", input=prompt) as stream:
        for _ in stream:
            pass
        final = stream.get_final_response()
    equal(final.output_text, expected_text(prompt, "reasoning"), "text of the helper")


def summarised():
    """The whole of the thoughts is gone, and the answer is as it was."""
    prompt = world.prompt()
    thought = answers.reasoning_text(prompt)
    answer = ask_message(world.anthropic("summarise"), prompt, "reasoning")
    equal(message_text(answer), expected_text(prompt, "reasoning"), "text")
    expect(thought not in answer.to_json() and answers.signature(prompt) not in answer.to_json(),
           "the thoughts or their signature are still there")
    events = list(ask_message(world.anthropic("summarise"), prompt, "reasoning", stream=True))
    thinking = "".join(
        e.delta.thinking for e in events if e.type == "content_block_delta" and e.delta.type == "thinking_delta")
    expect(thought not in thinking, "the thoughts are still streamed")
    with world.anthropic("summarise").messages.stream(
            model="reasoning+tools", max_tokens=99, tools=MESSAGE_TOOLS,
            messages=[{"role": "user", "content": prompt}]) as stream:
        final = stream.get_final_message()
    equal(final.content[-1].input, json.loads(answers.tool_arguments(prompt)), "input of the tool")
    answer = ask_chat(world.openai("summarise"), prompt, "reasoning")
    equal(answer.choices[0].message.content, expected_text(prompt, "reasoning"), "text of a chat")
    expect(thought not in answer.to_json(), "the thoughts are still in the chat")
    chunks = list(ask_chat(world.openai("summarise"), prompt, "reasoning", stream=True))
    equal(streamed_text(chunks), expected_text(prompt, "reasoning"), "streamed text")
    thinking = "".join(getattr(c.choices[0].delta, "reasoning_content", None) or "" for c in chunks if c.choices)
    expect(thought not in thinking, "the thoughts are still streamed in the chat")
    answer = world.openai("summarise").responses.create(model="reasoning", input=prompt)
    equal(answer.output_text, expected_text(prompt, "reasoning"), "text of a response")
    expect(thought not in answer.to_json(), "the thoughts are still in the response")


def dropped_logprobs():
    prompt, client = world.prompt(), world.openai("logprobs")
    more = {"logprobs": True, "top_logprobs": 1}
    answer = ask_chat(client, prompt, "logprobs", **more)
    equal((answer.choices[0].logprobs, answer.choices[0].message.content), (None, expected_text(prompt, "logprobs")),
          "chat")
    for model in ("logprobs", "logprobs+split"):
        chunks = list(ask_chat(client, prompt, model, stream=True, **more))
        equal([c for c in chunks if c.choices and c.choices[0].logprobs], [], "chunks with logprobs")
        equal(streamed_text(chunks), expected_text(prompt, model), "streamed text")
    equal(client.completions.create(model="logprobs", prompt=prompt, logprobs=2).choices[0].logprobs, None, "completion")
    more = {"include": ["message.output_text.logprobs"]}
    answer = client.responses.create(model="logprobs", input=prompt, **more)
    equal(answer.output[0].content[0].logprobs or [], [], "response")
    events = list(client.responses.create(model="logprobs", input=prompt, stream=True, **more))
    equal([e.type for e in events if getattr(e, "logprobs", None)], [], "events with logprobs")
    equal(events[-1].response.output_text, expected_text(prompt, "logprobs"), "text of the response")


def capped_reasoning():
    """The model server is asked for less thinking than the client wanted."""
    prompt = world.prompt()
    ask_message(world.anthropic("cap"), prompt, "reasoning", thinking={"type": "enabled", "budget_tokens": 3000})
    equal(received(prompt)["thinking"], {"type": "enabled", "budget_tokens": 1024}, "thinking")
    prompt = world.prompt()
    ask_chat(world.openai("cap"), prompt, "reasoning", reasoning_effort="high")
    equal(received(prompt)["reasoning_effort"], "low", "effort of a chat")
    prompt = world.prompt()
    world.openai("cap").responses.create(model="reasoning", input=prompt, reasoning={"effort": "high"})
    equal(received(prompt)["reasoning"]["effort"], "low", "effort of a response")


def reduced():
    """The model server is asked for shorter answers; what was short stays."""
    prompt = world.prompt()
    ask_message(world.anthropic("reduce"), prompt)
    equal(received(prompt)["max_tokens"], 512, "max_tokens of a message")
    for field, sent, wanted in (("max_tokens", 4000, 512), ("max_completion_tokens", 4000, 512), ("max_tokens", 7, 7)):
        prompt = world.prompt()
        ask_chat(world.openai("reduce"), prompt, **{field: sent})
        equal(received(prompt)[field], wanted, f"{field} of a chat")
    prompt = world.prompt()
    world.openai("reduce").responses.create(model="plain", input=prompt, max_output_tokens=4000)
    equal(received(prompt)["max_output_tokens"], 512, "max_output_tokens of a response")


def watermarked():
    """One answer comes back, whatever the number of candidates."""
    prompt = world.prompt()
    answer = ask_chat(world.openai("watermark"), prompt)
    equal(len(answer.choices), 1, "choices")
    expect(answer.choices[0].message.content in [answers.answer_text(prompt, "plain", i) for i in range(4)],
           f"the text is none of the candidates: {answer.choices[0].message.content}")
    prompt = world.prompt()
    equal(message_text(ask_message(world.anthropic("watermark"), prompt)), expected_text(prompt), "text of a message")
    equal(streamed_text(ask_chat(world.openai("watermark"), prompt, stream=True)), expected_text(prompt), "streamed text")


def canaries():
    """The answer is whole, and carries one of the texts."""
    def holds(what, text, prompt):
        expect(expected_text(prompt) in text, f"{what} is not whole: {text}")
        expect(any(canary in text for canary in world.canaries), f"{what} has no canary: {text}")

    prompt = world.prompt()
    holds("a chat", ask_chat(world.openai("canary"), prompt).choices[0].message.content, prompt)
    holds("a streamed chat", streamed_text(ask_chat(world.openai("canary"), prompt, stream=True)), prompt)
    holds("a message", message_text(ask_message(world.anthropic("canary"), prompt)), prompt)
    with world.anthropic("canary").messages.stream(
            model="plain", max_tokens=99, messages=[{"role": "user", "content": prompt}]) as stream:
        holds("a streamed message", message_text(stream.get_final_message()), prompt)
    holds("a response", world.openai("canary").responses.create(model="plain", input=prompt).output_text, prompt)


CHECKS = named([
    wrong_keys, blocked, challenged, shadowed, throttled_softly, throttled_hard, budget_exhausted, stripped_messages,
    stripped_from_compressed, stripped_messages_helper, stripped_messages_async, stripped_chat, stripped_responses,
    summarised, dropped_logprobs, capped_reasoning, reduced, watermarked, canaries])
