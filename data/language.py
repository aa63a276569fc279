"""Which language a post is written in, by its letters alone."""

import re
from collections.abc import Collection
from typing import Literal

from .cleaning import PLACEHOLDER

Language = Literal["zh", "en", "mixed", "other"]

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['’][A-Za-z]+)*")
_OTHER_LETTER = re.compile(r"[^\W\d_]")


def detect_language(text: str) -> Language:
    """Tell Chinese from English posts; everything else is ``mixed`` or ``other``.

    A Han character counts as one word. A post is Chinese or English when at least 80% of its words are; ``mixed``
    when it has both, ``other`` when most letters are neither (Japanese kana, Cyrillic...) or there are none.
    Latin script is taken for English.

    ``detect_language("加油 Leicester") -> "mixed"``
    """
    text = PLACEHOLDER.sub(" ", text)
    han, latin = len(_HAN.findall(text)), len(_LATIN_WORD.findall(text))
    letters = len(_OTHER_LETTER.findall(_LATIN_WORD.sub("", text))) - han
    words = han + latin
    if words == 0 or letters > words:
        return "other"
    if han >= 0.8 * words:
        return "zh"
    if latin >= 0.8 * words:
        return "en"
    return "mixed"


def in_languages(text: str, languages: Collection[str]) -> bool:
    """Tell whether a text is in one of some languages; where none is named, every text is."""
    return not languages or detect_language(text) in languages
