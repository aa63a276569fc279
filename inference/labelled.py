"""What the labeller says about one post."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..data.language import Language
from ..data.motives import MOTIVES, Motive
from ..data.results import PROBABILITY_COLUMNS


@dataclass(frozen=True, slots=True)
class Labelled:
    """The label of one post; printing it gives one line.

    A post without any text after cleaning has no motive: ``motive`` and ``runner_up`` are None, ``confidence`` and the
    probabilities are 0; it is not ``uncertain``, since there is no motive to doubt.
    """

    motive: Motive | None
    confidence: float
    runner_up: Motive | None
    probabilities: Mapping[Motive, float] = field(hash=False)
    language: Language
    truncated: bool
    uncertain: bool

    def as_columns(self) -> dict[str, Any]:
        """Give the columns that ``whyshare label`` adds to a file, in their order: ``motive``, ``motive_zh``, ..."""
        probs = (self.probabilities[motive] for motive in MOTIVES)
        return {
            "motive": str(self.motive or ""),
            "motive_zh": self.motive.zh if self.motive else "",
            "confidence": self.confidence,
            "runner_up": str(self.runner_up or ""),
            **dict(zip(PROBABILITY_COLUMNS, probs, strict=True)),
            "language": self.language,
            "truncated": self.truncated,
            "uncertain": self.uncertain,
        }

    def __str__(self) -> str:
        if self.motive is None:
            return "no text"
        mark = " (uncertain)" if self.uncertain else ""
        return f"{self.motive.both} {self.confidence:.2f}{mark}"
