"""The eight motives: the only place where their order, names and definitions are written down.

The codebook that annotators work from is ``CODEBOOK.md`` beside this file, in Chinese ``CODEBOOK.zh-CN.md``.
"""

from enum import StrEnum
from typing import Self


class Motive(StrEnum):
    """Why a post was shared: one outside reason (``benefit``), then seven inside reasons.

    A motive is a plain string, so ``Motive.HELP == "help"``; iteration gives the label order of every model,
    file and table. ``en`` and ``zh`` are its names, ``gain_en`` and ``gain_zh`` what the author gets out of it, in one
    line.
    """

    en: str
    zh: str
    gain_en: str
    gain_zh: str

    BENEFIT = "benefit", "Direct benefit", "直接利益", "I post because I get paid or may win.", "发了有钱拿、有奖中。"
    EXISTENCE = (
        "existence",
        "Announce existence",
        "宣告存在",
        "I am here; this is my moment.",
        "我在这里，此刻的我是这样。",
    )
    BELONGING = (
        "belonging",
        "Find similar people",
        "寻找同类",
        "Anyone else like me? We are the same.",
        "有人和我一样吗？我们是一类人。",
    )
    UNIQUENESS = (
        "uniqueness",
        "Show uniqueness",
        "展示独特",
        "Look what I have, did, am or know how to do.",
        "看我有什么、做了什么、会什么。",
    )
    VALUE = (
        "value",
        "Provide value",
        "提供价值",
        "You will want to know, see or use this.",
        "这个你会想知道、想看、用得上。",
    )
    ATTENTION = (
        "attention",
        "Attract attention",
        "吸引关注",
        "Look at me: see how it hurts, how outrageous it is.",
        "看看我：多痛，多气人。",
    )
    HELP = "help", "Seek help", "寻求帮助", "Please do something for me or for them.", "请帮帮我，帮帮他们。"
    WARNING = "warning", "Crisis warning", "危机预警", "Danger! Watch out, tell everyone.", "危险！注意，告诉大家。"

    def __new__(cls, label: str, en: str, zh: str, gain_en: str, gain_zh: str) -> Self:
        """Make a motive that equals its label."""
        motive = str.__new__(cls, label)
        motive._value_ = label
        motive.en, motive.zh, motive.gain_en, motive.gain_zh = en, zh, gain_en, gain_zh
        return motive

    @property
    def both(self) -> str:
        """The label and the Chinese name, such as ``benefit 直接利益``."""
        return f"{self} {self.zh}"

    @property
    def position(self) -> int:
        """The column of this motive in every array of probabilities, 0 to 7."""
        return MOTIVES.index(self)


MOTIVES: tuple[Motive, ...] = tuple(Motive)
NO_POST = "null 不是帖子"  # what an annotator chooses where the codebook says null, written like ``both`` of a motive
