"""The finished parts of a job on disk: ``OUT.parts/`` beside the output, safe against a kill at any moment.

A part holds the results of one chunk of posts; it appears under its name only when it is whole and on the disk. The
manifest says what the parts belong to, so that work on another input, model or setting is never gone on with; and each
result is kept with the key of the text it was computed from, so that it is never joined to another text.
"""

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.cleaning import ends
from ..data.errors import DISK_FULL, InputError
from ..data.locks import locked
from ..data.whole_files import write_json, written_whole
from .labeller import DIGITS

MILLION = 10**DIGITS
MANIFEST = "manifest.json"
KEY = "V8"  # the type of keys in an array: 8 bytes as they are


def text_key(text: str) -> bytes:
    """Give 8 bytes that tell a raw text from others, by as much of it as is labelled."""
    return blake2b(ends(text).encode("utf-8", "surrogatepass"), digest_size=8).digest()


@dataclass(frozen=True)
class Part:
    """Results of a chunk, row by row: ``probs`` has shape (posts, 8), in millionths, zeros where there is no text."""

    keys: NDArray[np.void]  # of the texts
    probs: NDArray[np.int32]
    languages: NDArray[np.str_]
    truncated: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.probs)

    def __getitem__(self, rows: slice) -> "Part":
        return Part(self.keys[rows], self.probs[rows], self.languages[rows], self.truncated[rows])


class Parts:
    """The folder of parts of one output."""

    def __init__(self, output: Path) -> None:
        self.folder = output.with_name(output.name + ".parts")
        self._output = output

    def locked(self) -> AbstractContextManager[None]:
        """Keep a second run off this output; see :func:`.locks.locked`."""
        return locked(self.folder, self._output)

    def open(self, manifest: Mapping[str, Any], restart: bool) -> None:
        """Make the folder, or take up one that belongs to the same job.

        :raises InputError: If the parts there belong to another input, model or setting, or it is none of ours.
        """
        if self.folder.exists() and not self._is_ours():
            raise InputError(
                f"{self.folder} is in the way and holds no unfinished work; move it or choose another output"
            )
        if self.folder.exists() and not restart:
            found = self._manifest()
            changed = [key for key in manifest if found.get(key) != manifest[key]]
            if changed and self._any():
                raise InputError(
                    f"{self.folder} holds unfinished work with another {' and '.join(changed)}; "
                    "run the same command as then to go on, or add --restart to begin anew"
                )
        if restart or not self._any():
            self.remove()
        self.folder.mkdir(exist_ok=True)
        write_json(self.folder / MANIFEST, manifest)

    def input_before(self) -> dict[str, Any]:
        """Give the input that unfinished work is of, as its manifest has it; nothing where there is none."""
        found = self._manifest().get("input") if self._any() else None
        return found if isinstance(found, dict) else {}

    def _manifest(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def __contains__(self, number: int) -> bool:
        return self._path(number).is_file()

    def save(self, number: int, part: Part) -> None:
        """Write a part, whole or not at all."""
        with written_whole(self._path(number)) as temporary, temporary.open("wb") as file:
            np.savez(file, **vars(part))

    def load(self, number: int) -> Part:
        """Read a part.

        :raises InputError: If it is damaged; it is removed, so that the next run computes it again.
        """
        path = self._path(number)
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return Part(arrays["keys"], arrays["probs"], arrays["languages"], arrays["truncated"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            path.unlink(missing_ok=True)
            raise InputError(f"{path} is damaged ({error}) and was removed; run the same command again") from None

    def remove(self) -> None:
        """Remove the folder, in one step: parts that a kill would leave without their manifest belong to nothing."""
        removing = self.folder.with_name(f".{self.folder.name}.gone")
        shutil.rmtree(removing, ignore_errors=True)  # of a run that was killed here
        if self.folder.exists():
            self.folder.rename(removing)
            shutil.rmtree(removing, ignore_errors=True)

    def _any(self) -> bool:
        return any(self.folder.glob("[0-9]*.npz"))

    def _is_ours(self) -> bool:
        """Tell the folder of a stopped run: it has a manifest, or a kill came before that was written."""
        if not self.folder.is_dir():
            return False
        return (self.folder / MANIFEST).exists() or all(path.name[0] == "." for path in self.folder.iterdir())

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.npz"


@contextmanager
def full_disk_said(output: Path) -> Iterator[None]:
    """Turn a full disk into one clear line: what is done stays, and the same command goes on."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise InputError(
            f"no space left while writing {output}; what is done is kept: free some space and run the same command"
        ) from None
