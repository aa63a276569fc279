"""The chunks of a batch job on a Ray cluster (extra ``ray``): ``whyshare label IN... -o OUT --ray [ADDRESS]``.

Only the labelling leaves this machine, which is nearly all of the work: here one task reads the input, every finished
chunk is saved as a part and the output is written, so that a run resumes, and ends, exactly as it does without a
cluster. A worker is one process with the model; Ray Data starts a lost one again and gives it its chunks anew.
"""

import logging
import os
import pickle
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import ray
from ray.data import ActorPoolStrategy, DataContext, ExecutionResources

from ..data.errors import InputError, first_line
from ..models.settings import BUNDLED, model_fingerprints
from .chunks import Chunk, ChunkLabeller, windows
from .engines import usable_cores
from .labeller import Labeller
from .parts import Part

LOCAL = "local"  # a cluster of this machine's cores, for as long as the job runs
AHEAD = 32 * 2**20  # bytes of texts that may wait for each worker


class ClusterWorker:
    """One process of the cluster, with a model of its own."""

    def __init__(self, model: str | None, device: str, fingerprints: list[str]) -> None:
        self._folder = BUNDLED if model is None else Path(model)
        self._device = device
        self._fingerprints = fingerprints

    @cached_property
    def _labeller(self) -> ChunkLabeller:  # not in the constructor, where Ray would make a traceback of an error
        labeller = Labeller.load(self._folder, self._device, threads=1)
        if model_fingerprints(self._folder) != self._fingerprints:
            raise InputError(
                f"a worker of the cluster has another model in {self._folder}; copy the same folder to every machine"
            )
        return ChunkLabeller(labeller)

    def __call__(self, window: pa.Table) -> pa.Table:
        """Label the raw texts of a window."""
        return _row(self._labeller.label_window(_value(window)))


def _row(value: Any) -> pa.Table:
    """Make a table of one value; pickled, since a text may hold what Arrow's strings may not."""
    return pa.table({"value": pa.array([pickle.dumps(value)], pa.large_binary())})


def _value(row: pa.Table) -> Any:
    return pickle.loads(row["value"][0].as_py())


def label_on_cluster(
    read: Callable[[], Iterator[Chunk]], left: int, model: Path, device: str, address: str, workers: int | None = None
) -> Iterator[tuple[int, Part]]:
    """Label chunks on a cluster, in whatever order they are done.

    :param read: Gives the chunks; runs in another process of this machine, and again if that process is lost.
    :param left: The number of chunks.
    :param model: Must lie in the same place on every machine; the bundled model does where whyshare is installed.
    :param address: Of the cluster, ``auto`` for the one that this machine belongs to, or :data:`LOCAL`.
    :param workers: One for each core of the cluster, or for each GPU where these label, without it.
    :raises InputError: If there is no such cluster, or a worker's model is another one.
    """
    _connect(address, workers)
    try:
        unit = "GPU" if device == "cuda" else "CPU"
        units = int(ray.cluster_resources().get(unit, 0))
        if not units and unit == "GPU":
            raise InputError("no machine of the cluster has a GPU; leave --device out, or join one that has")
        count = min(left, workers or max(1, units))
        share: dict[str, Any] = {"num_gpus": 1} if unit == "GPU" else {"num_cpus": 1}
        context = DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.raise_original_map_exception = True
        context.target_max_block_size = 1  # byte: every window is a block of its own, and so a task of its own
        context.execution_options.resource_limits = ExecutionResources.for_limits(object_store_memory=AHEAD * count)
        here = {"ray.io/node-id": ray.get_runtime_context().get_node_id()}
        folder = None if model == BUNDLED else str(model.resolve())

        def read_windows(_: pa.Table) -> Iterator[pa.Table]:
            yield from map(_row, windows(read(), left, count))

        # A lost machine's workers find no place on the others, so fewer must do.
        pool = ActorPoolStrategy(min_size=1, max_size=count, initial_size=count)
        results = (
            ray.data.from_items([None])
            .map_batches(read_windows, batch_format="pyarrow", num_cpus=0, label_selector=here)
            .map_batches(
                ClusterWorker, fn_constructor_args=(folder, device, model_fingerprints(model)),
                batch_size=1, batch_format="pyarrow", compute=pool, **share,
            )
        )  # fmt: skip
        # Nothing is fetched ahead: a window would be held back, unsaved, until the next is done.
        batches: Any = iter(results.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0))
        with closing(batches):
            for batch in batches:
                yield from _value(batch)
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", error)
        if isinstance(cause, InputError | OSError):
            raise cause from None
        if not isinstance(cause, ray.exceptions.RayError):
            raise  # a fault of ours
        reason = (str(cause).splitlines() or [type(cause).__name__])[-1][:200]
        raise InputError(f"the cluster failed ({reason}); see that every machine has the same whyshare") from None
    finally:
        _settle()
        ray.shutdown()


def _settle() -> None:
    """Wait for the threads that Ray Data leaves behind: Ray ends the process, silently, under one that still calls it."""
    for thread in threading.enumerate():
        if thread.name.startswith(("iter_threaded", "StreamingExecutor")):
            thread.join(timeout=30)


def _connect(address: str, workers: int | None) -> None:
    """Start a cluster or join one, and keep Ray from writing on the terminal."""
    if "://" in address:
        raise InputError(f"{address} is for machines outside a cluster; join it with: ray start --address HOST:PORT")
    host, _, port = address.rpartition(":")
    options: dict[str, Any] = {"num_cpus": workers or usable_cores(), "include_dashboard": False}
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # which a cluster that is started here would send
    if address == LOCAL:  # where memory is scarce, Ray would kill every worker that it starts, for ever and in silence
        os.environ.setdefault("RAY_memory_monitor_refresh_ms", "0")
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    stop = signal.getsignal(signal.SIGTERM)
    try:
        if port.isdigit():  # Ray itself would wait for minutes where nobody listens
            socket.create_connection((host, int(port)), timeout=5).close()
        os.dup2(nowhere, 2)  # Ray's core says there, past Python, that it is told to be quiet
        options = options if address == LOCAL else {}
        ray.init(address, logging_level=logging.ERROR, log_to_driver=False, ignore_reinit_error=True, **options)
    except (OSError, ValueError, RuntimeError) as error:
        reason = first_line(error)
        raise InputError(f"no Ray cluster at {address} ({reason}); start one with: ray start --head") from None
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop or signal.SIG_DFL)  # Ray's own would end the process without a word
    ray._private.worker._worker_logs_enabled = False  # else lost workers are announced on standard output
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
