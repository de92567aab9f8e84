"""What simpler methods find in the same worlds."""

import collections
import csv
import datetime
import json
import math
import re
import statistics
import types
import zlib

from workbench import say, table
from worlds import judged

PRECISION = 0.99
BINS = 1 << 18
# Texts of an account that the nearest-neighbour baseline reads.
TEXTS = 200


def measure(bench):
    accounts, days = bench.size
    seeds = [701] if bench.quick else [701, 702, 703]
    data = {"accounts": accounts, "days": days, "prompts": bench.prompts, "worlds": {}}
    for seed in seeds:
        world = bench.simulate("world", seed=seed, accounts=accounts, days=days, campaigns="all")
        methods = {name: evaluated(scores, cut, world) for name, scores, cut in scored(world)}
        score = judged(bench, world)["score"]
        methods["stillwatch"] = {"precision": score["precision"], "recall": score["recall"], "best": score["recall"]}
        bench.remove("world")
        say(f"baselines: seed {seed}: {methods}")
        data["worlds"][str(seed)] = methods
    return data


def scored(world):
    """Yields a method's name, a score for each account, and the cut that its rule names."""
    daily, total = collections.Counter(), collections.Counter()
    addresses, texts = collections.defaultdict(set), collections.defaultdict(list)
    with open(world / "exchanges.jsonl", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            account = record["account"]["id"]
            daily[account, record["time"][:10]] += 1
            total[account] += 1
            address = (record.get("client") or {}).get("ip")
            if address:
                addresses[address].add(account)
            if len(texts[account]) < TEXTS:
                texts[account].append(last_prompt(record))
    busiest = collections.Counter()
    for (account, _), count in daily.items():
        busiest[account] = max(busiest[account], count)
    yield "rate limit: 100 exchanges on some day", dict(busiest), 100
    company = {account: 1 for account in total}
    for accounts in addresses.values():
        for account in accounts:
            company[account] = max(company[account], len(accounts))
    yield "hunt: five accounts or more behind one address", company, 5
    yield "hunt: a thousand exchanges or more", dict(total), 1000
    suspicion = honeypotllm_scores(world)
    if suspicion is not None:
        yield "honeypotllm 0.1.3, its default threshold", suspicion, 0.75
    similar = neighbours(texts)
    if similar is not None:
        # The rule names no cut; the mean and three standard deviations are what such scripts take.
        values = list(similar.values())
        yield "mean TF-IDF similarity to the 10 nearest accounts", similar, (
            statistics.mean(values) + 3 * statistics.pstdev(values))


def honeypotllm_scores(world):
    """The highest suspicion that honeypotllm (PyPI) ever has of each account; `None` where it is not installed."""
    try:
        import honeypotllm.scoring as scoring
        from honeypotllm.config import ScoringConfig
    except ImportError:
        say("baselines: honeypotllm is not installed, left out ('pip install honeypotllm==0.1.3 greenlet')")
        return None
    clock = types.SimpleNamespace(now=0.0)
    # It scores live requests by the wall clock; here the log's times take its place.
    scoring.time = types.SimpleNamespace(time=lambda: clock.now)
    scorer = scoring.SuspicionScorer(ScoringConfig())
    highest = {}
    with open(world / "exchanges.jsonl", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            account = record["account"]["id"]
            clock.now = datetime.datetime.fromisoformat(record["time"]).timestamp()
            if account not in highest:
                # The state's own default for this was bound to the real clock.
                scorer._get_or_create(account).last_seen = clock.now
            found = scorer.score_request(
                account, prompt=last_prompt(record), input_tokens=(record.get("usage") or {}).get("input_tokens") or 0)
            highest[account] = max(highest.get(account, 0.0), found.score_after)
    return highest


def last_prompt(record):
    for message in reversed(record["request"].get("messages") or []):
        content = message.get("content")
        if message.get("role") == "user":
            if isinstance(content, str):
                return content
            return " ".join(b.get("text") or "" for b in content or [] if isinstance(b, dict))
    return ""


def neighbours(texts):
    """Each account's mean similarity to its ten nearest; `None` where numpy and scipy are not installed."""
    try:
        import numpy
        from scipy import sparse
    except ImportError:
        say("baselines: numpy and scipy are not installed, nearest neighbours left out ('apt install python3-scipy')")
        return None
    names = sorted(texts)
    rows, columns, values = [], [], []
    for row, name in enumerate(names):
        counts = collections.Counter(
            zlib.crc32(word.encode()) % BINS for text in texts[name] for word in re.findall(r"\w+", text.lower()))
        for column, count in counts.items():
            rows.append(row)
            columns.append(column)
            values.append(1 + math.log(count))
    matrix = sparse.csr_matrix((values, (rows, columns)), shape=(len(names), BINS))
    frequency = numpy.bincount(matrix.indices, minlength=BINS)
    matrix = matrix @ sparse.diags(numpy.log((1 + len(names)) / (1 + frequency)) + 1)
    norms = numpy.sqrt(numpy.asarray(matrix.multiply(matrix).sum(axis=1))).ravel()
    matrix = sparse.diags(1 / numpy.maximum(norms, 1e-12)) @ matrix
    product = (matrix @ matrix.T).toarray()
    numpy.fill_diagonal(product, 0)
    nearest = numpy.sort(product, axis=1)[:, -10:].mean(axis=1)
    return dict(zip(names, map(float, nearest)))


def evaluated(scores, cut, world):
    """Precision and recall at the cut, and the best recall that any cut reaches at the precision asked."""
    with open(world / "labels.csv", newline="", encoding="utf-8") as file:
        guilty = {row["account"] for row in csv.DictReader(file) if row["label"] != "innocent"}
    flagged = [account for account, score in scores.items() if score >= cut]
    right = sum(account in guilty for account in flagged)
    best = seen = hits = 0
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    for index, (account, score) in enumerate(ranked):
        seen += 1
        hits += account in guilty
        # Accounts of one score fall on one side of any cut.
        last = index + 1 == len(ranked) or ranked[index + 1][1] != score
        if last and hits >= PRECISION * seen:
            best = max(best, hits)
    return {
        "precision": right / len(flagged) if flagged else None, "recall": right / len(guilty),
        "best": best / len(guilty)}


def sections(data, _):
    worlds = list(data["worlds"].values())
    rows = []
    for name in worlds[0]:
        found = [world[name] for world in worlds]
        precisions = [entry["precision"] for entry in found if entry["precision"] is not None]
        rows.append([
            name, f"{statistics.mean(precisions):.3f}" if precisions else "-",
            f"{statistics.mean(entry['recall'] for entry in found):.3f}",
            f"{statistics.mean(entry['best'] for entry in found):.3f}"])
    return [
        "## Beside simpler methods",
        f"The same worlds for all: {data['accounts']:,} innocent accounts over {data['days']} days with a campaign of "
        f"every kind, {data['prompts']}, seeds {', '.join(data['worlds'])}; means.",
        table(["method", "precision", "recall", "best recall of any cut at precision 0.99"], rows),
        "Stillwatch has one operating point, its verdict; the others are given the best cut that hindsight finds.",
    ], []
