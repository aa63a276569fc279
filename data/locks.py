"""Keep a second run off an output that one is writing."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import InputError


@contextmanager
def locked(work: Path, output: Path) -> Iterator[None]:
    """Hold the lock of an output.

    :param work: The folder beside the output where what is done so far is kept; the lock lies beside it.
    :raises InputError: If another run holds it, or nothing can be written there.
    """
    lock = FileLock(work.with_name(f".{work.name}.lock"))
    try:
        Path(lock.lock_file).touch()  # the lock itself takes a place where it cannot be made for a taken one
    except OSError as error:
        raise InputError(f"cannot write {output} ({error.strerror}); choose another output") from None
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"another run is writing {output}; wait for it or choose another output") from None
    try:
        yield
    finally:
        with suppress(PermissionError):  # Windows removes no file that is open
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()
