"""Sends the requests of a plan with OpenAI's and Anthropic's Python SDKs, each at its time.

    sdk_client.py PLAN OUT URL START

PLAN has a JSON object a line: `at` (seconds after START, a Unix time), `id`, `account`, `key`, `call` (chat, embeddings or
messages), `arguments`, `headers`. OUT gets one for each: `id`, `account`, `sent`, `done`, `status`; 200 for a whole answer,
0 where there was no answer, -1 for a stream that was cut. Runs in an environment with both packages.
"""

import asyncio
import json
import sys
import time

import anthropic
import openai

IN_FLIGHT = 48
TIMEOUT = 60


class Clients:
    """One client for each key, all over the same connections."""

    def __init__(self, url):
        self.url = url
        self.openai_http = openai.DefaultAsyncHttpxClient()
        self.anthropic_http = anthropic.DefaultAsyncHttpxClient()
        self.known = {}

    def of(self, call, key):
        if (call, key) not in self.known:
            if call == "messages":
                client = anthropic.AsyncAnthropic(
                    api_key=key, base_url=self.url, max_retries=0, timeout=TIMEOUT, http_client=self.anthropic_http)
                self.known[call, key] = client.messages.create
            else:
                client = openai.AsyncOpenAI(
                    api_key=key, base_url=self.url + "/v1", max_retries=0, timeout=TIMEOUT, http_client=self.openai_http)
                self.known[call, key] = client.chat.completions.create if call == "chat" else client.embeddings.create
        return self.known[call, key]


async def send(clients, entry, out, slots):
    record = {"id": entry["id"], "account": entry["account"], "sent": time.time()}
    began = False
    try:
        create = clients.of(entry["call"], entry["key"])
        answer = await create(**entry["arguments"], extra_headers=entry["headers"])
        if entry["arguments"].get("stream"):
            began = True
            async for _ in answer:
                pass
        record["status"] = 200
    except (openai.APIStatusError, anthropic.APIStatusError) as problem:
        record["status"] = -1 if began else problem.status_code
    except (openai.APIError, anthropic.APIError):
        record["status"] = -1 if began else 0
    finally:
        slots.release()
    record["done"] = time.time()
    out.write(json.dumps(record) + "\n")


async def main(plan, out_path, url, start):
    clients = Clients(url)
    slots = asyncio.Semaphore(IN_FLIGHT)
    tasks, mistakes = set(), []
    with open(plan, encoding="utf-8") as lines, open(out_path, "w", encoding="utf-8") as out:
        for line in lines:
            entry = json.loads(line)
            wait = start + entry["at"] - time.time()
            if wait > 0:
                await asyncio.sleep(wait)
            await slots.acquire()
            if mistakes:
                raise mistakes[0]
            task = asyncio.create_task(send(clients, entry, out, slots))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            task.add_done_callback(lambda task: task.exception() and mistakes.append(task.exception()))
        await asyncio.gather(*tasks)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])))
