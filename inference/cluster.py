"""The same job on a Ray cluster: actors hold the model, the driver reads, saves parts and writes the output."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..data.errors import InputError
from .chunks import ChunkLabeller
from .labeller import Labeller
from .parts import Part

if TYPE_CHECKING:
    from .job import Job

RETRIES = 5  # times that a chunk is tried anew when its worker is lost


def label_on_ray(job: "Job", chunks: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, Part]]:
    """Label chunks on a cluster, in whatever order they are done.

    A worker that is lost is started anew and its chunk given out again. The model folder must be on every node under
    the same path, as it is when whyshare is installed there.
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise InputError('ray is not installed; --ray needs: pip install "whyshare[ray]"') from None
    try:
        ray.init(address=None if job.ray == "local" else job.ray, log_to_driver=False, ignore_reinit_error=True)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError(f"no Ray cluster at {job.ray} ({error}); start one or leave the address out") from None
    workers = job.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    actor_type: Any = ray.remote(num_cpus=1, max_restarts=RETRIES, max_task_retries=RETRIES)(_RemoteLabeller)
    idle = [actor_type.remote(str(job.model), job.device) for _ in range(workers)]
    running: dict[Any, tuple[int, Any]] = {}
    try:
        for number, texts in chunks:
            if not idle:
                yield from _finished(ray, running, idle)
            actor = idle.pop()
            running[actor.label.remote(texts)] = (number, actor)
        while running:
            yield from _finished(ray, running, idle)
    except ray.exceptions.RayError as error:
        raise InputError(f"the cluster failed ({error}); what is done is kept: run the same command again") from None
    finally:
        ray.shutdown()


def _finished(ray: Any, running: dict[Any, tuple[int, Any]], idle: list[Any]) -> Iterator[tuple[int, Part]]:
    for reference in ray.wait(list(running), num_returns=1)[0]:
        number, actor = running.pop(reference)
        part = ray.get(reference)
        idle.append(actor)
        yield number, part


class _RemoteLabeller:
    def __init__(self, model: str, device: str) -> None:
        self._chunks = ChunkLabeller(Labeller.load(model, device, threads=1))

    def label(self, texts: list[str]) -> Part:
        return self._chunks.label(texts)
