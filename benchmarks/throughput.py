"""Speed and memory of labelling, side by side with what a user would pick instead: ``make bench``.

Every contender runs in a process of its own, on the same posts, weights and cores, one after the other, several times in
turn; the table shows the median and, as the fair number on a busy machine, the ratio to ``transformers.pipeline``.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "annotated" / "public_test.jsonl"
WRITTEN = ROOT / "data" / "annotated" / "written_train.jsonl"
PIPELINE = "transformers.pipeline, batch 32"


def load_texts(count: int) -> list[str]:
    """Real posts where they are to be had, else written ones; repeated with a number, so that all differ."""
    from whyshare.data.annotated import load_annotated

    texts = [post.text for post in load_annotated(SHARED if SHARED.is_file() else WRITTEN)]
    rounds = range(-(-count // len(texts)))
    return [text if lap == 0 else f"{text} {lap}" for lap in rounds for text in texts][:count]


def run_job_on(texts: list[str], model: Path) -> list[str]:
    from whyshare.data.writing import open_writer
    from whyshare.inference.job import Job, run_job

    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder) / "posts.jsonl", Path(folder) / "labelled.jsonl"
        with open_writer(source, ["text"]) as writer:
            for text in texts:
                writer.write({"text": text})
        started = time.perf_counter()
        run_job(Job((str(source),), output, model))
        _report(time.perf_counter() - started, len(texts))
        return [json.loads(line)["motive"] for line in output.read_text(encoding="utf-8").splitlines()]


def run_pipeline(texts: list[str], model: Path, batch: int) -> list[str]:
    from transformers import pipeline

    from whyshare import clean

    pipe = pipeline("text-classification", model=str(model))
    started = time.perf_counter()
    cleaned = [clean(text) for text in texts]
    answers = [answer["label"] for answer in pipe(cleaned, batch_size=batch, truncation=True, max_length=128)]
    _report(time.perf_counter() - started, len(texts))
    return answers


def run_plain_onnx(texts: list[str], model: Path) -> list[str]:
    import numpy as np
    import onnxruntime as ort
    from tokenizers import Tokenizer

    from whyshare import MOTIVES, clean

    session = ort.InferenceSession(str(model / "model.onnx"), providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.enable_truncation(128)
    started = time.perf_counter()
    answers = []
    for text in texts:
        ids = np.array([tokenizer.encode(clean(text)).ids])
        logits = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]
        answers.append(str(MOTIVES[int(logits.argmax())]))
    _report(time.perf_counter() - started, len(texts))
    return answers


CONTENDERS: dict[str, Callable[[list[str], Path], list[str]]] = {
    "whyshare label": run_job_on,
    PIPELINE: lambda texts, model: run_pipeline(texts, model, 32),
    "transformers.pipeline, batch 1": lambda texts, model: run_pipeline(texts, model, 1),
    "plain ONNX loop": run_plain_onnx,
}


def _report(seconds: float, posts: int) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"posts_per_s": posts / seconds, "peak_mib": peak}), file=sys.stderr)


def measure(name: str, posts: int, model: Path) -> tuple[dict[str, float], list[str]]:
    """Run a contender in a process of its own."""
    command = [sys.executable, __file__, "--contender", name, "--posts", str(posts), "--model", str(model)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    numbers = json.loads([line for line in done.stderr.splitlines() if line.startswith("{")][-1])
    return numbers, json.loads(done.stdout)


def matrix_rate(seconds: float = 2.0) -> float:
    """Measure multiply-adds a second of the matrix products of a layer, one after another, on all cores."""
    import numpy as np
    import onnxruntime as ort
    from onnx import helper, numpy_helper

    shapes = [(384, 384)] * 4 + [(384, 1536), (1536, 384)]
    weights = [
        numpy_helper.from_array(np.random.randn(*shape).astype(np.float32) / 20, f"w{k}")
        for k, shape in enumerate(shapes)
    ]
    nodes = [helper.make_node("MatMul", [f"x{k}", f"w{k}"], [f"x{k + 1}"]) for k in range(len(shapes))]
    ends = [helper.make_tensor_value_info(name, 1, (1024, 384)) for name in ("x0", f"x{len(shapes)}")]
    graph = helper.make_graph(nodes, "layer", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    x = np.random.randn(1024, 384).astype(np.float32)
    session.run(None, {"x0": x})
    started, runs = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        session.run(None, {"x0": x})
        runs += 1
    return runs * 1024 * sum(rows * columns for rows, columns in shapes) / (time.perf_counter() - started)


def multiply_adds(texts: list[str], model: Path) -> float:
    """Count the multiply-adds of the mean post: layers and attention, without the embeddings."""
    from whyshare.models.encoding import Encoder
    from whyshare.models.settings import ModelSettings

    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    encoder = Encoder.load(model, ModelSettings.load(model).max_length)
    lengths = [len(item.ids) for item in encoder.encode(texts)]
    layer = [n * (4 * hidden**2 + 2 * hidden * inner) + 2 * n**2 * hidden for n in lengths]
    return config["num_hidden_layers"] * statistics.mean(layer)


def shares_of_time(texts: list[str], model: Path) -> dict[str, float]:
    """Time each step alone, on one thread after the other; shares of the sum."""
    import numpy as np

    from whyshare import clean
    from whyshare.data.reading import read_posts
    from whyshare.data.writing import open_writer
    from whyshare.inference.batching import equal_length_batches
    from whyshare.inference.labeller import BATCH_TOKENS, Labeller

    labeller = Labeller.load(model, "cpu")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "posts.csv"
        rows = [
            {"text": text, **labelled.as_columns()} for text, labelled in zip(texts, labeller.label(texts), strict=True)
        ]
        marks = [time.perf_counter()]
        with open_writer(path, list(rows[0])) as writer:
            for row in rows:
                writer.write(row)
        marks.append(time.perf_counter())
        read = [post.text for post in read_posts(path)]
        marks.append(time.perf_counter())
        cleaned = [clean(text) for text in read]
        marks.append(time.perf_counter())
        encoded = labeller.encoder.encode_clean(cleaned)
        marks.append(time.perf_counter())
        for batch in equal_length_batches([len(item.ids) for item in encoded], BATCH_TOKENS):
            labeller.engine.logits(np.array([encoded[k].ids for k in batch]))
        marks.append(time.perf_counter())
    steps = ("writing", "reading", "cleaning", "tokenising", "model")
    spent = [after - before for before, after in pairwise(marks)]
    spent[1] *= 3  # the job reads its input three times: to count, to label, to write
    return {name: seconds / sum(spent) for name, seconds in zip(steps, spent, strict=True)}


def start_up(model: Path) -> float:
    """Seconds from the command to its end, for a file of one post."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "one.csv").write_text("text\nhello\n", encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "whyshare",
            "label",
            "one.csv",
            "-o",
            "o.csv",
            "--quiet",
            "--model",
            str(model),
        ]
        started = time.perf_counter()
        subprocess.run(command, check=True, cwd=folder)
        return time.perf_counter() - started


