"""Files at addresses such as ``s3://bucket/posts/*.parquet``, which fsspec lists and copies (extra ``s3``)."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from glob import has_magic
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from .errors import DISK_FULL, InputError, first_line

log = logging.getLogger(__name__)

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://")
_OURS = ("aiobotocore", "botocore", "fsspec", "s3fs")  # packages of the extra
_ADVICE = {
    "NoCredentialsError": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or FSSPEC_S3_ANON=true for a public bucket",
    "PermissionError": "ask its owner for access, or check your credentials",
}


def is_address(path: str) -> bool:
    """Tell an address, ``PROTOCOL://...``, from a local path."""
    return _ADDRESS.match(path) is not None


def split_address(path: str) -> tuple[str, str]:
    """Split off the sheet or table: ``"s3://b/posts.xlsx::May" -> ("s3://b/posts.xlsx", "::May")``."""
    address, mark, part = path.rpartition("::")
    return (path, "") if not mark or "://" in part else (address, mark + part)


def find_files(path: str, is_wanted: Callable[[Path], bool]) -> list[str]:
    """Expand ``*`` in an address to all files that match, and a folder to the files in it that are wanted.

    :raises InputError: If nothing is there, or it may not be seen.
    """
    address, part = split_address(path)
    with _told(address):
        files, place = _open(address)
        if has_magic(place) and not files.exists(place):
            found = files.glob(place, detail=True).values()
        elif files.info(place)["type"] != "directory":
            return [path]
        else:
            found = [each for each in files.ls(place, detail=True) if is_wanted(Path(each["name"]))]
        names = sorted(each["name"] for each in found if each["type"] == "file")
        if not names:
            raise InputError(f"no file of posts at {address}; check the address")
        return [files.unstrip_protocol(name) + part for name in names]


def copy_file(address: str, folder: Path) -> Path:
    """Copy a file into a folder, under its own name.

    :raises InputError: If it cannot be read.
    :raises OSError: If the disk is full.
    """
    with _told(address):
        files, place = _open(address)
        target = folder / (PurePosixPath(urlsplit(place).path if address.startswith("http") else place).name or "file")
        size = files.info(place).get("size")  # which not every server tells
        log.info("copying %s%s", address, f" ({size / 1e6:.1f} MB)" if size else "")
        files.get_file(place, str(target))
        return target


def _open(address: str) -> tuple[Any, str]:
    import fsspec

    files, place = fsspec.core.url_to_fs(address)
    return files, place


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Say in one line why an address cannot be read; each protocol has errors of its own."""
    try:
        yield
    except InputError:
        raise
    except ImportError as error:
        missing = getattr(error.__cause__ or error, "name", None) or str(error)
        package = "whyshare[s3]" if missing in _OURS else missing
        raise InputError(f'{missing} is not installed; {address} needs: pip install "{package}"') from None
    except FileNotFoundError:
        raise InputError(f"no such file or bucket: {address}; check the address") from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            raise
        advice = _ADVICE.get(type(error).__name__, "check the address")
        raise InputError(f"{address} cannot be read ({first_line(error)}); {advice}") from None
