"""What the classifier learns from: annotated posts and teachers' texts, as token ids with the answers it should give."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from ..data.annotated import Annotated, load_annotated, parse_label_map
from ..data.errors import InputError
from ..data.language import in_languages
from ..models.encoding import Encoder
from .additions import with_additions
from .finetune_config import FinetuneConfig
from .pseudo import read_pseudo
from .targets import FloatArray, class_weights, soft_targets, split_with_extra

log = logging.getLogger(__name__)


def split_posts(config: FinetuneConfig) -> tuple[list[Annotated], list[Annotated]]:
    """Load the annotated files of a recipe.

    :return: The posts to train on, as often as they are to be repeated, and those kept for validation.
    :raises InputError: If nothing would be left on one side.
    """
    files = _load((*config.train, *config.extra), config)
    posts = [post for file in files for post in file]
    if config.validation:
        validation = [post for file in _load(config.validation, config) for post in file]
        training = _not_among(validation, posts)
    else:
        splittable = sum(map(len, files[: len(config.train)]))
        training, held_out = split_with_extra(posts, splittable, config.validation_share, config.split_seed)
        validation = [posts[index] for index in held_out]
    repeats = np.repeat(config.repeats or [1] * len(files), [len(file) for file in files])

    kept, held = (
        [post for post in chosen if in_languages(post.cleaned, config.languages)]
        for chosen in ([posts[index] for index in np.repeat(training, repeats[training])], validation)
    )
    if not kept or not held:
        where = f" in {', '.join(config.languages)}" if config.languages else ""
        raise InputError(f"too few posts{where} to train and validate on; annotate more")
    return kept, held


def _load(paths: Iterable[str], config: FinetuneConfig) -> list[list[Annotated]]:
    label_map = parse_label_map(config.label_map)
    columns = config.text_column or None, config.label_column or None
    return [load_annotated(Path(path), *columns, label_map) for path in paths]


def _not_among(validation: Sequence[Annotated], posts: Sequence[Annotated]) -> NDArray[np.int64]:
    """Give the indices of posts whose texts are not validated on."""
    held = {post.cleaned for post in validation}
    training = [index for index, post in enumerate(posts) if post.cleaned not in held]
    if len(training) < len(posts):
        log.warning("%d training posts are among the validation posts too, and left out", len(posts) - len(training))
    return np.array(training, dtype=np.int64)


def validation_examples(posts: Sequence[Annotated], encoder: Encoder, config: FinetuneConfig) -> Dataset:
    """Encode annotated posts by the one path that inference uses too."""
    return _examples([post.cleaned for post in posts], soft_targets(posts, config.secondary_share), encoder)


def training_examples(
    posts: Sequence[Annotated], held: Sequence[Annotated], encoder: Encoder, config: FinetuneConfig
) -> Dataset:
    """Encode annotated posts, whose targets weigh rare motives up, and the texts of the recipe's pseudo-labels.

    A post that teachers have labelled too gets a mean of both, ``config.teacher_share`` of it theirs (Hinton et al.,
    2015); another text gets what the teachers say. Rare motives weigh more there too.

    :param held: The validation posts; texts of theirs are left out.
    """
    texts = [post.cleaned for post in posts]
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
    known = {*texts, *(post.cleaned for post in held)}
    more = [text for text in taught if text not in known]
    shown = with_additions([*texts, *more], config.additions_share, config.seed)
    return _examples(shown, np.vstack([targets, *(taught[text] for text in more)]), encoder)


def _examples(texts: Sequence[str], targets: FloatArray, encoder: Encoder) -> Dataset:
    encoded = encoder.encode_clean(texts)
    return Dataset.from_dict(
        {
            "input_ids": [item.ids for item in encoded],
            "length": [len(item.ids) for item in encoded],
            "labels": targets.astype(np.float32).tolist(),
        }
    )
