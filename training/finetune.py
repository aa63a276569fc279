"""Fine-tune an encoder on annotated posts into a model folder: ``whyshare train RECIPE -o FOLDER``.

Here are its steps. The recipe is in ``finetune_config.py``; what it learns from, in ``examples.py``; the loop, in
``finetuning_loop.py``; what turns the best checkpoint into a model folder, in ``folder.py``.
"""

import logging
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from transformers import (
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    set_seed,
)

from ..data.annotated import Annotated
from ..data.errors import InputError
from ..data.fingerprints import file_fingerprint
from ..data.locks import locked
from ..data.motives import MOTIVES
from ..models.bases import loading
from ..models.encoding import Encoder
from ..models.settings import ModelSettings
from .average import average_models, common_max_length
from .examples import split_posts, training_examples, validation_examples
from .finetune_config import FinetuneConfig
from .finetuning_loop import (
    check_unfinished,
    checkpoints_of,
    freeze,
    make_trainer,
    open_checkpoints,
    recipe_with_files,
    train_stage,
)
from .folder import (
    half_precision,
    head_of,
    move_bias,
    save_folder,
    settings_from_validation,
    settings_of,
    write_history,
    write_validation,
)
from .machine import best_attention, keep_few_kernels, keep_freed_memory
from .outputs import check_model_folder, full_disk_as_oserror
from .predict import predict_logits
from .scores import FEW, scores_without_training, warn_if_worse
from .settings import check_positions

log = logging.getLogger(__name__)

# What encoders call their rates
_DROPOUT = (
    "hidden_dropout_prob", "dropout", "mlp_dropout", "pooler_dropout", "cls_dropout",
    "classifier_dropout", "classifier_dropout_prob", "seq_classif_dropout",
)  # fmt: skip
_ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")

MOST_UNKNOWN = 0.5  # of the tokens of posts; with more a tokenizer is another's, or none
SAMPLE = 1000  # posts in which tokens are counted


def finetune(config: FinetuneConfig, folder: Path) -> ModelSettings:
    """Run the recipe and write the model folder.

    :param folder: Receives the model; checkpoints lie in ``FOLDER.checkpoints`` beside it until it is written. A run of
        the same recipe on the same files goes on from there.
    :return: The settings written, with the validation scores.
    :raises InputError: If a file or the base cannot be read, there are too few posts, something else would be lost in
        these folders, or another run is writing there.
    """
    checkpoints = checkpoints_of(folder)
    with locked(checkpoints, folder), full_disk_as_oserror(folder):
        check_model_folder(folder, checkpoints)
        settings = _finetune(config, folder, checkpoints)
        shutil.rmtree(checkpoints, ignore_errors=True)
    return settings


def _finetune(config: FinetuneConfig, folder: Path, checkpoints: Path) -> ModelSettings:
    keep_few_kernels()
    keep_freed_memory()
    set_seed(config.init_seed)
    origins = config.origins()
    location = next(iter(origins.values()))
    if config.average:
        config = replace(config, max_length=common_max_length(config.average))
    else:
        with loading(config.base):
            _check_base(config, AutoConfig.from_pretrained(location))
    posts, held = split_posts(config)
    _check_labels(posts)
    made_by = recipe_with_files(config)
    check_unfinished(checkpoints, made_by)
    for name, origin in origins.items():
        _warn_of_seen(config, name, Path(origin))
    model, tokenizer = _load(config, location, posts)
    encoder = Encoder(tokenizer.backend_tokenizer, config.max_length)
    open_checkpoints(checkpoints, made_by)
    datasets = {"validation": validation_examples(held, encoder, config)}
    history: list[dict[str, float]] = []
    if not config.average:
        datasets["training"] = training_examples(posts, held, encoder, config)
        _tell_of_sizes(len(datasets["training"]), len(held))
        history = train_stage(make_trainer(config, model, tokenizer, datasets, checkpoints))
    half_precision(model)  # the trainer has put the best checkpoint back into it
    logits = move_bias(model, predict_logits(model, datasets["validation"]["input_ids"]), held)
    settings, probs = settings_from_validation(config, held, logits)
    without = scores_without_training(None if config.average else Path(location), posts, held)
    settings = replace(settings, scores={**settings.scores, **without})
    warn_if_worse(settings.scores)
    folder.mkdir(parents=True, exist_ok=True)
    write_validation(folder, held, probs)
    if history:
        write_history(folder, history)
    save_folder(folder, config, model, tokenizer, settings)
    return settings


def _warn_of_seen(config: FinetuneConfig, name: str, model: Path) -> None:
    """Say so where a model has learnt posts that are validated on here: it was trained on them with another split.

    The split depends on the order of the files too.

    :param name: What the recipe calls the base, or one of the models that are averaged; ``model`` is its folder.
    """
    known = settings_of(model)
    own = {path: file_fingerprint(Path(path)) for path in config.validation or config.train}
    files = known.recipe.get("files", {})  # of an older model only its data is known
    theirs = [files.get(path) or known.data.get(Path(path).name) for path in known.recipe.get("train", ())]
    split = [known.recipe.get(key) for key in ("split_seed", "validation_share")]
    same = theirs == list(own.values()) and split == [config.split_seed, config.validation_share]
    own_files = config.validation or known.recipe.get("validation")  # on either side, so that one has no split
    seen = [path for path, digest in own.items() if digest in known.data.values()]
    instead = "average models with this recipe's split" if config.average else "start from an encoder"
    if seen and (own_files or not same):
        log.warning(
            "%s was trained on posts of %s, of which some are validated on here: the scores and the confidence will look "
            "too good; %s instead", name, ", ".join(seen), instead,
        )  # fmt: skip


