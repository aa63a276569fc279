"""Continue masked-language training of an encoder on unlabelled posts: ``whyshare pretrain RECIPE -o FOLDER``.

Here is the model: a new vocabulary is grafted onto the base, which then learns to fill in masked words, or to find where
a generator has filled them in, and beside that to tell the weak labels of the corpus apart. The recipe is in
``pretrain_config.py``; what it learns from is made in ``pretraining_texts.py``; the loop is in ``pretraining_loop.py``.
"""

import logging
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from tokenizers.models import Unigram, WordPiece
from transformers import AutoConfig, AutoModel, AutoTokenizer, BertConfig, BertForPreTraining

from ..data.errors import InputError
from ..data.whole_files import write_json
from ..models.bases import MINI, base_location, loading
from .folder import pretraining_stages
from .graft import graft_embeddings, shared_rows, train_word_vectors
from .machine import best_attention, best_device, keep_few_kernels, keep_freed_memory
from .masking import PackedTexts, TokenIds
from .outputs import CHECKPOINT, RECIPE, TOKENS, encoder_folder
from .pretrain_config import PretrainConfig
from .pretraining_loop import train
from .pretraining_texts import prepare
from .replaced import REPLACED, ReplacedTokens
from .settings import check_positions, input_fingerprints
from .weak import WeakTasks

log = logging.getLogger(__name__)


def pretrain(config: PretrainConfig, folder: Path) -> None:
    """Run the recipe; ``folder`` then holds an encoder that ``from_pretrained`` loads, the recipe and the log.

    A stopped run of the same recipe on the same files goes on from there.

    :raises InputError: If a corpus or the base cannot be read, the base is no BERT or lies in ``folder``, too few texts are
        left, something else would be lost in ``folder``, or another run is writing there.
    """
    location = base_location(config.base)
    _check_base(config, location, folder)
    files = input_fingerprints((*config.corpora, *config.held_out), {config.base: location})
    recipe = asdict(config) | {"files": files}
    with encoder_folder(folder, recipe):
        folder.mkdir(exist_ok=True)
        write_json(folder / RECIPE, recipe)
        _pretrain(replace(config, base=location), folder, config.base)


def _pretrain(config: PretrainConfig, folder: Path, base: str) -> None:
    """Choose the texts, train and save.

    :param base: What the recipe calls the base, whose location stands in ``config``.
    """
    torch.manual_seed(config.seed)
    if not (folder / TOKENS).is_file():
        prepare(config, folder)
    keep_few_kernels()
    keep_freed_memory()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    packed = PackedTexts.load(folder / TOKENS)
    device = torch.device(best_device())
    checkpoint = folder / CHECKPOINT
    weak_tasks = WeakTasks.load(folder / "weak_labels.json")
    with loading(base):
        if config.new_vocabulary:
            model = grafted_model(config, tokenizer.backend_tokenizer, packed, from_checkpoint=checkpoint.is_file())
        else:
            model = continued_model(config, packed)
    model.cls.seq_relationship = weak_head(config.base, weak_tasks, model.config.hidden_size)
    if config.replaced_weight:
        setattr(model, REPLACED, ReplacedTokens(model, config.generator_layers))
    model.to(device)  # type: ignore[arg-type]
    train(config, model, packed, TokenIds.of(tokenizer), weak_tasks.rivals().to(device), folder, checkpoint)
    if config.replaced_weight:
        delattr(model, REPLACED)
    model.save_pretrained(folder)


