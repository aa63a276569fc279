"""Labels without texts: share annotations of posts that may not be shared, and join them with the texts again.

A stand-off file has for each post its id, source, labels, and the SHA-256 of its cleaned text. Whoever has the posts
can join the two; nobody can read a post out of it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .annotated import load_annotated
from .columns import TextColumn
from .errors import InputError
from .fingerprints import clean_fingerprint, text_fingerprint
from .posts import Reject
from .reading import open_table, read_posts


def detach(path: Path) -> Iterator[dict[str, Any]]:
    """Give the rows of an annotated file without their texts, under our own names whatever the file calls its columns."""
    posts = load_annotated(path)
    given = {name for post in posts for name in post.fields}
    for post in posts:
        row = {
            "id": post.id,
            "sha256": clean_fingerprint(post.cleaned),
            "lang": post.language,
            "source": post.source,
            "label": str(post.label),
            "secondary": str(post.secondary) if post.secondary else None,
            "certainty": post.certainty,
            "care": post.care,
            "sampling": post.fields.get("sampling"),
        }
        yield {name: value for name, value in row.items() if name not in {"source", "sampling"} or name in given}


@dataclass
class Hydration:
    """What a join found: the rows with their texts, how many rows lack one, by source, and what could not be read."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    missing: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)


def hydrate(standoff: Path, texts: Sequence[str | Path], text_column: TextColumn = None) -> Hydration:
    """Join a stand-off file with the texts in files of posts, by fingerprint.

    :raises InputError: If the file has no fingerprints, or a row of it cannot be read.
    """
    rows = [row.values for row in open_table(standoff).whole_rows(standoff)]
    if not rows or any("sha256" not in row for row in rows):
        raise InputError(f"{standoff} has no column 'sha256'; a file that whyshare data detach wrote is needed")
    wanted = {str(row["sha256"]) for row in rows}
    result = Hydration()
    found = _find(wanted, read_posts(*texts, text_column=text_column, on_reject=result.rejects.append))
    for values in rows:
        text = found.get(str(values["sha256"]))
        if text is None:
            result.missing[str(values.get("source") or "unknown source")] += 1
        else:
            result.rows.append({**values, "text": text})
    return result


def _find(wanted: set[str], posts: Iterable[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for post in posts:
        fingerprint = text_fingerprint(post.text)
        if fingerprint in wanted:
            found.setdefault(fingerprint, post.text)
    return found
