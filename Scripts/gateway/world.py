"""What a check in an environment of its own knows: addresses, keys and the stand-in model server."""

import itertools
import json
import pathlib

from harness import Observed


class World:
    """Read from the file that test_sdk.py wrote."""

    def __init__(self, path):
        facts = json.loads(pathlib.Path(path).read_text())
        self.url = facts["url"]
        self.name = facts["name"]
        self.is_direct = facts["direct"]
        self.keys = facts["keys"]
        self.canaries = facts["canaries"]
        self.upstream = Observed(facts["upstream"])
        self.numbers = itertools.count(1)

    def prompt(self):
        """A prompt that no other check sends."""
        return f"Prompt {self.name}-{next(self.numbers)}-end of the test"

    def openai(self, who="plain", asynchronous=False, key=None, **more):
        import openai
        kind = openai.AsyncOpenAI if asynchronous else openai.OpenAI
        return kind(api_key=key or self.keys[who], base_url=self.url + "/v1", **{"max_retries": 0, "timeout": 15, **more})

    def anthropic(self, who="plain", asynchronous=False, key=None, bearer=False, **more):
        import anthropic
        kind = anthropic.AsyncAnthropic if asynchronous else anthropic.Anthropic
        credential = {"auth_token" if bearer else "api_key": key or self.keys[who]}
        return kind(base_url=self.url, **{"max_retries": 0, "timeout": 15, **credential, **more})
