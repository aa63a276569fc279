"""The batch job: files in, one labelled file out, and nothing lost if it is stopped in between.

Three passes over the input, of which only the second is long: count (so that damage is found before hours of work, and
the time left is known), label chunk by chunk into parts, and write the output from the input and the parts. A run that
was killed goes on with the missing parts. Results do not depend on workers, chunks or kills, since a post's label does
not depend on its batch.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ..data.cleaning import CLEANING_VERSION, ends
from ..data.columns import merge_columns
from ..data.errors import InputError
from ..data.fingerprints import file_fingerprint
from ..data.motives import MOTIVES
from ..data.posts import Post, Reject
from ..data.reading import list_files, read_posts, split_part, spool_standard_input
from ..data.results import RESULT_COLUMNS
from ..data.writing import check_output, check_rows, open_writer
from ..models.settings import BUNDLED, SETTINGS_FILE, WEIGHTS_FILE, ModelSettings
from .chunks import Chunk, ChunkLabeller, labelled_posts, windows
from .engines import usable_cores
from .labelled import Labelled
from .labeller import Labeller
from .parts import Part, Parts, full_disk_said

CHUNK = 512  # posts in a part: a few seconds of work to lose, and small files still busy every core


@dataclass(frozen=True)
class Job:
    """What is to be labelled, by what, and where to."""

    inputs: tuple[str, ...]
    output: Path
    model: Path = BUNDLED
    text_column: str | None = None
    limit: int | None = None  # posts
    device: str = "auto"
    workers: int | None = None  # chunks at a time; one for each core without it
    restart: bool = False
    ray: str | None = None  # the address of a Ray cluster that labels, see cluster.py; this machine without it

    def __post_init__(self) -> None:
        for name in ("limit", "workers"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"--{name} is {value}; at least 1 is needed")


@dataclass
class Summary:
    """What came out, for people and for ``--json``."""

    posts: int = 0
    motives: dict[str, int] = field(default_factory=lambda: {str(motive): 0 for motive in MOTIVES})
    uncertain: int = 0
    truncated: int = 0
    no_text: int = 0
    rejected: int = 0
    shortened_cells: int = 0
    resumed_posts: int = 0
    seconds: float = 0.0

    def count(self, labelled: Labelled) -> None:
        """Take one post into account."""
        self.posts += 1
        if labelled.motive is None:
            self.no_text += 1
            return
        self.motives[labelled.motive] += 1
        self.uncertain += labelled.uncertain
        self.truncated += labelled.truncated


@dataclass(frozen=True)
class Census:
    """What the first pass found: the number of posts and rejects, and all columns in order of appearance."""

    posts: int
    rejects: int
    columns: list[str]


Progress = Callable[[int, int], None]  # posts done, posts in all


def run_job(job: Job, progress: Progress = lambda done, total: None) -> Summary:
    """Run a job, or go on with one that was stopped.

    :raises InputError: For anything wrong with the input, the model or the output; what is done is kept.
    """
    started = time.monotonic()
    check_output(job.output, [split_part(path)[0] for path in job.inputs if path != "-"])
    settings = ModelSettings.load(job.model)
    parts = Parts(job.output)
    with full_disk_said(job.output), parts.locked():
        files = [str(spool_standard_input()) if path == "-" else path for path in list_files(job.inputs)]
        census = take_census(job, files)
        check_rows(job.output, census.posts)
        done = parts.open(_manifest(job, files), job.restart)
        _label_missing(job, files, census, parts, progress)
        summary = _write_output(job, files, census, parts, settings)
        parts.remove()
    summary.resumed_posts = min(done * CHUNK, census.posts)
    summary.seconds = time.monotonic() - started
    return summary


def take_census(job: Job, files: list[str]) -> Census:
    """Read everything once, so that what is wrong is said before the work begins."""
    columns: dict[str, None] = {}
    posts = rejects = 0
    first: Reject | None = None

    def count_reject(reject: Reject) -> None:
        nonlocal first, rejects
        first = first or reject
        rejects += 1

    for post in _posts(job, files, count_reject):
        columns.update(dict.fromkeys(post.fields))
        posts += 1
    if not posts:
        reason = f"; {first.file} row {first.row}: {first.reason}" if first else ""
        raise InputError(f"no post could be read from {', '.join(job.inputs)}{reason}")
    return Census(posts, rejects, list(columns))


def _posts(job: Job, files: list[str], on_reject: Callable[[Reject], None]) -> Iterator[Post]:
    return islice(read_posts(*files, text_column=job.text_column, on_reject=on_reject), job.limit)


def _manifest(job: Job, files: list[str]) -> dict[str, Any]:
    return {
        "input": [file_fingerprint(split_part(file)[0]) for file in files],
        "model": [file_fingerprint(job.model / name) for name in (WEIGHTS_FILE, SETTINGS_FILE, "tokenizer.json")],
        "setting": {"text_column": job.text_column, "limit": job.limit, "chunk": CHUNK, "cleaning": CLEANING_VERSION},
    }


def _missing_chunks(job: Job, files: list[str], parts: Parts) -> Iterator[Chunk]:
    """Give the texts of each chunk that has no part yet."""
    posts = _posts(job, files, lambda reject: None)
    for number in range(1 << 60):
        texts = [ends(post.text) for post in islice(posts, CHUNK)]
        if not texts:
            return
        if number not in parts:
            yield number, texts


def _label_missing(job: Job, files: list[str], census: Census, parts: Parts, progress: Progress) -> None:
    """Label the missing chunks, several at a time, and save each as it is done."""
    chunks = _missing_chunks(job, files, parts)
    first = next(chunks, None)
    if first is None:
        progress(census.posts, census.posts)
        return
    sizes = [min(CHUNK, census.posts - start) for start in range(0, census.posts, CHUNK)]
    missing = [size for number, size in enumerate(sizes) if number not in parts]
    done = census.posts - sum(missing)
    progress(done, census.posts)
    for number, part in _label(job, chain([first], chunks), len(missing)):
        parts.save(number, part)
        done += len(part)
        progress(done, census.posts)


def _label(job: Job, chunks: Iterator[Chunk], count: int) -> Iterator[tuple[int, Part]]:
    if job.ray is None:
        return _label_here(job, chunks, count)
    from .cluster import label_on_cluster

    return label_on_cluster(chunks, count, job.model, job.device, job.ray, job.workers)


def _label_here(job: Job, chunks: Iterator[Chunk], count: int) -> Iterator[tuple[int, Part]]:
    """Label chunks in threads that share one model.

    Each worker runs the model on a thread of its own, which wastes less than many threads on one batch, and cleans
    and tokenises while the others compute.
    """
    workers = job.workers or usable_cores()
    threads = max(1, usable_cores() // workers)
    stop = threading.Event()
    labeller = ChunkLabeller(Labeller.load(job.model, job.device, threads), stop)
    with ThreadPoolExecutor(workers) as pool:
        running: set[Future[list[tuple[int, Part]]]] = set()
        try:
            for window in windows(chunks, count, workers):
                running.add(pool.submit(labeller.label_window, window))
                if len(running) > workers:
                    yield from _finished(running)
            while running:
                yield from _finished(running)
        finally:
            stop.set()  # after Ctrl-C or an error: workers stop at their next batch


def _finished(running: set[Future[list[tuple[int, Part]]]]) -> Iterator[tuple[int, Part]]:
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        running.remove(future)
        yield from future.result()


def _write_output(job: Job, files: list[str], census: Census, parts: Parts, settings: ModelSettings) -> Summary:
    """Join the input with the parts; rows that could not be read go to ``OUT.rejects.jsonl``."""
    summary = Summary(rejected=census.rejects)
    names = merge_columns(census.columns, RESULT_COLUMNS)
    rejects = job.output.with_name(job.output.name + ".rejects.jsonl")
    rejects_writing = rejects.with_name(f".{rejects.name}.writing")
    results = labelled_posts(parts, census.posts, CHUNK, settings)
    try:
        with rejects_writing.open("w", encoding="utf-8") as reject_file:

            def write_reject(reject: Reject) -> None:
                entry = {name: getattr(reject, name) for name in ("file", "row", "reason", "raw")}
                reject_file.write(json.dumps(entry, ensure_ascii=False) + "\n")

            with open_writer(job.output, [*census.columns, *names.values()]) as writer:
                for post in _posts(job, files, write_reject):
                    labelled = next(results, None)
                    if labelled is None:
                        raise InputError("the input changed while it was read; run the same command again")
                    summary.count(labelled)
                    added = labelled.as_columns()
                    writer.write({**post.fields, **{names[column]: value for column, value in added.items()}})
            reject_file.flush()
            os.fsync(reject_file.fileno())
        summary.shortened_cells = writer.shortened
        if census.rejects:
            rejects_writing.replace(rejects)
        else:
            rejects.unlink(missing_ok=True)
    finally:
        rejects_writing.unlink(missing_ok=True)
    return summary
