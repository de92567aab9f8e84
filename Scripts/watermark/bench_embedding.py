#!/usr/bin/env python3
"""What a mark costs per token, beside the original generators in the same run: CPU time of one thread.

    PYTHON Scripts/watermark/bench_embedding.py [--upstream DIR] [--format table|json] [--exit-code]

PYTHON has PyTorch, transformers and the package installed (pip install ./Python); --upstream is a folder with the
wheels of vLLM and SGLang unpacked. Results are checked against the original's before they are timed. Exit status: 0
ran, 2 could not run; with --exit-code 1 if SynthID costs more than a tenth of the original.
"""

import argparse
import ctypes
import json
import os
import pathlib
import statistics
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[2] / "Python" / "tests"
SIZE, DEPTH = 50257, 30
RANDOM = (1 << 63, 1 << 63)


def cost(function, inputs, seconds=1.5):
    """Median CPU time of a call in microseconds. `inputs` are copied before each, and are not timed."""
    found, end = [], time.process_time() + seconds
    while time.process_time() < end or len(found) < 3:
        given = inputs()
        start = time.process_time_ns()
        function(*given)
        found.append((time.process_time_ns() - start) / 1000)
    return statistics.median(found)


def rows(options):
    import torch
    from transformers import SynthIDTextWatermarkLogitsProcessor, WatermarkLogitsProcessor

    from stillwatch_watermark import Kind, Scheme

    torch.set_num_threads(1)
    numbers = torch.Generator().manual_seed(1)
    full = torch.randn(1, SIZE, generator=numbers) * 3
    few = full.masked_fill(full < full.topk(50).values[0, -1], -torch.inf)
    ids = torch.tensor([[1, 2, 3, 4, 5]])
    keys = torch.randint(0, 1 << 40, (DEPTH,), generator=numbers).tolist()

    def compare(name, theirs, mine, scores, is_same):
        wanted, found = theirs(scores.clone()), mine(scores[0].clone())
        if not is_same(wanted, found):
            sys.exit(f"bench_embedding: {name}: not what the original gives")
        return {
            "scheme": name, "original_us": round(cost(theirs, lambda: (scores.clone(),)), 1),
            "ours_us": round(cost(mine, lambda: (scores[0].clone(),)), 1)}

    def near(wanted, found):
        return torch.allclose(wanted[0].exp(), found.exp(), rtol=1e-4, atol=1e-9)

    # Without history, so that the same context can be marked again and again.
    generator = Scheme(
        Kind.SYNTHID_TABLE, keys=keys, context_width=4, vocabulary_size=SIZE, table_size=65536).generator()

    def apply(scores):
        generator.apply(scores)
        return scores

    def original(scores):
        processor.state = None
        return processor(ids, scores)

    processor = SynthIDTextWatermarkLogitsProcessor(5, keys, 65536, 0, 1024, torch.device("cpu"))
    yield compare("synthid, all tokens possible", original, apply, full, near)
    yield compare("synthid, 50 tokens possible", original, apply, few, near)

    for kind, seeding in ((Kind.KGW_LEFT, "lefthash"), (Kind.KGW_SELF, "selfhash")):
        left = WatermarkLogitsProcessor(SIZE, "cpu", 0.25, 2.0, 15485863, seeding, 1)
        green = Scheme(
            kind, keys=[15485863], context_width=1, vocabulary_size=SIZE, gamma=0.25, bias=2.0).generator()
        place = [5]

        def apply_green(scores):
            # Another token each time, so that no green list is known already.
            green.reset(place)
            green.apply(scores)
            place[0] = (place[0] + 1) % SIZE
            return scores

        yield compare(
            f"kgw {seeding}", lambda scores: left(ids, scores), apply_green, full,
            lambda wanted, found: torch.equal(wanted[0], found))

    if options.upstream:
        os.environ["STILLWATCH_UPSTREAM"] = str(options.upstream)
        sys.path.insert(0, str(TESTS))
        import test_upstream
        gumbel = test_upstream.vllm_gumbel().GumbelWatermarker(42, 4)
        chooser = Scheme(Kind.GUMBEL_PHILOX, keys=[42], context_width=4, vocabulary_size=SIZE).generator()
        for token in (1, 2, 3, 4):
            chooser.accept(token)
        context = torch.tensor([[1, 2, 3, 4]])

        def philox(scores):
            return int(gumbel._sample_watermarked(scores, context).token_ids[0])

        def choose(scores):
            return chooser.choose(scores, RANDOM)[0]

        yield compare("gumbel (vLLM), all tokens possible", philox, choose, full, lambda a, b: a == b)
        yield compare("gumbel (vLLM), 50 tokens possible", philox, choose, few, lambda a, b: a == b)
        core = test_upstream.upstream("sglang.srt.sampling.watermarking.core", {})
        murmur = Scheme(Kind.GUMBEL_MURMUR, keys=[42], context_width=4, vocabulary_size=SIZE).generator()
        murmur.reset([1, 2, 3, 4])
        hashes, key = core._hash_contexts(context, torch.tensor([4])), torch.tensor([42])
        yield compare(
            "gumbel (SGLang), all tokens possible",
            lambda scores: int(core.select_watermark_tokens_torch(scores.softmax(1), hashes, key)[0]),
            lambda scores: murmur.choose(scores, RANDOM)[0], full, lambda a, b: a == b)


def overhead():
    """What a call costs that does next to nothing, through ctypes, in nanoseconds."""
    from stillwatch_watermark import Kind, Scheme
    from stillwatch_watermark.native import _library

    generator = Scheme(Kind.GUMBEL_PHILOX, keys=[1], context_width=4, vocabulary_size=8).generator()
    scores = (ctypes.c_float * 8)()
    token, random = ctypes.c_uint32(), (ctypes.c_uint64 * 2)()

    def each(function, *arguments):
        start = time.process_time_ns()
        for _ in range(100_000):
            function(*arguments)
        return (time.process_time_ns() - start) / 100_000

    pointer = generator._pointer
    return {
        "abi_version_ns": round(each(_library.swm_abi_version)),
        "accept_ns": round(each(_library.swm_generator_accept, pointer, 1)),
        "choose_of_8_ns": round(each(
            _library.swm_generator_choose, pointer, ctypes.byref(scores), 8, ctypes.byref(random), ctypes.byref(token),
            None))}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    parser.add_argument("--upstream", type=pathlib.Path)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--exit-code", action="store_true")
    options = parser.parse_args()
    try:
        found, calls = list(rows(options)), overhead()
    except ImportError as error:
        print(f"bench_embedding: {error}", file=sys.stderr)
        return 2
    if options.format == "json":
        print(json.dumps({"vocabulary_size": SIZE, "depth": DEPTH, "rows": found, "ctypes_calls": calls}, indent=2))
    else:
        print(f"| {SIZE} tokens | original, µs | ours, µs | ratio |\n|---|---:|---:|---:|")
        for row in found:
            ratio = row["original_us"] / row["ours_us"]
            print(f"| {row['scheme']} | {row['original_us']:.1f} | {row['ours_us']:.1f} | {ratio:.0f} |")
        print("\nCalls through ctypes: " + ", ".join(f"{name[:-3]} {value} ns" for name, value in calls.items()))
    return 1 if options.exit_code and found[0]["ours_us"] * 10 > found[0]["original_us"] else 0


if __name__ == "__main__":
    sys.exit(main())
