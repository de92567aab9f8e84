"""Checks with LiteLLM as a client; started by test_sdk.py in an environment that has it.

    python litellm_checks.py WORLD.json [NAME...]
"""

import asyncio
import json
import os
import sys

# Prices from the package, not from the network.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm

import answers
from harness import attempt, chosen, equal, expect, expected_text, named
from world import World

litellm.suppress_debug_info = True
litellm.telemetry = False
world = World(sys.argv[1])
TOOLS = [{"type": "function", "function": {"name": "forecast", "description": "Weather.", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]


def arguments(api, prompt, model="plain", who="plain", **more):
    base = world.url + ("/v1" if api in ("openai", "text-completion-openai") else "")
    return {"model": f"{api}/{model}", "messages": [{"role": "user", "content": prompt}], "api_base": base,
            "api_key": world.keys[who], "max_tokens": 4096, "timeout": 15, "num_retries": 0, "max_retries": 0, **more}


def completion():
    for api in ("openai", "anthropic"):
        prompt = world.prompt()
        answer = litellm.completion(**arguments(api, prompt))
        equal(answer.choices[0].message.content, expected_text(prompt), f"text by {api}")
        expect(answer.usage.completion_tokens > 0, f"no usage by {api}")


def acompletion():
    for api in ("openai", "anthropic"):
        prompt = world.prompt()
        answer = asyncio.run(litellm.acompletion(**arguments(api, prompt)))
        equal(answer.choices[0].message.content, expected_text(prompt), f"text by {api}")


def stream():
    for api in ("openai", "anthropic"):
        prompt = world.prompt()
        chunks = litellm.completion(**arguments(api, prompt, "split", stream=True))
        equal("".join(c.choices[0].delta.content or "" for c in chunks), expected_text(prompt, "split"),
              f"text by {api}")


def tools():
    for api in ("openai", "anthropic"):
        prompt = world.prompt()
        answer = litellm.completion(**arguments(api, prompt, "tools", tools=TOOLS))
        equal(json.loads(answer.choices[0].message.tool_calls[0].function.arguments),
              json.loads(answers.tool_arguments(prompt)), f"arguments by {api}")


def embedding():
    prompt = world.prompt()
    answer = litellm.embedding(
        model="openai/plain", input=[prompt], api_base=world.url + "/v1", api_key=world.keys["plain"])
    equal([round(x, 6) for x in answer.data[0]["embedding"]], [round(x, 6) for x in answers.embedding(prompt)], "vector")


def errors():
    for api in ("openai", "anthropic"):
        for who, kind, key in (
                ("block", litellm.PermissionDeniedError, None), ("plain", litellm.AuthenticationError, "nonsense"),
                ("hard", litellm.RateLimitError, None)):
            try:
                for _ in range(20 if who == "hard" else 1):
                    call = arguments(api, world.prompt(), who=who)
                    litellm.completion(**call | ({"api_key": key} if key else {}))
            except kind:
                continue
            except Exception as error:
                # Some versions have no class of their own for 403.
                equal(getattr(error, "status_code", None), 403 if who == "block" else None,
                      f"{api} raised {type(error).__name__} for {who}")
                continue
            raise AssertionError(f"{api} raised nothing for {who}")


def stripped():
    for api in ("openai", "anthropic"):
        prompt = world.prompt()
        answer = litellm.completion(**arguments(api, prompt, "reasoning", "strip"))
        equal(answer.choices[0].message.content, expected_text(prompt, "reasoning"), f"text by {api}")
        expect("SECRET" not in answer.model_dump_json(), f"thoughts by {api}")
        chunks = list(litellm.completion(**arguments(api, prompt, "reasoning", "strip", stream=True)))
        equal("".join(c.choices[0].delta.content or "" for c in chunks), expected_text(prompt, "reasoning"),
              f"streamed text by {api}")


def cut_stream():
    for api in ("openai", "anthropic"):
        try:
            list(litellm.completion(**arguments(api, world.prompt(), "die-midstream", stream=True)))
        except Exception:
            continue
        raise AssertionError(f"{api} raised nothing")


PLAIN = named([completion, acompletion, stream, tools, embedding])
BEHIND_GATEWAY = named([errors, stripped, cut_stream])

if __name__ == "__main__":
    for check, function in chosen(PLAIN | ({} if world.is_direct else BEHIND_GATEWAY), sys.argv[2:]).items():
        attempt(check, function)
