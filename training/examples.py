"""What the classifier learns from: token ids with the answers it should give, of annotated posts and of teachers' texts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from datasets import Dataset

from ..data.annotated import Annotated
from ..data.cleaning import clean
from ..models.encoding import Encoder
from .pseudo import read_pseudo
from .targets import FloatArray, class_weights, soft_targets

if TYPE_CHECKING:
    from .finetune import FinetuneConfig


def validation_examples(posts: Sequence[Annotated], encoder: Encoder, config: "FinetuneConfig") -> Dataset:
    """Encode annotated posts by the one path that inference uses too."""
    return _examples([clean(post.text) for post in posts], soft_targets(posts, config.secondary_share), encoder)


def training_examples(
    posts: Sequence[Annotated], held: Sequence[Annotated], encoder: Encoder, config: "FinetuneConfig"
) -> Dataset:
    """Encode annotated posts, whose targets weigh rare motives up, and the texts of the recipe's pseudo-labels.

    A post that teachers have labelled too gets a mean of both, ``config.teacher_share`` of it theirs (Hinton et al.,
    2015); another text gets what the teachers say, who have weighed the motives already.

    :param held: The validation posts; texts of theirs are left out.
    """
    texts = [clean(post.text) for post in posts]
    weights = class_weights(np.array([post.label.position for post in posts]), config.class_weight_power)
    targets = soft_targets(posts, config.secondary_share) * weights
    taught = {text: probs for file in config.pseudo for text, probs in zip(*read_pseudo(Path(file)), strict=True)}
    share = config.teacher_share
    for row, text in enumerate(texts):
        if text in taught:
            targets[row] = (1 - share) * targets[row] + share * taught[text]
    known = {*texts, *(clean(post.text) for post in held)}
    more = [text for text in taught if text not in known]
    return _examples([*texts, *more], np.vstack([targets, *(taught[text] for text in more)]), encoder)


def _examples(texts: Sequence[str], targets: FloatArray, encoder: Encoder) -> Dataset:
    encoded = encoder.encode_clean(texts)
    return Dataset.from_dict(
        {
            "input_ids": [item.ids for item in encoded],
            "length": [len(item.ids) for item in encoded],
            "labels": targets.astype(np.float32).tolist(),
        }
    )
