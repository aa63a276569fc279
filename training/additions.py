"""Add to training posts what is no part of them, so that the classifier learns to pass over it.

Scraped texts often carry more than the author wrote: a name or a handle before them, hashtags for reach, a place, a date or the
counts of an application behind them. The words of names and hashtags are those of other training posts.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ..data.cleaning import PLACEHOLDER, clean
from ..data.language import detect_language
from ..models.baseline import words_of

POOL_TEXTS = 5_000  # from which words are drawn
_SLOT = re.compile(r"\{(\w+)\}")  # in a template
_SIDES = ((1, 0), (1, 0), (0, 1), (0, 1), (0, 2), (1, 1))  # how many additions before and behind a post, equally often
_YEARS = datetime(2012, 1, 1), timedelta(days=15 * 365)
_DIGITS = 4.5  # of the largest count, at most


@dataclass(frozen=True)
class _Additions:
    """What may stand around a post of a language."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    places: tuple[str, ...]
    dates: tuple[str, ...]
    name: str


_CHINESE = _Additions(
    before=(
        "{name}：", "{name}：", "{name}:", "{name} {date} ", "{date} ", "@user：", "//@user:", "@user ", "#{word}# ", "#{word} ",
        "转：",
    ),
    after=(
        " #{word}", " #{word} #{word}", " #{word} #{word} #{word} #{word}", " #{word}#", "#{word}##{word}#", " {date}", " {date}",
        " 来自 {place}", " {place}", " IP属地：{place}", " {date} {place}", " 赞{count} 评论{count} 转发{count}",
        " 赞({count}) 评论({count})", " {count}次播放", " 阅读 {count}", "...", "……", "。", "…", " <url>", " @user", " {name}",
    ),
    places=("北京", "广东", "浙江", "成都", "杭州", "武汉", "西安", "南京", "河南", "山东", "重庆", "深圳", "福建", "长沙"),
    dates=(
        "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%m-%d", "%m-%d %H:%M", "%Y/%m/%d", "%Y年%m月%d日", "%m月%d日 %H:%M",
        "%H:%M", "昨天 %H:%M", "今天%H:%M", "3小时前",
    ),
    name="{word}{word}",
)  # fmt: skip
_ENGLISH = _Additions(
    before=(
        "{name}: ", "{name}: ", "{word}: ", "{name} · {date} ", "{date} ", "@user: ", "RT @user: ", "@user ", "#{word} ",
        "{word} - ", "Re: ",
    ),
    after=(
        " #{word}", " #{word} #{word}", " #{word} #{word} #{word} #{word}", " {date}", " {date}", " in {place}", " {place}",
        " {date} {place}", " {count} likes {count} comments", " {count} Retweets {count} Likes", " {count} views",
        " {count} upvotes", "...", "…", ".", " <url>", " @user", " @user @user", " {name}",
    ),
    places=("New York", "Texas", "Toronto", "Sydney", "Chicago", "India", "California", "Manchester", "Singapore", "Seattle"),
    dates=(
        "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%b %d, %Y", "%b %d", "%d %B %Y", "%B %d at %I:%M %p", "%I:%M %p · %b %d, %Y",
        "%m/%d/%Y", "%H:%M", "2h", "10 minutes ago", "%Y-%m-%dT%H:%M:%SZ",
    ),
    name="{word} {word}",
)  # fmt: skip


def with_additions(texts: Sequence[str], share: float, seed: int) -> list[str]:
    """Add something before or behind a share of clean texts, which stay clean; the others stay as they are.

    :param share: 0 to 1.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.random(len(texts)) < share
    if not chosen.any():
        return list(texts)
    pools = _words([texts[index] for index in rng.permutation(len(texts))[:POOL_TEXTS]])
    drawers = {additions: _drawer(additions, words, rng) for additions, words in pools.items()}
    return [drawers[_additions(text)](text) if add else text for text, add in zip(texts, chosen, strict=True)]


def _additions(text: str) -> _Additions:
    return _CHINESE if detect_language(text) == "zh" else _ENGLISH


def _words(texts: Sequence[str]) -> dict[_Additions, list[str]]:
    """Give the different words of texts."""
    pools: dict[_Additions, dict[str, None]] = {_CHINESE: {}, _ENGLISH: {}}
    for text in texts:
        words = words_of(PLACEHOLDER.sub(" ", text))
        pools[_additions(text)].update(dict.fromkeys(word for word in words if len(word) > 1 and word.isalpha()))
    return {additions: list(words) or ["a"] for additions, words in pools.items()}


def _drawer(additions: _Additions, words: Sequence[str], rng: np.random.Generator) -> Callable[[str], str]:
    """Make what puts additions around a text."""

    def one(choices: Sequence[str]) -> str:
        return choices[int(rng.integers(len(choices)))]

    def date() -> str:
        return (_YEARS[0] + rng.random() * _YEARS[1]).strftime(one(additions.dates))

    makers: Mapping[str, Callable[[], str]] = {
        "word": lambda: one(words),
        "name": lambda: filled(additions.name).title(),
        "place": lambda: one(additions.places),
        "date": date,
        "count": lambda: str(int(10 ** rng.uniform(0, _DIGITS))),
    }

    def filled(template: str) -> str:
        return _SLOT.sub(lambda slot: makers[slot[1]](), template)

    def around(text: str) -> str:
        before, after = _SIDES[rng.integers(len(_SIDES))]
        pieces = [filled(one(additions.before)) for _ in range(before)]
        return clean("".join([*pieces, text, *(filled(one(additions.after)) for _ in range(after))]))

    return around
