"""The chunks of a batch job on a Ray cluster (extra ``ray``): ``whyshare label IN... -o OUT --ray [ADDRESS]``.

Only the labelling leaves this machine, which is nearly all of the work: here the input is read, every finished chunk is
saved as a part and the output is written, so that a run resumes, and ends, exactly as it does without a cluster. A
worker is one process with the model and one core; Ray starts a lost one again and gives it its chunk anew.
"""

import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..data.errors import InputError
from ..data.fingerprints import file_fingerprint
from ..models.settings import BUNDLED, WEIGHTS_FILE
from .chunks import Chunk, ChunkLabeller, windows
from .engines import usable_cores
from .labeller import Labeller
from .parts import Part

LOCAL = "local"  # a cluster of this machine's cores, for as long as the job runs


class ClusterWorker:
    """One process of the cluster, with a model of its own."""

    def __init__(self, model: str | None, device: str) -> None:
        folder = BUNDLED if model is None else Path(model)
        self._labeller = ChunkLabeller(Labeller.load(folder, device, threads=1))
        self._weights = file_fingerprint(folder / WEIGHTS_FILE)

    def weights(self) -> str:
        """Give the fingerprint of the weights that this worker has loaded."""
        return self._weights

    def label(self, window: Sequence[Chunk]) -> list[tuple[int, Part]]:
        """Label the raw texts of some chunks."""
        return self._labeller.label_window(window)


def label_on_cluster(
    chunks: Iterator[Chunk], left: int, model: Path, device: str, address: str, workers: int | None = None
) -> Iterator[tuple[int, Part]]:
    """Label chunks on a cluster, in whatever order they are done.

    :param left: The number of chunks.
    :param model: Must lie in the same place on every machine; the bundled model does where whyshare is installed.
    :param address: Of the cluster, ``auto`` for the one that this machine belongs to, or :data:`LOCAL`.
    :param workers: One for each core of the cluster without it.
    :raises InputError: If there is no such cluster, or a worker's model is another one.
    """
    import ray
    from ray.util import ActorPool

    host, _, port = address.rpartition("//")[2].rpartition(":")
    quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False, "ignore_reinit_error": True}
    try:
        if port.isdigit():  # Ray itself would wait for minutes where nobody listens
            socket.create_connection((host, int(port)), timeout=5).close()
        if address == LOCAL:
            ray.init(num_cpus=workers or usable_cores(), include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0][:120]
        raise InputError(f"no Ray cluster at {address} ({reason}); start one with: ray start --head") from None
    try:
        count = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        remote: Any = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=-1)(ClusterWorker)
        started = [remote.remote(None if model == BUNDLED else str(model.resolve()), device) for _ in range(count)]
        own = file_fingerprint(model / WEIGHTS_FILE)
        if any(weights != own for weights in ray.get([worker.weights.remote() for worker in started])):
            raise InputError(
                f"a worker of the cluster has other weights in {model}; copy the same folder to every machine"
            )
        pool = ActorPool(started)
        for window in windows(chunks, left, count):
            if not pool.has_free():
                yield from pool.get_next_unordered()
            pool.submit(lambda worker, window: worker.label.remote(window), window)
        while pool.has_next():
            yield from pool.get_next_unordered()
    finally:
        ray.shutdown()
