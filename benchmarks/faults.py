"""Break labelling on purpose, and measure its memory: ``python benchmarks/faults.py kills disk inputs memory``.

- ``kills``: kill -9 at random moments; the output must equal that of an undisturbed run byte for byte.
- ``disk``: a small file system fills up (needs root, on Linux); the same command goes on when there is space.
- ``inputs``: damaged files; what the command says, its exit code and its peak memory.
- ``memory``: peak memory with ``--posts`` posts in each kind of file, or in those named after ``--kinds``.

A sum over the token ids stands in for the model, so that hours become minutes; all else is what a user runs. The model
adds its own memory, which does not depend on the number of posts.
"""

import argparse
import csv
import gzip
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

WORDS = [
    "今天",
    "天气",
    "真好",
    "求助",
    "转发",
    "抽奖",
    "小心",
    "骗子",
    "我们",
    "help",
    "win",
    "the",
    "you",
    "post",
    "today",
    "😂",
    "[哈哈]",
    "http://t.cn/abc",
    "@小明",
]
HUGE = 50_000_000
KINDS = ("csv", "jsonl", "parquet", "txt", "db", "json", "xlsx")


def posts(count: int) -> Iterator[dict[str, Any]]:
    rng = random.Random(1)
    for number in range(count):
        yield {"id": number, "text": "".join(rng.choices(WORDS, k=rng.randint(2, 20))) + str(number)}


def write_posts(path: Path, count: int) -> Path:
    """Write posts to a file of any kind, a row at a time."""
    from whyshare.data.writing import open_writer

    if path.suffix == ".db":
        with sqlite3.connect(path) as connection:
            connection.execute("create table posts (id, text)")
            connection.executemany("insert into posts values (:id, :text)", posts(count))
    elif path.suffix == ".txt":
        with path.open("w", encoding="utf-8") as file:
            file.writelines(post["text"] + "\n" for post in posts(count))
    else:
        with open_writer(path, ["id", "text"]) as writer:
            for post in posts(count):
                writer.write(post)
    return path


def label_without_model(arguments: list[str]) -> int:
    """Run ``whyshare label`` in this process with a sum of the token ids in place of the model."""
    import numpy as np

    from whyshare.cli import main
    from whyshare.inference import labeller

    class Sum:
        threads = 1

        def logits(self, input_ids: np.ndarray) -> np.ndarray:
            return (input_ids.sum(axis=1)[:, None] * np.arange(1, 9) * 2654435761 % 1000 / 100).astype(np.float32)

    labeller.load_engine = lambda *_: Sum()  # type: ignore[assignment]
    code = main(["label", *arguments])
    with Path("/proc/self/status").open(encoding="utf-8") as status:  # getrusage counts the parent's memory too
        peak = next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))
    print(json.dumps({"peak_mib": peak}), file=sys.stderr)
    return code


def command(source: Path | str, output: Path) -> list[str]:
    return [sys.executable, __file__, "--label", str(source), "-o", str(output), "--quiet"]


def outcome(source: Path | str, output: Path) -> tuple[int, int, str]:
    """Label; give the exit code, the peak memory in MiB, and what was said."""
    done = subprocess.run(command(source, output), capture_output=True, text=True)
    *said, peak = done.stderr.splitlines() or [""]
    return done.returncode, json.loads(peak)["peak_mib"] if peak.startswith("{") else 0, " / ".join(said)


def try_kills(folder: Path, count: int, kills: int = 10) -> None:
    source, whole, out = write_posts(folder / "posts.csv", count), folder / "whole.csv", folder / "out.csv"
    started = time.monotonic()
    subprocess.run(command(source, whole), check=True, capture_output=True)
    lasted = time.monotonic() - started
    rng = random.Random()
    left, finished = kills, 0
    while left or not out.exists():
        process = subprocess.Popen(command(source, out), stderr=subprocess.DEVNULL)
        try:
            process.wait(rng.uniform(0, lasted / 3) if left else None)
        except subprocess.TimeoutExpired:
            parts = len(list(folder.glob("out.csv.parts/*.npz")))
            phase = "while writing the output" if list(folder.glob(".out.csv.writing")) else f"with {parts} parts"
            process.send_signal(signal.SIGKILL)
            process.wait()
            left -= 1
            print(f"killed {phase}", flush=True)
        if out.exists():
            finished += 1
            assert out.read_bytes() == whole.read_bytes(), "the output differs from that of an undisturbed run"
            if left:
                out.unlink()
    assert not list(folder.glob("*out.csv?*")), "something was left behind"
    print(f"{count} posts, {kills} kills, {finished} outputs, each equal to an undisturbed run's ({lasted:.0f} s)")