def main() -> None:
    from whyshare.models.settings import BUNDLED

    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # whyshare sets it, the plain loop would not
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", type=Path, default=BUNDLED)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    texts = load_texts(options.posts)
    if options.contender:
        print(json.dumps(CONTENDERS[options.contender](texts, options.model)))
        return
    results: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    labels: dict[str, list[str]] = {}
    for _ in range(options.rounds):
        for name in CONTENDERS:
            numbers, labels[name] = measure(name, options.posts, options.model)
            results[name].append(numbers)
    print(f"{platform.processor() or platform.machine()}, {options.posts} posts, median of {options.rounds} rounds\n")
    print(
        "| | posts/s | times the pipeline | peak memory (MiB) | labels equal to whyshare's |\n|---|---:|---:|---:|---:|"
    )
    for name, rounds in results.items():
        ratio = statistics.median(
            mine["posts_per_s"] / theirs["posts_per_s"] for mine, theirs in zip(rounds, results[PIPELINE], strict=True)
        )
        equal = sum(a == b for a, b in zip(labels[name], labels["whyshare label"], strict=True)) / options.posts
        speed, peak = (statistics.median(one[key] for one in rounds) for key in ("posts_per_s", "peak_mib"))
        print(f"| {name} | {speed:.0f} | {ratio:.2f} | {peak:.0f} | {equal:.1%} |")
    limit = matrix_rate() / multiply_adds(texts, options.model)
    print(f"| the machine's limit (matrix products alone) | {limit:.0f} | | | |\n")
    print(
        "share of time: "
        + ", ".join(f"{name} {share:.1%}" for name, share in shares_of_time(texts, options.model).items())
    )
    print(f"start-up and one post: {statistics.median(start_up(options.model) for _ in range(3)):.2f} s")


if __name__ == "__main__":
    main()
