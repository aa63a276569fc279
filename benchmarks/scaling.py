"""Does a long file take longer for each post, or more memory: ``python benchmarks/scaling.py --posts 1000 100000``.

Labels ever more posts with ``whyshare label``, as a user would, each number in a process of its own, one after the
other; prints a table and draws it to ``--plot``. Linux, for the peak memory.
"""

import argparse
import csv
import json
import lzma
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
WRITTEN = ROOT / "data" / "annotated" / "written_train.jsonl"


def real_texts() -> list[str]:
    """Texts of the corpus in both languages, shuffled; written posts where the corpus is not to be had."""
    texts: list[str] = []
    for path in (CORPUS / "en.jsonl.xz", CORPUS / "zh.jsonl.xz"):
        if path.is_file():
            with lzma.open(path, "rt", encoding="utf-8") as file:
                texts.extend(json.loads(line)["text"] for line in file)
    if not texts:
        texts = [json.loads(line)["text"] for line in WRITTEN.open(encoding="utf-8")]
    random.Random(1).shuffle(texts)
    return texts


def endless(texts: list[str]) -> Iterator[str]:
    """Repeat the texts with the number of the round, so that all differ."""
    for lap in count():
        yield from (f"{text} {lap}" if lap else text for text in texts)


def peak_mib(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process; give its peak memory, which Linux keeps while it lives."""
    peak = 0
    while process.poll() is None:
        for line in Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM"):
                peak = int(line.split()[1]) // 1024
        time.sleep(0.1)
    return peak


def measure(texts: list[str], posts: int) -> tuple[float, int]:
    """Seconds and peak MiB of labelling so many posts, from the command to its end."""
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder) / "posts.csv", Path(folder) / "labelled.csv"
        with source.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["id", "text"])
            rows.writerows(enumerate(islice(endless(texts), posts)))
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "whyshare", "label", str(source), "-o", str(output), "--quiet"]
        )
        peak = peak_mib(process)
        seconds = time.perf_counter() - started
        if process.returncode:
            raise SystemExit(f"whyshare label ended with {process.returncode}")
        with output.open(encoding="utf-8-sig", newline="") as file:
            labelled = sum(1 for row in csv.DictReader(file) if row["motive"])
        if labelled != posts:
            raise SystemExit(f"{labelled} of {posts} posts have a motive")
    return seconds, peak


def draw(results: dict[int, tuple[float, int]], path: Path) -> None:
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "scaling", "font.size": 9})
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    speeds = [posts / seconds for posts, (seconds, _) in results.items()]
    peaks = [peak for _, peak in results.values()]
    for panel, values, name in zip(axes, (speeds, peaks), ("posts/s", "peak memory (MiB)"), strict=True):
        panel.plot(list(results), values, marker="o")
        for posts, value in zip(results, values, strict=True):
            panel.annotate(f"{value:.0f}", (posts, value), (0, 6), textcoords="offset points", ha="center")
        panel.set(xscale="log", xlabel="posts", ylabel=name, ylim=(0, 1.25 * max(values)))
        panel.grid(alpha=0.3)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--plot", type=Path, help="SVG file to draw")
    options = parser.parse_args()
    texts = real_texts()
    print("| posts | seconds | posts/s | peak memory (MiB) |\n|---:|---:|---:|---:|")
    results: dict[int, tuple[float, int]] = {}
    for posts in options.posts:
        results[posts] = seconds, peak = measure(texts, posts)
        print(f"| {posts:,} | {seconds:.0f} | {posts / seconds:.0f} | {peak} |", flush=True)
        if options.plot:
            draw(results, options.plot)


if __name__ == "__main__":
    main()
