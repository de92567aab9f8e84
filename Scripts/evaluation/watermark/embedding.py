"""What a mark costs a model server per token, beside the original generators."""

import statistics

from parts import Bar
from workbench import ROOT, Failure, measure as run, table

from . import answers, environment
from .schemes import SETTINGS, SYNTHID_KEYS, TITLES

VOCABULARY = 50_257
TOKENS, ROUNDS = 40, 5
SEED = 26
BAR = 10
KINDS = {"synthid": "SYNTHID_TABLE", "gumbel": "GUMBEL_PHILOX", "kgw": "KGW_LEFT"}
FIELDS = {
    "synthid": {"keys": SYNTHID_KEYS, "context_width": 4, "context_history": 1024, "table_size": 65536, "table_seed": 0},
    "gumbel": {"keys": [42], "context_width": 4, "context_history": 8192},
    "kgw": {"keys": [15485863], "context_width": 1, "gamma": 0.25, "bias": 2.0},
}


def package(bench):
    """The folder that the package of this repository was installed to."""
    folder = bench.work / "package"
    if not folder.exists():
        try:
            run([environment.python(), "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", folder,
                 ROOT / "Python"])
        except Failure as failure:
            raise Failure(f"the package in Python cannot be installed: {failure}") from None
    return folder


def measure(bench):
    return answers.run("embed.py", {
        "wheels": str(environment.wheels()), "package": str(package(bench)), "vocabulary": VOCABULARY, "top_k": answers.TOP_K,
        "tokens": TOKENS // 4 if bench.quick else TOKENS, "rounds": bench.options.rounds or ROUNDS, "seed": SEED,
        "schemes": {name: SETTINGS[name] for name in KINDS}, "kinds": KINDS,
        "fields": {name: fields | {"vocabulary_size": VOCABULARY} for name, fields in FIELDS.items()}})


def ratios(row):
    return [theirs / ours for ours, theirs in zip(row["seconds"]["ours"], row["seconds"]["theirs"])]


def sections(data, folder):
    rows = []
    for row in data["rows"]:
        values = ratios(row)
        rows.append([
            TITLES[row["scheme"]], f"top-{answers.TOP_K}" if row["cut"] else "all tokens",
            f"{1e6 * statistics.median(row['seconds']['ours']):,.1f}", f"{1e6 * statistics.median(row['seconds']['theirs']):,.1f}",
            f"{statistics.median(values):,.1f} x", f"{min(values):,.1f} - {max(values):,.1f}",
            f"{row['alike']} of {row['tokens']}"])
    missed = [f"{TITLES[row['scheme']]}: {row['tokens'] - row['alike']} tokens marked otherwise" for row in data["rows"]
              if row["alike"] < row["tokens"]]
    return ["\n\n".join([
        "## What a mark costs",
        f"CPU time a token of one answer, vocabulary of {VOCABULARY:,}, one thread: the package `stillwatch_watermark` "
        "over its C library beside the generators of transformers and vLLM, from Python, with scores of all tokens "
        "and with those that top-k leaves. Both take turns. Alike: the same token was chosen, or the same "
        f"probabilities were made. A call of the C library that does nothing takes {1e9 * data['call']:,.0f} ns from "
        "Python (ctypes).",
        table(["scheme", "scores", "ours, us", "theirs, us", "ratio", "least - largest", "alike"], rows, "llrrrrr"),
    ])], missed


def bars(data):
    found = []
    for row in data["rows"]:
        if row["scheme"] == "synthid":
            ratio = statistics.median(ratios(row))
            found.append(Bar(
                f"SynthID: cost of the mark per token, {f'top-{answers.TOP_K}' if row['cut'] else 'all tokens'}, us",
                f"<= 1/{BAR} of transformers'", f"{1e6 * statistics.median(row['seconds']['ours']):,.1f} (1/{ratio:,.0f})",
                f"{1e6 * statistics.median(row['seconds']['theirs']):,.1f}", ratio >= BAR))
    return found
