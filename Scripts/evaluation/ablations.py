"""What is left when the log lacks something: text, clients, facts of the accounts, most of the exchanges, English."""

import gzip
import hashlib
import json
import shutil
import statistics

from workbench import table
from worlds import judged, kind_of

# Cyrillic in place of Latin letters: no rule that knows English words can match, and all structure stays.
SCRIPT = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "абцдефгхийклмнопярстуввхызАБЦДЕФГХИЙКЛМНОПЯРСТУВВХЫЗ")


def each_text(record, change):
    """Replaces every text of a request and its answer."""
    request = record["request"]
    if isinstance(request.get("system"), str):
        request["system"] = change(request["system"])
    for message in request.get("messages") or []:
        content = message.get("content")
        if isinstance(content, str):
            message["content"] = change(content)
        elif isinstance(content, list):
            for block in content:
                if isinstance(block, dict) and isinstance(block.get("text"), str):
                    block["text"] = change(block["text"])
    response = record.get("response") or {}
    if isinstance(response.get("text"), str):
        response["text"] = change(response["text"])
    return record


def content_only(record):
    request = {key: value for key, value in record["request"].items() if key in ("endpoint", "system", "messages")}
    return {
        "id": record["id"], "time": record["time"], "account": {"id": record["account"]["id"]}, "request": request,
        "response": record.get("response") or {}}


def metadata_only(record):
    record["request"].pop("system", None)
    for message in record["request"].get("messages") or []:
        message.pop("content", None)
    (record.get("response") or {}).pop("text", None)
    return record


def hashed(record):
    request = record["request"]
    request.pop("system", None)
    for message in request.get("messages") or []:
        digest = hashlib.sha256(json.dumps(message.get("content")).encode()).hexdigest()
        message["content"] = [{"type": "digest", "sha256": digest}]
    (record.get("response") or {}).pop("text", None)
    return record


def tenth(record):
    return record if hashlib.sha256(record["id"].encode()).digest()[0] < 26 else None


VARIANTS = {
    "everything": ("the log as it is", None, True),
    "content_only": ("text, time and account id; no client, parameters, usage or account table", content_only, False),
    "metadata_only": ("no text of prompts, system prompts or answers", metadata_only, True),
    "hashed_text": ("SHA-256 in place of each message", hashed, True),
    "tenth": ("one exchange in ten, by hash of its id", tenth, True),
    "another_script": ("every Latin letter replaced by a Cyrillic one",
                       lambda record: each_text(record, lambda text: text.translate(SCRIPT)), True),
    "no_account_table": ("no table, and no facts of accounts in the log",
                         lambda record: {**record, "account": {"id": record["account"]["id"]}}, False),
    "no_client": ("no address, User-Agent or TLS fingerprint",
                  lambda record: {key: value for key, value in record.items() if key != "client"}, True),
}


OTHER_LANGUAGES = "the whole log, but of prompts in other languages than English, most of them Chinese"


def measure(bench):
    accounts, days = bench.size
    seeds = [401] if bench.quick else [401, 402]
    data = {"accounts": accounts, "days": days, "prompts": bench.prompts, "variants": {name: {} for name in VARIANTS}}
    for seed in seeds:
        world = bench.simulate("world", seed=seed, accounts=accounts, days=days, campaigns="all")
        original = world / "original.jsonl"
        (world / "exchanges.jsonl").rename(original)
        for name, (_, change, facts) in VARIANTS.items():
            rewrite(original, world / "exchanges.jsonl", change)
            data["variants"][name][str(seed)] = judged(bench, world, facts=facts)
        if bench.options.corpus:
            world = bench.simulate(
                "world", seed=seed, accounts=accounts, days=days, campaigns="all", corpus=without_english(bench))
            data["variants"].setdefault("other_languages", {})[str(seed)] = judged(bench, world)
        bench.remove("world", "corpus")
    return data


def without_english(bench):
    """A copy of the corpus that holds only prompts in other languages."""
    folder = bench.work / "corpus"
    for source in sorted(bench.options.corpus.rglob("*")):
        if not source.is_file():
            continue
        target = folder / source.relative_to(bench.options.corpus)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.name.endswith(".jsonl.gz"):
            with gzip.open(source, "rt", encoding="utf-8") as lines:
                kept = [line for line in lines if json.loads(line).get("lang") != "en"]
            if kept:
                with gzip.open(target, "wt", encoding="utf-8") as out:
                    out.writelines(kept)
        else:
            shutil.copyfile(source, target)
    return folder


def rewrite(source, target, change):
    with open(source, encoding="utf-8") as lines, open(target, "w", encoding="utf-8") as out:
        for line in lines:
            if change is None:
                out.write(line)
                continue
            record = change(json.loads(line))
            if record is not None:
                out.write(json.dumps(record, ensure_ascii=False) + "\n")


def sections(data, _):
    rows = []
    for name, worlds in data["variants"].items():
        scores = [world["score"] for world in worlds.values()]
        kinds = {}
        for score in scores:
            for campaign in score["campaigns"]:
                kinds.setdefault(kind_of(campaign), []).append(campaign["recall"])
        lost = sorted(kind for kind, recalls in kinds.items() if statistics.mean(recalls) < 0.8)
        rows.append([
            f"`{name}`", OTHER_LANGUAGES if name == "other_languages" else VARIANTS[name][0],
            f"{statistics.mean(score['recall'] for score in scores):.3f}",
            f"{sum(score['falselyAccused'] for score in scores)} of {sum(score['accused'] for score in scores)}",
            "all" if len(lost) == len(kinds) else ", ".join(f"`{kind}`" for kind in lost) or "none"])
    return [
        "## When the log lacks something",
        f"Worlds of {data['accounts']:,} innocent accounts over {data['days']} days with a campaign of every kind, "
        f"{data['prompts']}, seeds {', '.join(next(iter(data['variants'].values())))}.",
        table(["log", "what it holds", "recall", "innocents among the accused", "kinds with recall below 0.8"], rows,
              align="llrrl"),
    ], []