def _check_base(config: PretrainConfig, location: str, folder: Path) -> None:
    """Refuse, before anything is written, a base that would be lost, is no BERT, or whose positions or pieces do not do."""
    for base in (location, *(stage["base"] for stage in pretraining_stages(Path(location)))):
        if folder.exists() and Path(base).exists() and folder.samefile(base):
            whose = "is" if base == location else f"was pretrained from {base}, which is"
            raise InputError(f"base {config.base} {whose} the output folder too; choose another --output")
    with loading(config.base):
        base_config = AutoConfig.from_pretrained(location)
    if base_config.model_type != "bert":
        raise InputError(
            f"base {config.base} is a {base_config.model_type}; pretrain goes on from a BERT alone: give one, or {MINI}"
        )
    if config.replaced_weight and config.generator_layers > base_config.num_hidden_layers:
        raise InputError(
            f"generator_layers is {config.generator_layers}, but base {config.base} has {base_config.num_hidden_layers} "
            "layers; lower it"
        )
    check_positions(config.max_length, config.base, base_config.to_dict())
    with loading(config.base):
        tokenizer = AutoTokenizer.from_pretrained(location)
    pieces = tokenizer.backend_tokenizer.model
    if config.new_vocabulary and not isinstance(pieces, WordPiece):  # by whose ## the pieces within words are told
        raise InputError(f"base {config.base} has no WordPiece vocabulary to graft from; set new_vocabulary = false")
    if not config.new_vocabulary and (not isinstance(pieces, Unigram) or tokenizer.mask_token_id is None):
        raise InputError(f"base {config.base} has a vocabulary of another kind; give it a new one (new_vocabulary)")


def grafted_model(
    config: PretrainConfig, tokenizer: Tokenizer, packed: PackedTexts, from_checkpoint: bool
) -> BertForPreTraining:
    """Put the base's body under the embeddings of the new vocabulary and a fresh masked-language head."""
    bert_config = plain_config(config.base)
    bert_config.vocab_size = tokenizer.get_vocab_size()
    model = BertForPreTraining(bert_config)
    if from_checkpoint:
        return model
    body = AutoModel.from_pretrained(config.base)
    base_embeddings = body.embeddings.word_embeddings.weight.detach().numpy()
    state = {name: value for name, value in body.state_dict().items() if "word_embeddings" not in name}
    missing = model.bert.load_state_dict(state, strict=False)
    log.info("from %s: missing %s", config.base, missing.missing_keys)
    words = train_word_vectors(
        list(packed), tokenizer.get_vocab_size(), config.word_vector_width, config.seed, torch.get_num_threads()
    )
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    han = np.array(["\u3400" <= piece[0] <= "\u9fff" for piece, _ in pieces])
    own, theirs = shared_rows(AutoTokenizer.from_pretrained(config.base).backend_tokenizer, tokenizer)
    embeddings = graft_embeddings(base_embeddings, own, theirs, words, han)
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight.copy_(torch.from_numpy(embeddings))
        model.cls.predictions.bias.copy_(torch.from_numpy(np.log(packed.frequencies(len(pieces)))))
    return model


def continued_model(config: PretrainConfig, packed: PackedTexts) -> BertForPreTraining:
    """Load an encoder that was pretrained here; one that has been fine-tuned since gets a fresh masked-language head."""
    loaded: Any = BertForPreTraining.from_pretrained(
        config.base, config=plain_config(config.base), dtype=torch.float32, ignore_mismatched_sizes=True,
        output_loading_info=True,
    )  # fmt: skip
    model, loading = loaded
    if "cls.predictions.bias" in loading["missing_keys"]:
        with torch.no_grad():
            model.cls.predictions.bias.copy_(torch.from_numpy(np.log(packed.frequencies(model.config.vocab_size))))
    return model


def weak_head(base: str, weak_tasks: WeakTasks, width: int) -> torch.nn.Linear:
    """Make the head of the weak labels, in the place that BERT kept for the next sentence, or go on with the base's."""
    head = torch.nn.Linear(width, max(2, len(weak_tasks.classes)))
    learnt = Path(base) / "weak_labels.json"
    if learnt.is_file() and WeakTasks.load(learnt) == weak_tasks:
        with safe_open(learnt.with_name("model.safetensors"), "pt") as tensors:
            head.load_state_dict(
                {name: tensors.get_tensor(f"cls.seq_relationship.{name}") for name in ("weight", "bias")}
            )
    return head


def plain_config(location: str) -> BertConfig:
    """Read the base's configuration, without dropout: in one pass there is nothing to overfit."""
    bert_config = BertConfig.from_pretrained(location)
    bert_config.hidden_dropout_prob = bert_config.attention_probs_dropout_prob = 0.0
    bert_config._attn_implementation = best_attention()
    return bert_config
