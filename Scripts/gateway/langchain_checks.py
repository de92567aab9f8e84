"""Checks with LangChain; started by test_sdk.py in an environment that has it.

    python langchain_checks.py WORLD.json [NAME...]
"""

import asyncio
import json
import sys

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

import answers
from harness import attempt, chosen, equal, expect, expected_text, named
from world import World

world = World(sys.argv[1])


@tool
def forecast(city: str, note: str = "", days: int = 1) -> str:
    """Weather."""
    return f"rain in {city} for {days} days {note}"


def openai(model="plain", who="plain", **more):
    return ChatOpenAI(
        model=model, api_key=world.keys[who], base_url=world.url + "/v1", max_retries=0, timeout=15,
        **{"use_responses_api": False, "stream_usage": True, **more})


def anthropic(model="plain", who="plain", **more):
    return ChatAnthropic(
        model=model, api_key=world.keys[who], base_url=world.url, max_retries=0, timeout=15, max_tokens=4096, **more)


def both(*arguments):
    return (("openai", openai(*arguments)), ("responses", openai(*arguments, use_responses_api=True)),
            ("anthropic", anthropic(*arguments)))


def text(message):
    return message.text if isinstance(message.text, str) else message.text()


def invoke():
    for name, model in both():
        prompt = world.prompt()
        answer = model.invoke(prompt)
        equal(text(answer), expected_text(prompt), f"text by {name}")
        expect(answer.usage_metadata["output_tokens"] > 0, f"no usage by {name}")


def ainvoke():
    async def all_of(prompts):
        # LangChain keeps its connections from model to model, so all share one event loop.
        return await asyncio.gather(*(model.ainvoke(prompt) for prompt, (_, model) in zip(prompts, both(), strict=True)))

    prompts = [world.prompt() for _ in range(3)]
    equal([text(answer) for answer in asyncio.run(all_of(prompts))], [expected_text(p) for p in prompts], "texts")


def stream():
    for name, model in both("split"):
        prompt = world.prompt()
        chunks = list(model.stream(prompt))
        equal("".join(text(chunk) for chunk in chunks), expected_text(prompt, "split"), f"text by {name}")
        expect(sum((c.usage_metadata or {}).get("output_tokens", 0) for c in chunks) > 0, f"no usage by {name}")


def tools():
    for name, model in both("tools"):
        prompt = world.prompt()
        bound = model.bind_tools([forecast])
        asked = HumanMessage(prompt)
        answer = bound.invoke([asked])
        equal(answer.tool_calls[0]["args"], json.loads(answers.tool_arguments(prompt)), f"arguments by {name}")
        result = forecast.invoke(answer.tool_calls[0]["args"])
        final = bound.invoke([asked, answer, ToolMessage(result, tool_call_id=answer.tool_calls[0]["id"])])
        equal(text(final), expected_text(result, "tools"), f"text after the result by {name}")


def tools_stream():
    for name, model in both("tools"):
        prompt = world.prompt()
        whole = None
        for chunk in model.bind_tools([forecast]).stream(prompt):
            whole = chunk if whole is None else whole + chunk
        equal(whole.tool_calls[0]["args"], json.loads(answers.tool_arguments(prompt)), f"arguments by {name}")


def embed():
    prompt = world.prompt()
    model = OpenAIEmbeddings(
        model="plain", api_key=world.keys["plain"], base_url=world.url + "/v1", check_embedding_ctx_length=False)
    equal([round(x, 6) for x in model.embed_query(prompt)], [round(x, 6) for x in answers.embedding(prompt)], "vector")


def stripped():
    """Models whose thoughts are taken out still stream and call tools."""
    for name, model in both("reasoning+tools", "strip"):
        prompt = world.prompt()
        whole = None
        for chunk in model.bind_tools([forecast]).stream(prompt):
            whole = chunk if whole is None else whole + chunk
        equal(whole.tool_calls[0]["args"], json.loads(answers.tool_arguments(prompt)), f"arguments by {name}")
        expect("SECRET" not in whole.model_dump_json(), f"thoughts by {name}")


def blocked():
    for name, model in both("plain", "block"):
        try:
            model.invoke(world.prompt())
        except Exception as error:
            equal(error.status_code, 403, f"status by {name}")
        else:
            raise AssertionError(f"{name} was let through")


def cut_stream():
    for name, model in both("die-midstream"):
        try:
            got = list(model.stream(world.prompt()))
        except Exception:
            continue
        # With the Responses API, LangChain makes no error of an `error` event; it must not see an end either.
        expect(name == "responses" and not any(c.response_metadata.get("status") == "completed" for c in got),
               f"{name} raised nothing")


PLAIN = named([invoke, ainvoke, stream, tools, tools_stream, embed])
BEHIND_GATEWAY = named([stripped, blocked, cut_stream])

if __name__ == "__main__":
    for check, function in chosen(PLAIN | ({} if world.is_direct else BEHIND_GATEWAY), sys.argv[2:]).items():
        attempt(check, function)
