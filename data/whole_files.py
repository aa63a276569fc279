"""Files that are there whole or not at all, whatever happens while they are written."""

import hashlib
import json
import os
import platform
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from .errors import DISK_FULL, InputError

_MARK = ".whyshare-"  # begins the name of a temporary file: .whyshare-MACHINE-PROCESS-RANDOM.writing
_DAY = 86_400  # seconds


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary file to fill; it is brought to the disk and gets its name in one step, or is removed.

    The file is no other process's: where two write one path, it holds what one of them wrote.
    """
    _remove_leftovers(path.absolute().parent)
    temporary = _new_file(path.parent)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(path, temporary)  # a private file stays private
        try:
            temporary.replace(path)
        except PermissionError as error:  # Windows lets no file be replaced that a program holds open
            raise InputError(
                f"cannot write {path} ({error.strerror}); close it where it is open, or choose another output if it is "
                "another user's, and run the same command again"
            ) from None
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON, whole or not at all."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    with written_whole(path) as temporary:  # half an emoji is escaped as JSON does it
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def check_folder(folder: Path) -> None:
    """Refuse a folder that takes no file; the trial leaves nothing.

    :raises InputError: If it does not.
    """
    try:
        _new_file(folder).unlink()
    except OSError as error:
        if error.errno in DISK_FULL:
            raise
        raise InputError(f"cannot write into folder {folder} ({error.strerror}); choose another output") from None


def check_place(path: Path) -> None:
    """Refuse a file that :func:`written_whole` could not write.

    :raises InputError: If its folder takes no file, its name is too long, or it may not be replaced.
    """
    folder = path.absolute().parent
    check_folder(folder)
    try:
        file = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"cannot write {path} ({error.strerror}); choose another output") from None
    if not _may_replace(file, folder.stat()):
        raise InputError(f"{path} is another user's and may not be replaced; choose another output")


def _may_replace(file: os.stat_result, folder: os.stat_result) -> bool:
    """Tell whether a file can be replaced, which in a sticky folder, such as ``/tmp``, its owner alone may do."""
    if os.name == "nt" or not folder.st_mode & stat.S_ISVTX:
        return True
    return os.geteuid() in {0, file.st_uid, folder.st_uid}


def _new_file(folder: Path) -> Path:
    """Make an empty temporary file, with the permissions of any new file."""
    path = folder / f"{_MARK}{_machine()}-{os.getpid()}-{secrets.token_hex(4)}.writing"
    path.touch(exist_ok=False)
    return path


@cache  # a folder of parts is not searched for each part
def _remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of killed processes: those of this machine that are gone, and whatever is a day old."""
    for path in folder.glob(f"{_MARK}*-*-*"):
        machine, process, _ = path.name.removeprefix(_MARK).split("-", 2)
        with suppress(OSError):  # another run was faster
            if time.time() - path.stat().st_mtime > _DAY or (machine == _machine() and not _is_running(process)):
                path.unlink()


def _is_running(process: str) -> bool:
    if os.name == "nt":  # where asking would stop it
        return True
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return False
    except OSError:  # it is another user's
        return True
    return True


@cache
def _machine() -> str:
    """Tell this machine, and the container in it, from others that see the same folder and have the same process numbers."""
    processes = ""
    with suppress(OSError):
        processes = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.blake2b(f"{platform.node()} {processes}".encode(), digest_size=4).hexdigest()
