"""Keep a second run off an output that one is writing."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import InputError
from .whole_files import check_folder

log = logging.getLogger(__name__)

# What file systems say that have no locks, some network ones among them; NotImplementedError is filelock's word for it.
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.EIO}


@contextmanager
def locked(work: Path, output: Path) -> Iterator[None]:
    """Hold the lock of an output.

    Where the file system has no locks, the run goes on with a warning: files are written whole and parts are joined to
    their own texts alone, so that two runs on one output may stop each other but never mix.

    :param work: The folder beside the output where what is done so far is kept; the lock lies beside it.
    :raises InputError: If another run holds it, or nothing can be written there.
    """
    file = work.with_name(f".{work.name}.lock")
    lock = FileLock(file)
    check_folder(file.parent)  # the lock itself takes a place where it cannot be made for a taken one
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"another run is writing {output}; wait for it or choose another output (if there is none, remove {file})"
        ) from None
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
            raise InputError(f"cannot write {output} ({error.strerror}); choose another output") from None
        log.warning("the disk of %s has no locks (%s); start no second run on this output", output, error)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open
            file.unlink(missing_ok=True)
        lock.release()
