"""Which posts are alike since one person wrote them: intervals take the posts of a cluster together."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..data.columns import find_column
from ..data.errors import InputError

AUTHORS = (
    "author", "author_id", "user", "user_id", "username", "screen_name", "nickname",
    "作者", "用户", "用户名", "用户昵称", "用户id", "博主", "昵称",
    "作者uid", "作者id", "作者昵称", "博主昵称", "发布者", "uid", "用户uid", "用户名称", "博主id", "博主uid", "发布人",
    "发布者id", "发布者昵称", "微博作者", "账号", "账号昵称", "作者名", "作者名称", "author_name", "author_username",
)  # fmt: skip
SOURCES = ("source", "来源")
LEAST_CLUSTERS = 20  # of fewer values, resamples would say little
POSTS = "posts"  # the unit where each post stands for itself


def cluster_columns(columns: Sequence[str], asked: str | None, usual: Sequence[str]) -> list[str]:
    """Name the columns that may hold the clusters: the one asked for, or those with usual names, the likeliest first.

    :param asked: What ``--cluster`` names, if anything.
    :raises InputError: If there is no such column.
    """
    if asked is not None and asked in columns:
        return [asked]
    if asked not in (None, POSTS):
        raise InputError(f"there is no column {asked!r} for --cluster; there are {', '.join(columns)}")
    found = [find_column(columns, [name]) for name in usual if asked is None]
    return list(dict.fromkeys(name for name in found if name is not None))


def choose_clusters(
    columns: Sequence[str], values: Callable[[str], list[str]], asked: str | None
) -> tuple[str, list[str] | None]:
    """Name what intervals are drawn by, and give the cluster of each post; None where that is the post.

    :param columns: As :func:`cluster_columns` gives them.
    :param values: Gives the cluster of each post by a column; a post of ``""`` is its own cluster.
    :raises InputError: If the column asked for has the same value in all posts.
    """
    for name in columns:
        clusters = values(name)
        count = count_clusters(clusters)
        if asked == name and count < 2:
            raise InputError(f"column {name!r} has one value in all posts; at least 2 are needed for --cluster")
        if asked == name or LEAST_CLUSTERS <= count < len(clusters):
            return name, clusters
    return POSTS, None


def cluster_of(value: Any) -> str:
    """Name the cluster that a value stands for; ``""`` for none, or for what is no single value, such as a user's whole record."""
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def each_named(clusters: Sequence[str | None]) -> Iterator[str]:
    """Give each post without a cluster one of its own: ``["ann", "", None] -> ["ann", "row 1", "row 2"]``."""
    return (name or f"row {row}" for row, name in enumerate(clusters))


def count_clusters(clusters: Sequence[str | None]) -> int:
    """Count them, each ``""`` for itself."""
    return len(set(each_named(clusters)))
