"""Which column holds the text, and how result columns join the input's without a clash."""

import re
from collections.abc import Collection, Sequence

from .errors import InputError

TextColumn = str | Sequence[str] | None  # one name, or several that are read together; None for the usual names

# In order of preference; compared without case, spaces and underscores. A column named comment or 评论 is not among them:
# in exports of posts it counts them.
TEXT_COLUMNS = (
    "fulltext", "textraw", "text", "content", "内容", "正文", "微博正文", "文本", "body", "post", "message", "caption", "tweet",
    "tweettext", "posttext", "postcontent", "postmessage", "微博内容", "博文", "博文内容", "帖子", "帖子内容", "笔记内容",
    "评论内容", "博文原文", "文案", "rawcontent", "contenttext", "全文", "全文内容", "正文内容", "帖子正文", "笔记正文", "推文",
    "推文内容", "动态内容", "文字内容", "文章内容", "标题/微博内容", "标题／微博内容", "strcontent", "contents", "textoriginal",
    "textdisplay", "commenttext", "sharecommentary", "selftext", "hitsentence", "openingtext", "sentence", "desc",
    "description", "snippet", "摘要", "微博", "txt", "标题", "文章标题", "title", "headline",
)  # fmt: skip
_UNNAMED = re.compile(r"column_\d+")  # as tables call them
_TITLES = ("title", "标题", "帖子标题", "笔记标题")


def find_column(columns: Sequence[str], names: Sequence[str]) -> str | None:
    """Find the first of several names among the columns, whatever its case, spaces and underscores."""
    folded = {_folded(column): column for column in reversed(columns)}
    return next((folded[name] for name in map(_folded, names) if name in folded), None)


def find_text_columns(columns: Sequence[str], wanted: TextColumn, file: str, may_come: bool = False) -> tuple[str, ...]:
    """Find the columns that make up the texts: those asked for, or the first with a usual name.

    :param may_come: Whether rows may have columns besides these; then one that is asked for is taken as it is named.
    :raises InputError: If there is none; the line lists the columns.
    """
    if not wanted:
        usual = usual_text_columns(columns)
        if not usual:
            raise no_text_column(columns, file)
        return usual[:1]
    found = {}
    for name in names_in(wanted):
        column = name if may_have(columns, name) else find_column(columns, [name])
        if column is None and not may_come:
            raise InputError(f"{file} has no column {name!r}; it has {listed(columns)}{_title_advice(columns)}")
        found[column or name] = name
    return tuple(found)


def may_have(columns: Collection[str], name: str) -> bool:
    """Tell whether columns have a name, or one within which it may lie, as in JSON: ``mblog.text`` in ``mblog``."""
    return name in columns or name.partition(".")[0] in columns


def no_text_column(columns: Sequence[str], file: str, nested: Sequence[str] = ()) -> InputError:
    """Give the error of a file without a text column.

    :param nested: Paths within the columns at which texts may be.
    """
    advice = f"name it with --text-column{_title_advice(columns)}"
    if nested:
        advice = f"name what is within one, such as --text-column {nested[0]}"
    return InputError(f"{file} has no text column among {listed(columns)}; {advice}")


def listed(columns: Sequence[str]) -> str:
    """Name the columns, of many the first fifty."""
    return ", ".join(columns[:50]) + (", ..." if len(columns) > 50 else "")


def _title_advice(columns: Sequence[str]) -> str:
    """Say what to do about a title above the header, which names one column or, as Excel saves it, only the first."""
    named = [column for column in columns if not _UNNAMED.fullmatch(column)]
    return "; if that is a title, delete the lines above the header" if len(named) == 1 else ""


def names_in(wanted: TextColumn) -> Sequence[str]:
    """Give the names that were asked for: ``"text" -> ["text"]``."""
    return [wanted] if isinstance(wanted, str) else wanted or []


def usual_text_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Find all columns with a usual name for texts, the likeliest first."""
    found = (find_column(columns, [name]) for name in TEXT_COLUMNS)
    return tuple(dict.fromkeys(column for column in found if column is not None))


def text_rank(columns: Collection[str]) -> int:
    """Give the place of the likeliest text column in the order of usual names, which is their number if there is none."""
    places = (place for place, name in enumerate(TEXT_COLUMNS) if find_column([*columns], [name]))
    return next(places, len(TEXT_COLUMNS))


def title_beside(columns: Sequence[str], text_column: str) -> str | None:
    """Find the column of titles, which a post of Reddit or Xiaohongshu has beside its body."""
    title = find_column(columns, _TITLES)
    return None if title == text_column else title


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
