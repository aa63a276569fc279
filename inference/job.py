"""The batch job: files in, one labelled file or a folder of them out, and nothing lost if it is stopped in between.

Three passes over the input, of which only the second is long: take a census (so that damage is found before hours of
work, and the time left is known), label chunk by chunk into parts, and write the output from the input and the parts. A
run that was killed goes on with the missing parts if the census finds the same texts as before: the texts as they are
read, whatever the bytes of the files. Should they change after that, the last pass finds a text that is not the one its
label was computed from; posts that come after the last one meanwhile are left out, and counted. Results do not depend on
workers, chunks or kills, since a post's label does not depend on its batch.
"""

import itertools
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from ..data.cleaning import CLEANING_VERSION, ends
from ..data.columns import TextColumn
from ..data.copies import local_copies
from ..data.errors import InputError
from ..data.posts import Post, Reject
from ..data.reading import list_files, read_posts, unread_sheets
from ..data.writing import check_rows
from ..models.settings import BUNDLED, ModelSettings, model_fingerprints
from .chunks import Chunk, ChunkLabeller, labelled_posts, windows
from .engines import device_here
from .labeller import Labeller
from .outputs import INPUT_CHANGED, OnReject, Summary, output_files, rejects_file, write_outputs
from .parts import Part, Parts, full_disk_said, text_key

log = logging.getLogger(__name__)

CHUNK = 512  # posts in a part
TICK = 0.5  # seconds between two reports of progress, where no part is finished meanwhile


@dataclass(frozen=True)
class Job:
    """What is to be labelled, by what, and where to."""

    inputs: tuple[str, ...]
    output: Path
    model: Path = BUNDLED
    text_column: TextColumn = None
    limit: int | None = None  # posts
    device: str = "auto"
    workers: int | None = None  # threads, or processes of a cluster; one for each core without it
    restart: bool = False
    one_each: bool = False  # the output is a folder, in which each input becomes a file of its own
    ray: str | None = None  # the address of a Ray cluster that labels, see cluster.py; this machine without it

    def __post_init__(self) -> None:
        for name in ("limit", "workers"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"--{name} is {value}; at least 1 is needed")


@dataclass(frozen=True)
class Census:
    """What the first pass found: the posts in each file, its columns in order of appearance, and all texts in one digest."""

    files: Counter[str]
    columns: dict[str, list[str]]
    texts: str

    @property
    def posts(self) -> int:
        """All posts."""
        return self.files.total()


Progress = Callable[[int, int], None]  # posts done, posts in all
Ahead = Callable[[int], None]  # posts that are labelled and not saved yet


def run_job(job: Job, progress: Progress = lambda done, total: None) -> Summary:
    """Run a job, or go on with one that was stopped.

    :raises InputError: For anything wrong with the input, the model or the output; what is done is kept.
    """
    started = time.monotonic()
    job = replace(job, device=device_here(job.device))  # one for the whole run, wherever it is labelled
    settings = ModelSettings.load(job.model)
    inputs = list_files(job.inputs)
    output_files(job.output, job.one_each, inputs)  # refuses an output before standard input is read
    parts = Parts(job.output)
    with full_disk_said(job.output), parts.locked(), local_copies(inputs) as files:
        planned = output_files(job.output, job.one_each, files)
        census = take_census(job, files, {} if job.restart else parts.input_before())
        for output, own in planned.items():
            check_rows(output, sum(census.files[file] for file in set(own)))
        parts.open(_manifest(job, census), job.restart)
        resumed = _label_missing(replace(job, limit=census.posts), files, census, parts, progress)
        results = labelled_posts(parts, census.posts, CHUNK, settings)
        rejects = rejects_file(job.output)
        summary = write_outputs(planned, census.columns, results, job.text_column, job.limit, rejects)
        parts.remove()
        summary.unread_sheets = unread_sheets(files)
    if summary.later_posts:
        log.warning(
            "%d posts came in while the others were labelled and are not in %s; label again for these",
            summary.later_posts, job.output,
        )  # fmt: skip
    summary.resumed_posts = resumed
    summary.seconds = time.monotonic() - started
    return summary


