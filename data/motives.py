"""The eight motives: the only place where their order, names and definitions are written down.

The codebook that annotators work from is ``CODEBOOK.md`` beside this file.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Wording:
    """What people read about a motive, in both languages."""

    en: str
    zh: str
    gain_en: str
    gain_zh: str


class Motive(StrEnum):
    """Why a post was shared: one outside reason (``benefit``), then seven inside reasons.

    A motive is a plain string, so ``Motive.HELP == "help"``; iteration gives the label order of every model,
    file and table.
    """

    BENEFIT = "benefit"
    EXISTENCE = "existence"
    BELONGING = "belonging"
    UNIQUENESS = "uniqueness"
    VALUE = "value"
    ATTENTION = "attention"
    HELP = "help"
    WARNING = "warning"

    @property
    def en(self) -> str:
        """The English name, such as ``Direct benefit``."""
        return WORDINGS[self].en

    @property
    def zh(self) -> str:
        """The Chinese name, such as ``直接利益``."""
        return WORDINGS[self].zh

    @property
    def both(self) -> str:
        """The label and the Chinese name, such as ``benefit 直接利益``."""
        return f"{self} {self.zh}"

    @property
    def gain_en(self) -> str:
        """What the author gets out of it, in one English line."""
        return WORDINGS[self].gain_en

    @property
    def gain_zh(self) -> str:
        """What the author gets out of it, in one Chinese line."""
        return WORDINGS[self].gain_zh

    @property
    def position(self) -> int:
        """The column of this motive in every array of probabilities, 0 to 7."""
        return MOTIVES.index(self)


WORDINGS: dict[Motive, Wording] = {
    Motive.BENEFIT: Wording(
        "Direct benefit", "直接利益", "I post because I get paid or may win.", "发了有钱拿、有奖中。"
    ),
    Motive.EXISTENCE: Wording(
        "Announce existence", "宣告存在", "I am here; this is my moment.", "我在这里，这是我的此刻。"
    ),
    Motive.BELONGING: Wording(
        "Find similar people",
        "寻找同类",
        "Anyone else like me? We are the same.",
        "有人和我一样吗？我们是一类人。",
    ),
    Motive.UNIQUENESS: Wording(
        "Show uniqueness",
        "展示独特",
        "Look what I have, did, am or know how to do.",
        "看我有什么、做了什么、会什么。",
    ),
    Motive.VALUE: Wording(
        "Provide value",
        "提供价值",
        "You will want to know, see or use this.",
        "这个你会想知道、想看、用得上。",
    ),
    Motive.ATTENTION: Wording(
        "Attract attention",
        "吸引关注",
        "Look at me: see how it hurts, how outrageous it is.",
        "看看我：多痛，多气人。",
    ),
    Motive.HELP: Wording("Seek help", "寻求帮助", "Please do something for me or for them.", "请帮帮我，帮帮他们。"),
    Motive.WARNING: Wording(
        "Crisis warning", "危机预警", "Danger! Watch out, tell everyone.", "危险！注意，告诉大家。"
    ),
}

MOTIVES: tuple[Motive, ...] = tuple(Motive)