def try_disk(folder: Path, count: int) -> None:
    source, small = write_posts(folder / "posts.csv", count), folder / "small"
    small.mkdir()
    for name in ("out.csv", "out.jsonl.gz", "out.parquet", "out.xlsx"):
        whole = folder / name
        subprocess.run(command(source, whole), check=True, capture_output=True)
        for part in (0.3, 0.9, 1.2):  # of the space for the parts: they fill it, or the output does
            size = int(part * count * 70) + 16384
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", small], check=True)
            try:
                code, _, said = outcome(source, small / name)
                assert code == 2, (code, said)
                assert "no space left" in said and "Traceback" not in said and " / " not in said, said
                assert not (small / name).exists()
                subprocess.run(["mount", "-o", "remount,size=1g", small], check=True)
                code, _, said = outcome(source, small / name)
                same = (small / name).read_bytes() == whole.read_bytes() or name.endswith(".xlsx")  # holds the time
                assert (code, said, same) == (0, "", True), (code, said, same)
            finally:
                subprocess.run(["umount", small], check=True)
            print(f"{name}: full at {size // 1024} KiB, said so, went on, equal to an undisturbed run", flush=True)


def damaged_csv(path: Path, bad: str, encoding: str = "utf-8", count: int = 3000, note: str = "") -> None:
    """Write a CSV with one bad row in its middle."""
    with path.open("w", encoding=encoding, newline="") as file:
        rows = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        rows.writerow(["id", "text", "note"])
        for number, post in enumerate(posts(count)):
            file.write(bad) if number == count // 2 else rows.writerow([*post.values(), note])


def mixed_encodings(path: Path) -> None:
    lines = [f'{post["id"]},"{post["text"]}"\n' for post in posts(3000)]
    path.write_bytes(
        b"id,text\n" + b"".join(line.encode("utf-8" if k % 3 else "gb18030") for k, line in enumerate(lines))
    )


def huge_parquet(path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": ["x" * HUGE if k == 1500 else f"post {k}" for k in range(3000)]}), path)


def damaged_parquet(path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"text": [post["text"] for post in posts(3000)]})
    pq.write_table(table, path, row_group_size=1000, use_dictionary=False, compression="zstd")
    column = pq.ParquetFile(path).metadata.row_group(1).column(0)
    data, middle = bytearray(path.read_bytes()), column.data_page_offset + column.total_compressed_size // 2
    data[middle : middle + 500] = bytes(500)
    path.write_bytes(data)


def rewrite_sheet(path: Path, last_rows: Callable[[Any], None]) -> None:
    """Write a workbook of 100 posts whose sheet ends with rows of one's own."""
    plain = write_posts(path.with_name("plain.xlsx"), 100)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            with new.open(name, "w", force_zip64=True) as file:
                body, end, tail = old.read(name).partition(b"</sheetData>")
                file.write(body)
                if end:
                    last_rows(file)
                file.write(end + tail)
    plain.unlink()


def text_cell(text: bytes, place: bytes = b"") -> bytes:
    return b"<c " + place + b't="inlineStr"><is><t>' + text + b"</t></is></c>"


def stray_cell(path: Path) -> None:
    cell = text_cell(b"stray", b'r="XFD1048576" ')
    rewrite_sheet(path, lambda file: file.write(b'<row r="1048576">' + cell + b"</row>"))


def workbook_bomb(path: Path) -> None:
    row = b"<row>" + text_cell(b"a" * 3_000_000) + b"</row>"
    rewrite_sheet(path, lambda file: [file.write(row) for _ in range(500)] and None)


