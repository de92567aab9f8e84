"""One world written in every log format: are the verdicts the same?"""

from workbench import say, table, verdict_line

NATIVE = "stillwatch"
# These carry every fact that the detector uses, so their verdicts must not differ at all.
SAME = ["otel", "litellm"]
OTHERS = ["openai", "anthropic", "helicone", "langfuse", "envoy", "kong"]

LACKS = {
    "litellm": "HTTP status, TLS fingerprint",
    "otel": "-",
    "openai": "-",
    "anthropic": "-",
    "helicone": "client address and program, TLS fingerprint",
    "langfuse": "client address and program, TLS fingerprint, HTTP status",
    "envoy": "TLS fingerprint",
    "kong": "TLS fingerprint",
}


def run(bench):
    """Returns the bars that were missed."""
    accounts, days = (200, 10) if bench.quick else (600, 14)
    found = {}
    for log_format in [NATIVE, *SAME, *OTHERS]:
        world = bench.simulate("world", seed=1, accounts=accounts, days=days, format=log_format)
        bench.scan(world, "scan")
        score = bench.score(world, "scan")
        verdicts = {line["account"]: line["verdict"] for line in bench.records("scan", "verdicts.jsonl")}
        counts = bench.summary("scan")["counts"]
        found[log_format] = (verdicts, score, counts)
        bench.remove("world", "scan")
        say(f"formats: {log_format}: {len(verdicts)} accounts, {score['accused']} accused")
    native = found[NATIVE][0]
    rows, misses = [], []
    for log_format, (verdicts, score, counts) in found.items():
        shared = native.keys() & verdicts.keys()
        differing = sum(1 for account in shared if native[account] != verdicts[account])
        absent = len(native) - len(shared)
        rows.append([
            f"`{log_format}`", f"{counts['exchanges']:,}", f"{counts['bad_records']:,}", f"{len(verdicts):,}",
            f"{absent:,}", f"{differing:,}", f"{score['precision']:.4f}", f"{score['recall']:.4f}", LACKS.get(log_format, "")])
        if log_format in SAME and differing:
            misses.append(f"`{log_format}`: {differing} accounts have another verdict than in the native form")
        if counts["bad_records"]:
            misses.append(f"`{log_format}`: {counts['bad_records']} records could not be read")
    bench.write("Formats", [
        f"One world (seed 1, {accounts:,} innocent accounts, {days} days, every kind of campaign) with {bench.prompts}, "
        "written in each log format and scanned with the same account table.",
        "## Bars",
        "`otel` and `litellm` give every account that they show the verdict of the native form, and no record of any format is bad.",
        verdict_line(misses),
        "## Agreement with the native form",
        table(["Format", "exchanges", "bad records", "accounts", "absent", "other verdict", "precision", "recall",
               "facts that have no place in it"], rows, align="lrrrrrrrl"),
        "Some formats tell an embedding call from an exchange with an answer; there it is ignored, so that they have "
        "fewer exchanges than the native form, and accounts that make nothing but embeddings are absent.",
    ])
    return misses
