"""What the classifier learns from: annotated posts and teachers' texts, as token ids with the answers it should give."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from datasets import Dataset

from ..data.annotated import Annotated, load_annotated
from ..data.cleaning import clean
from ..data.errors import InputError
from ..data.language import in_languages
from ..models.encoding import Encoder
from .finetune_config import FinetuneConfig
from .pseudo import read_pseudo
from .targets import FloatArray, class_weights, soft_targets, split_with_extra


def split_posts(config: FinetuneConfig) -> tuple[list[Annotated], list[Annotated]]:
    """Load the annotated files of a recipe.

    :return: The posts to train on, as often as they are to be repeated, and those kept for validation.
    :raises InputError: If nothing would be left on one side.
    """
    files = [load_annotated(Path(path)) for path in (*config.train, *config.extra)]
    posts = [post for file in files for post in file]
    splittable = sum(map(len, files[: len(config.train)]))
    training, validation = split_with_extra(posts, splittable, config.validation_share, config.split_seed)
    repeats = np.repeat(config.repeats or [1] * len(files), [len(file) for file in files])

    kept, held = (
        [posts[index] for index in indices if in_languages(clean(posts[index].text), config.languages)]
        for indices in (np.repeat(training, repeats[training]), validation)
    )
    if not kept or not held:
        where = f" in {', '.join(config.languages)}" if config.languages else ""
        raise InputError(f"too few posts{where} to train and validate on; annotate more")
    return kept, held


def validation_examples(posts: Sequence[Annotated], encoder: Encoder, config: FinetuneConfig) -> Dataset:
    """Encode annotated posts by the one path that inference uses too."""
    return _examples([clean(post.text) for post in posts], soft_targets(posts, config.secondary_share), encoder)


def training_examples(
    posts: Sequence[Annotated], held: Sequence[Annotated], encoder: Encoder, config: FinetuneConfig
) -> Dataset:
    """Encode annotated posts, whose targets weigh rare motives up, and the texts of the recipe's pseudo-labels.

    A post that teachers have labelled too gets a mean of both, ``config.teacher_share`` of it theirs (Hinton et al.,
    2015); another text gets what the teachers say. Rare motives weigh more there too.

    :param held: The validation posts; texts of theirs are left out.
    """
    texts = [clean(post.text) for post in posts]
    weights = class_weights(np.array([post.label.position for post in posts]), config.class_weight_power)
    targets = soft_targets(posts, config.secondary_share) * weights
    taught = {
        text: probs * weights
        for file in config.pseudo
        for text, probs in zip(*read_pseudo(Path(file)), strict=True)
        if in_languages(text, config.languages)
    }
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