def gzip_bomb(path: Path) -> None:
    with gzip.open(path, "wb") as file:
        file.write(b"text\n")
        for _ in range(2000):
            file.write(b"a" * 1_000_000)


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("posts.csv", "text\n" + "a" * 300_000_000)


DAMAGED: dict[str, tuple[str, Callable[[Path], None]]] = {
    "1 GB, a bad row midway": ("gb.csv", lambda path: damaged_csv(path, '1,"2"\n', count=50_000, note="x" * 20_000)),
    "an unclosed quote": ("quote.csv", lambda path: damaged_csv(path, '1,"never closed,""\n')),
    "a NUL byte": ("nul.csv", lambda path: damaged_csv(path, '1,"a\0b",""\n')),
    "a 50 MB cell": ("cell.csv", lambda path: damaged_csv(path, f'1,"{"x" * HUGE}",""\n')),
    "a 50 MB cell in UTF-16": ("cell16.csv", lambda path: damaged_csv(path, f'1,"{"x" * HUGE}",""\n', "utf-16")),
    "a 50 MB cell in Parquet": ("cell.parquet", huge_parquet),
    "UTF-8 with every third line in GB18030": ("mixed.csv", mixed_encodings),
    "a GBK CSV": ("gbk.csv", lambda path: damaged_csv(path, '1,"小心骗子",""\n', "gb18030")),
    "a damaged page": ("page.parquet", damaged_parquet),
    "a stray cell at XFD1048576": ("stray.xlsx", stray_cell),
    "a gzip bomb, one line": ("bomb.csv.gz", gzip_bomb),
    "a zip bomb named .gz": ("zip.csv.gz", zip_bomb),
    "a workbook bomb": ("bomb.xlsx", workbook_bomb),
    "an empty file": ("empty.csv", lambda path: path.write_bytes(b"") and None),
    "a header alone": ("header.csv", lambda path: path.write_text("id,text\n") and None),
}


def try_inputs(folder: Path, _count: int) -> None:
    print(
        "| input | exit code | posts | rejected | peak MiB | said, or the first reason |\n|---|---:|---:|---:|---:|---|"
    )
    for name, (file, make) in DAMAGED.items():
        source, output = folder / file, folder / f"{file}.out.jsonl"
        make(source)
        code, peak, said = outcome(source, output)
        rejects = folder / f"{output.name}.rejects.jsonl"
        reasons = rejects.read_text(encoding="utf-8").splitlines() if rejects.exists() else []
        if reasons:
            first = json.loads(reasons[0])
            said = f"row {first['row']}: {first['reason']}"
        rows = sum(1 for _ in output.open("rb")) if output.exists() else 0
        said = said.replace(str(folder) + "/", "")
        print(f"| {name} | {code} | {rows} | {len(reasons)} | {peak} | {said} |", flush=True)
        for left in (source, output, rejects):
            left.unlink(missing_ok=True)


def try_memory(folder: Path, count: int, kinds: Sequence[str] = KINDS) -> None:
    print("| input and output | posts | seconds | peak MiB |\n|---|---:|---:|---:|")
    for kind in kinds:
        posts_here = min(count, 1_000_000) if kind == "xlsx" else count
        source = write_posts(folder / f"posts.{kind}", posts_here)
        output = folder / f"out.{kind if kind in {'csv', 'parquet', 'xlsx'} else 'jsonl'}"
        started = time.monotonic()
        code, peak, said = outcome(source, output)
        assert code == 0, said
        print(
            f"| {kind} to {output.suffix[1:]} | {posts_here} | {time.monotonic() - started:.0f} | {peak} |", flush=True
        )
        source.unlink()
        output.unlink()


def main() -> int:
    if sys.argv[1:2] == ["--label"]:
        return label_without_model(sys.argv[2:])
    trials: dict[str, Callable[[Path, int], None]]
    trials = {"kills": try_kills, "disk": try_disk, "inputs": try_inputs, "memory": try_memory}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trials", nargs="+", choices=trials)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    options = parser.parse_args()
    trials["memory"] = partial(try_memory, kinds=options.kinds)
    for name in options.trials:
        with tempfile.TemporaryDirectory() as folder:
            trials[name](Path(folder), options.posts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
