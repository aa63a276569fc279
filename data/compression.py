"""Packed files of text: ``.gz``, ``.bz2``, ``.xz`` and ``.zst``."""

import gzip
import io
from pathlib import Path
from typing import IO, BinaryIO, cast

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")  # endings
MAGIC = {b"\x1f\x8b": ".gz", b"BZh91AY&SY": ".bz2", b"\xfd7zXZ\x00": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}


def unpack(packed: BinaryIO, ending: str) -> IO[bytes]:
    """Give what a packed file holds, as a stream; damage is an error when it is read.

    Of ``.zst`` any window is taken, since the dumps of Reddit have one of 2 GiB, which is the memory they need.
    """
    if ending == ".gz":
        return cast(IO[bytes], gzip.GzipFile(fileobj=packed))
    if ending == ".zst":
        from backports import zstd

        stream = zstd.ZstdFile(packed, options={zstd.DecompressionParameter.window_log_max: 31})
        return cast(IO[bytes], stream)
    if ending == ".xz":
        import lzma  # which some builds of Python lack, like bz2

        return lzma.LZMAFile(packed)
    import bz2

    return bz2.BZ2File(packed)


def pack(path: Path, ending: str) -> IO[bytes]:
    """Open a file for writing; what is written is packed if the ending says so, the same bytes for the same content."""
    if ending == ".gz":
        file = io.FileIO(path, "w")
        packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0)  # without the name, which is a temporary one
        packed.myfileobj = file  # it is closed with the other
        return cast(IO[bytes], packed)
    if ending == ".zst":
        from backports import zstd

        return cast(IO[bytes], zstd.ZstdFile(path, "wb"))
    if ending == ".xz":
        import lzma

        return lzma.LZMAFile(path, "wb")
    if ending == ".bz2":
        import bz2

        return bz2.BZ2File(path, "wb")
    return path.open("wb")
