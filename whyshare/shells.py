"""Commands as people type them: whyshare shows some, to be copied."""

import os
import re
import shlex
from collections.abc import Iterable

WINDOWS = os.name == "nt"
_SPECIAL = re.compile(r"""[\s!"#$&'()*;<>?\[\]^`{|}~]""")  # to some shell
_SPECIAL_IN_QUOTES = re.compile(r'["$`\\!]')  # to all but that of Windows


def typed(words: Iterable[str]) -> str:
    """Join words into a command that any shell takes: ``["mix", "春节.csv", "my check.xlsx"] -> mix 春节.csv "my check.xlsx"``.

    In double quotes, since cmd.exe takes single ones for letters of the name.
    """
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if not WINDOWS and _SPECIAL_IN_QUOTES.search(word):
        return shlex.quote(word)
    return f'"{word}"' if not word or _SPECIAL.search(word) else word