def take_census(job: Job, files: list[str], before: Mapping[str, Any]) -> Census:
    """Read everything once, so that what is wrong is said before the work begins.

    :param before: The input of the run that is gone on with, as its manifest has it: posts that have come in after
        those are left out.
    """
    columns: dict[str, dict[str, None]] = {file: {} for file in files}
    posts: Counter[str] = Counter()
    texts = blake2b(digest_size=16)
    first: Reject | None = None

    def keep_first(reject: Reject) -> None:
        nonlocal first
        first = first or reject

    for post in _posts(job, files, keep_first):
        columns[post.file].update(dict.fromkeys(post.fields))
        posts[post.file] += 1
        texts.update(text_key(post.text))
        if posts.total() == before.get("posts") and texts.hexdigest() == before.get("texts"):
            break
    if not posts:
        reason = f"; {first}" if first else ""
        raise InputError(f"no post could be read from {', '.join(job.inputs)}{reason}")
    return Census(posts, {file: list(own) for file, own in columns.items()}, texts.hexdigest())


def _posts(job: Job, files: list[str], on_reject: OnReject) -> Iterator[Post]:
    return islice(read_posts(*files, text_column=job.text_column, on_reject=on_reject), job.limit)


def _manifest(job: Job, census: Census) -> dict[str, Any]:
    return {
        "input": {"posts": census.posts, "texts": census.texts},
        "model": model_fingerprints(job.model),
        "device": job.device,  # a GPU rounds otherwise
        "setting": {"text_column": job.text_column, "limit": job.limit, "chunk": CHUNK, "cleaning": CLEANING_VERSION},
    }


def _missing_chunks(job: Job, files: list[str], missing: Container[int], size: int) -> Iterator[Chunk]:
    """Give the texts of each chunk that has no part yet; in another process where a cluster labels."""
    posts = _posts(job, files, lambda reject: None)
    for number in itertools.count():
        texts = [ends(post.text) for post in islice(posts, size)]
        if not texts:
            return
        if number in missing:
            yield number, texts


def _label_missing(job: Job, files: list[str], census: Census, parts: Parts, progress: Progress) -> int:
    """Label the missing chunks, several at a time, and save each as it is done.

    :return: How many posts were labelled already.
    """
    starts = enumerate(range(0, census.posts, CHUNK))
    missing = {number: min(CHUNK, census.posts - start) for number, start in starts if number not in parts}
    resumed = done = census.posts - sum(missing.values())
    progress(done, census.posts)
    if not missing:
        return resumed

    def ahead(posts: int) -> None:
        progress(done + posts, census.posts)

    chunks = partial(_missing_chunks, job, files, missing, CHUNK)
    for number, part in _label(job, chunks, len(missing), ahead):
        parts.save(number, part)
        done += len(part)
        progress(done, census.posts)
    if done != census.posts:
        raise InputError(INPUT_CHANGED)
    return resumed


def _label(job: Job, chunks: Callable[[], Iterator[Chunk]], count: int, ahead: Ahead) -> Iterator[tuple[int, Part]]:
    if job.ray is None:
        return _label_here(job, chunks(), count, ahead)
    from .cluster import label_on_cluster

    return label_on_cluster(chunks, count, job.model, job.device, job.ray, job.workers)


def _label_here(job: Job, chunks: Iterator[Chunk], count: int, ahead: Ahead) -> Iterator[tuple[int, Part]]:
    """Label chunks on this machine: one window is cleaned and tokenised while another is computed on all cores."""
    labeller = ChunkLabeller(Labeller.load(job.model, job.device, job.workers))
    given = 0
    with ThreadPoolExecutor(2) as pool:
        submitted = (pool.submit(labeller.label_window, window) for window in windows(chunks, count, 1))
        try:
            running = deque(islice(submitted, 2))
            while running:
                while not wait([running[0]], TICK).done:
                    ahead(labeller.posts - given)
                for number, part in running.popleft().result():
                    given += len(part)
                    yield number, part
                running.extend(islice(submitted, 1))
        finally:
            labeller.stop()  # after Ctrl-C or an error
