#!/usr/bin/env python3
"""Makes a tokenizer.json from the metadata of a GGUF model, with the standard library alone.

    gguf_tokenizer.py MODEL.gguf TOKENIZER.json

A GGUF file holds the vocabulary and the merges, but names the way text is cut only by a word (tokenizer.ggml.pre). This
knows the word `smollm`: SmolLM and SmolLM2, whose digits stand alone and whose other text is cut as GPT-2 does it.
"""

import json
import pathlib
import struct
import sys

MAGIC = b"GGUF"
# The types of metadata values, by their number in the format's specification.
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
# No vocabulary has more entries, and no metadata nest.
MOST = 1 << 24
CONTROL, USER_DEFINED = 3, 4

PRE_TOKENIZERS = {
    "smollm": {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "Digits", "individual_digits": True},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        ],
    },
}


class Failure(Exception):
    """What is wrong with the file, for the reader."""


class Reader:
    """Little-endian values from a file."""

    def __init__(self, file):
        self.file = file

    def take(self, count: int) -> bytes:
        data = self.file.read(count)
        if len(data) != count:
            raise Failure(f"the file ends within its metadata, at byte {self.file.tell()}")
        return data

    def scalar(self, code: str):
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def count(self) -> int:
        value = self.scalar("Q")
        if value > MOST:
            raise Failure(f"a count of {value} at byte {self.file.tell() - 8}")
        return value

    def string(self) -> str:
        try:
            return self.take(self.count()).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Failure(f"a string before byte {self.file.tell()} is not UTF-8: {error}") from error

    def value(self, kind: int):
        if kind in SCALARS:
            return self.scalar(SCALARS[kind])
        if kind == STRING:
            return self.string()
        if kind != ARRAY:
            raise Failure(f"a value of unknown type {kind} at byte {self.file.tell() - 4}")
        element = self.scalar("I")
        if element == ARRAY:
            raise Failure(f"a list of lists at byte {self.file.tell() - 4}")
        return [self.value(element) for _ in range(self.count())]


def metadata(path: pathlib.Path) -> dict:
    """The metadata of a GGUF file of version 2 or 3."""
    with path.open("rb") as file:
        reader = Reader(file)
        if reader.take(4) != MAGIC:
            raise Failure("no GGUF file")
        version = reader.scalar("I")
        if version not in (2, 3):
            raise Failure(f"version {version} of the format; 2 and 3 are known")
        reader.count()
        return {reader.string(): reader.value(reader.scalar("I")) for _ in range(reader.count())}


def field(values: dict, name: str, kind: type):
    name = "tokenizer.ggml." + name
    if not isinstance(values.get(name), kind):
        raise Failure(f"{name} is missing, or no {kind.__name__}")
    return values[name]


def tokenizer(values: dict) -> dict:
    """The tokenizer.json that these metadata describe."""
    model, pre = field(values, "model", str), field(values, "pre", str)
    if model != "gpt2" or pre not in PRE_TOKENIZERS:
        raise Failure(f"tokenizer.ggml.model is '{model}' and .pre is '{pre}'; known is 'gpt2' with "
                      + ", ".join(f"'{name}'" for name in PRE_TOKENIZERS))
    tokens, kinds = field(values, "tokens", list), field(values, "token_type", list)
    merges = [merge.split(" ") for merge in field(values, "merges", list)]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    if len(vocabulary) != len(tokens) or len(kinds) != len(tokens):
        raise Failure("tokenizer.ggml.tokens has a token twice, or not as many as token_type")
    if any(len(merge) != 2 for merge in merges):
        raise Failure("tokenizer.ggml.merges has one that is not two tokens")
    added = [
        {"id": number, "content": tokens[number], "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": kind == CONTROL}
        for number, kind in enumerate(kinds) if kind in (CONTROL, USER_DEFINED)
    ]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": PRE_TOKENIZERS[pre],
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": vocabulary, "merges": merges,
        },
    }


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        made = tokenizer(metadata(pathlib.Path(sys.argv[1])))
        pathlib.Path(sys.argv[2]).write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except (Failure, OSError) as error:
        print(f"gguf_tokenizer: {sys.argv[1]}: {error}", file=sys.stderr)
        return 2
    print(f"{len(made['model']['vocab'])} tokens, {len(made['model']['merges'])} merges, "
          f"{len(made['added_tokens'])} added tokens", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
