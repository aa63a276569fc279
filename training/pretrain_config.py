"""The recipe of pretraining: what ``whyshare pretrain`` reads, with its defaults and ranges."""

import math
from dataclasses import dataclass, field

from ..models.bases import MINILM
from .settings import check_ranges
from .vocabulary import VocabularyConfig

RANGES = {
    **dict.fromkeys(("vocabulary_texts", "word_vector_width", "batch_tokens"), (1, math.inf)),
    **dict.fromkeys(("generator_layers", "weak_min_texts"), (1, math.inf)),
    **dict.fromkeys(("replaced_weight", "weak_weight", "weight_decay"), (0, math.inf)),
    "max_length": (6, math.inf),  # shorter texts are left out
    "comment_share": (0, 1),
    "warmup_share": (0, 0.99),
    "learning_rate": (1e-9, 1),
    "seed": (0, 2**32 - 1),
}


@dataclass(frozen=True)
class PretrainConfig:
    """The recipe of one pretrained encoder."""

    corpora: tuple[str, ...]  # tables with the column text
    held_out: tuple[str, ...] = ()  # tables whose texts must not be trained on
    tokens: tuple[int, ...] = (8_000_000, 4_000_000)  # of each corpus, at most
    comment_share: float = 0.4  # of the comments without a weak label that are kept; all others are
    base: str = MINILM
    new_vocabulary: bool = True  # false: go on with an encoder that whyshare pretrained or trimmed, in its vocabulary
    vocabulary: VocabularyConfig = field(default_factory=VocabularyConfig)
    vocabulary_texts: int = 150_000  # of each corpus, to count pieces in
    word_vector_width: int = 200
    max_length: int = 96  # tokens, special ones included
    batch_tokens: int = 4096
    mask_share: float = 0.2
    replaced_weight: float = 0.0  # of the loss on replaced tokens beside the masked words'; 0: nothing is replaced
    generator_layers: int = 2  # copies of the encoder's lowest, which replace what is masked
    weak_weight: float = 0.0  # of the loss on weak labels beside the masked words'; 0: these are not learnt
    weak_min_texts: int = 50  # a weak label that fewer texts carry is left out
    learning_rate: float = 3e-4
    warmup_share: float = 0.05
    weight_decay: float = 0.01
    seed: int = 13  # seeds sampling, initialisation, order and masks

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)
        if len(self.tokens) != len(self.corpora):
            raise ValueError(f"tokens names {len(self.tokens)} budgets for {len(self.corpora)} corpora; give one each")
        if not 0 < self.mask_share < 1:
            raise ValueError(f"mask_share is {self.mask_share}; a share between 0 and 1 is needed")