def _load(
    config: FinetuneConfig, location: str, posts: Sequence[Annotated]
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load what the recipe starts from, and check that it can read its posts and be made a model folder.

    :param location: Of the base, or of the first of the models that are averaged.
    :raises InputError: If it cannot.
    """
    with loading(config.base):
        if config.average:
            model = average_models(config.average)
        else:
            model = load_classifier(location, config.dropout, config.layers, config.attention_dropout)
            freeze(model, config.frozen_layers)
        tokenizer = AutoTokenizer.from_pretrained(location)
    head_of(model)
    embeddings = model.get_input_embeddings()
    assert isinstance(embeddings, torch.nn.Embedding)
    _check_tokenizer(config, tokenizer, embeddings.num_embeddings, [post.cleaned for post in posts])
    return model, tokenizer


def load_classifier(
    location: str, dropout: float, layers: int = 0, attention_dropout: float | None = None
) -> PreTrainedModel:
    """Load an encoder, or its lowest layers, under a head of eight named motives; a new one if it has none of these.

    :param attention_dropout: Of the weights of attention; as ``dropout`` without it.
    """
    names = {number: str(motive) for number, motive in enumerate(MOTIVES)}
    label_ids = {name: number for number, name in names.items()}
    theirs = AutoConfig.from_pretrained(location).id2label
    config = AutoConfig.from_pretrained(location, id2label=names, label2id=label_ids)
    config.problem_type = "single_label_classification"
    if layers:
        config.num_hidden_layers = layers
        if getattr(config, "layer_types", None):  # of ModernBERT, one for each layer
            config.layer_types = config.layer_types[:layers]
    rates = dict.fromkeys(_DROPOUT, dropout)
    rates |= dict.fromkeys(_ATTENTION_DROPOUT, dropout if attention_dropout is None else attention_dropout)
    for name, rate in rates.items():
        if hasattr(config, name):
            setattr(config, name, rate)
    model = AutoModelForSequenceClassification.from_pretrained(
        location, config=config, attn_implementation=best_attention(), dtype=torch.float32, ignore_mismatched_sizes=True
    )  # a head of another size is left
    if len(theirs) == len(names) and theirs != names:  # one of this size was loaded, but its classes are no motives
        head = head_of(model)
        torch.nn.init.normal_(head.weight, std=getattr(config, "initializer_range", 0.02))
        torch.nn.init.zeros_(head.bias)
    return model


def _check_base(config: FinetuneConfig, base: PreTrainedConfig) -> None:
    if base.is_encoder_decoder or type(base) not in MODEL_FOR_MASKED_LM_MAPPING:
        raise InputError(
            f"base {config.base} is a {base.model_type} and no encoder; give a BERT, RoBERTa, ModernBERT or the like"
        )
    if config.layers > base.num_hidden_layers:
        raise InputError(f"layers is {config.layers}; base {config.base} has {base.num_hidden_layers}")
    kept = config.layers or base.num_hidden_layers
    if config.frozen_layers > kept:
        raise InputError(f"frozen_layers is {config.frozen_layers}; the model has {kept}")
    check_positions(config.max_length, config.base, base.to_dict())


def _check_tokenizer(
    config: FinetuneConfig, tokenizer: PreTrainedTokenizerBase, rows: int, texts: Sequence[str]
) -> None:
    """Check that a tokenizer is that of the model, since transformers makes one of no pieces where there is none.

    :param texts: Clean ones.
    """
    if not tokenizer.is_fast:
        raise InputError(f"base {config.base} has a tokenizer in Python alone; give a folder with its tokenizer.json")
    if len(tokenizer) > rows:
        raise InputError(
            f"base {config.base} has a tokenizer of {len(tokenizer)} pieces and embeddings of {rows}; give it its own"
        )
    sample = texts[:: max(1, len(texts) // SAMPLE)]
    encodings = tokenizer.backend_tokenizer.encode_batch_fast(sample, add_special_tokens=False)
    ids = [token for encoding in encodings for token in encoding.ids]
    unknown = ids.count(tokenizer.unk_token_id) / len(ids) if ids else 1.0
    if unknown > MOST_UNKNOWN:
        raise InputError(
            f"base {config.base} knows too little of these posts: {unknown:.0%} of their tokens are unknown; give a folder "
            "with the tokenizer's files too, or take a base of their language"
        )


def _tell_of_sizes(training: int, validation: int) -> None:
    log.info("%d posts to train on, %d to validate on", training, validation)
    if validation < FEW:
        log.warning(
            "%d posts to validate on are so few that the checkpoint is chosen by chance; annotate more", validation
        )


def _check_labels(posts: Sequence[Annotated]) -> None:
    missing = [str(motive) for motive in MOTIVES if motive not in {post.label for post in posts}]
    if len(missing) == len(MOTIVES) - 1:
        raise InputError("all training posts have the same motive; at least two are needed to learn a difference")
    if missing:
        log.warning("no training post has the motive %s; the model will hardly ever say so", ", ".join(missing))
