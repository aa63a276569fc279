"""Which column holds the text, and how result columns join the input's without a clash."""

from collections.abc import Sequence

from .errors import InputError

# In order of preference; compared without case, spaces and underscores.
TEXT_COLUMNS = (
    "text", "content", "内容", "正文", "微博正文", "文本", "body", "post", "message", "caption", "fulltext", "tweet",
    "tweettext", "posttext", "微博内容", "博文", "博文内容", "帖子", "帖子内容", "笔记内容", "评论", "评论内容", "文案",
    "selftext", "comment", "sentence", "desc", "description", "标题", "title",
)  # fmt: skip


def find_column(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """Find the first of several names among the columns, whatever its case, spaces and underscores."""
    folded = {_folded(column): column for column in reversed(columns)}
    return next((folded[name] for name in map(_folded, names) if name in folded), None)


def find_text_column(columns: Sequence[str], wanted: str | None, file: str) -> str:
    """Find the column of the texts: the one asked for, or one with a usual name.

    :raises InputError: If there is none; the line lists the columns.
    """
    listed = ", ".join(columns[:50]) + (", ..." if len(columns) > 50 else "")
    if wanted is not None:
        found = wanted if wanted in columns else find_column(columns, [wanted])
        if found is None:
            raise InputError(f"{file} has no column {wanted!r}; it has {listed}")
        return found
    found = find_column(columns, TEXT_COLUMNS)
    if found is None:
        raise InputError(f"{file} has no text column among {listed}; name it with --text-column")
    return found


def merge_columns(columns: Sequence[str], added: Sequence[str]) -> dict[str, str]:
    """Name the added columns so that none overwrites another: ``motive`` becomes ``motive_whyshare`` on a clash."""
    taken = {_folded(column) for column in columns}
    names: dict[str, str] = {}
    for column in added:
        name = column
        while _folded(name) in taken:
            name += "_whyshare"
        taken.add(_folded(name))
        names[column] = name
    return names


def _folded(name: str) -> str:
    return name.casefold().replace(" ", "").replace("_", "").replace("\ufeff", "")
