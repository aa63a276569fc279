"""Continue masked-language training of an encoder on unlabelled posts: ``whyshare pretrain RECIPE -o FOLDER``.

Read the corpus, build the vocabulary, graft it onto the base, then learn to fill in masked words and, beside them, to
tell the weak labels of the corpus apart. Chinese words are masked whole (jieba), masks are drawn anew at every step, and
batches hold a number of tokens, not of posts. The loop runs on a GPU or on two CPU cores, in bfloat16 on either, and
goes on where it was stopped.
"""

import json
import logging
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from tokenizers import Tokenizer
from torch.utils.tensorboard import SummaryWriter
from transformers import AutoModel, BertConfig, BertForPreTraining, PreTrainedTokenizerFast

from ..data.errors import InputError
from ..models.bases import MINILM, base_location
from .corpus import CorpusText, held_out_fingerprints, read_corpus
from .graft import graft_embeddings, shared_rows, train_word_vectors
from .masking import PackedTexts, mask_batch, token_budget_batches
from .memory import keep_freed_memory
from .vocabulary import (
    SPECIAL_TOKENS,
    VocabularyConfig,
    count_candidates,
    fit_unigram,
    segment_words,
    unknown_rate,
    word_starts,
)
from .weak import WeakTasks, weak_loss

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PretrainConfig:
    """The recipe of one pretrained encoder."""

    corpora: tuple[str, ...]  # JSONL files, .xz or plain
    held_out: tuple[str, ...] = ()  # JSONL files whose texts must not be trained on
    tokens: tuple[int, ...] = (8_000_000, 4_000_000)  # of each corpus, at most
    comment_share: float = 0.4  # of the comments without a weak label that are kept; all others are
    base: str = MINILM
    new_vocabulary: bool = True  # false: go on with an encoder that whyshare pretrained, and keep its vocabulary
    vocabulary: VocabularyConfig = field(default_factory=VocabularyConfig)
    vocabulary_texts: int = 150_000  # of each corpus, to count pieces in
    word_vector_width: int = 200
    max_length: int = 96  # tokens, special ones included
    batch_tokens: int = 4096
    mask_share: float = 0.2
    weak_weight: float = 0.0  # of the loss on weak labels beside the masked words'; 0: these are not learnt
    weak_min_texts: int = 50  # a weak label that fewer texts carry is left out
    learning_rate: float = 3e-4
    warmup_share: float = 0.05
    weight_decay: float = 0.01
    checkpoint_minutes: float = 5.0
    seed: int = 13  # seeds sampling, initialisation, order and masks

    def __post_init__(self) -> None:
        if len(self.tokens) != len(self.corpora):
            raise ValueError(f"tokens names {len(self.tokens)} budgets for {len(self.corpora)} corpora; give one each")
        if not 0 < self.mask_share < 1:
            raise ValueError(f"mask_share is {self.mask_share}; a share between 0 and 1 is needed")


def pretrain(config: PretrainConfig, folder: Path) -> None:
    """Run the recipe; ``folder`` then holds an encoder that ``from_pretrained`` loads, the recipe and the log."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(json.dumps(asdict(config), indent=2, ensure_ascii=False), encoding="utf-8")
    torch.manual_seed(config.seed)
    if not (folder / "tokens.npz").is_file():
        prepare(config, folder)
    keep_freed_memory()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    packed = PackedTexts.load(folder / "tokens.npz")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    checkpoint = folder / "checkpoint.pt"
    weak_tasks = WeakTasks.load(folder / "weak_labels.json")
    if config.new_vocabulary:
        model = grafted_model(config, tokenizer, packed, from_checkpoint=checkpoint.is_file())
    else:
        model = continued_model(config, packed)
    model.cls.seq_relationship = weak_head(config.base, weak_tasks, model.config.hidden_size)
    model.to(device)  # type: ignore[arg-type]
    train(config, model, packed, weak_tasks.rivals().to(device), folder, checkpoint)
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=512, cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]",
        unk_token="[UNK]", mask_token="[MASK]",
    ).save_pretrained(folder)  # fmt: skip


def prepare(config: PretrainConfig, folder: Path) -> None:
    """Build the vocabulary and the token ids of the chosen texts, and save both."""
    held_out = held_out_fingerprints([Path(path) for path in config.held_out])
    rng = random.Random(config.seed)
    corpora = [list(read_corpus(Path(path), held_out)) for path in config.corpora]
    for corpus in corpora:
        rng.shuffle(corpus)
    tokenizer = Tokenizer.from_file(str(Path(base_location(config.base)) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if config.new_vocabulary:
        sample = [item.text for corpus in corpora for item in corpus[: config.vocabulary_texts]]
        counts = count_candidates(sample, tokenizer, config.vocabulary, (w for t in sample for w in segment_words(t)))
        tokenizer = fit_unigram(counts, sample[::3])
    elif [tokenizer.id_to_token(number) for number in range(len(SPECIAL_TOKENS))] != list(SPECIAL_TOKENS):
        raise InputError(f"base {config.base} has a vocabulary of another kind; give it a new one (new_vocabulary)")
    tokenizer.save(str(folder / "tokenizer.json"))
    weak_tasks = WeakTasks.count((item for corpus in corpora for item in corpus), config.weak_min_texts)
    weak_tasks.save(folder / "weak_labels.json")
    for path, corpus in zip(config.corpora, corpora, strict=True):
        rate = unknown_rate(tokenizer, [item.text for item in corpus[-20_000:]])
        log.info("%s: %d texts, unknown %.3f %%", Path(path).name, len(corpus), 100 * rate)
    packed = PackedTexts.pack(_encode(config, tokenizer, corpora, weak_tasks, rng))
    packed.save(folder / "tokens.npz")
    log.info("vocabulary %d, %d texts, %d tokens", tokenizer.get_vocab_size(), len(packed), packed.tokens)
    log.info("%d texts have one of %d weak labels", (packed.weak >= 0).sum(), len(weak_tasks.classes))


def _encode(
    config: PretrainConfig, tokenizer: Tokenizer, corpora: list[list[CorpusText]], weak_tasks: WeakTasks,
    rng: random.Random,
) -> Iterator[tuple[list[int], list[bool], int]]:  # fmt: skip
    """Give token ids, word starts and weak labels of texts until each corpus's budget is spent."""
    tokenizer.enable_truncation(config.max_length)
    numbers = weak_tasks.numbers()
    for corpus, budget in zip(corpora, config.tokens, strict=True):
        kept = [
            item
            for item in corpus
            if item.kind != "comment" or item.weak_label is not None or rng.random() < config.comment_share
        ]
        for start in range(0, len(kept), 10_000):
            chunk = kept[start : start + 10_000]
            for item, encoding in zip(chunk, tokenizer.encode_batch([item.text for item in chunk]), strict=True):
                if len(encoding.ids) >= 6:
                    weak = numbers.get((item.source, item.weak_label), -1)
                    yield encoding.ids, word_starts(item.text, encoding.tokens, encoding.offsets), weak
                    budget -= len(encoding.ids)
            if budget <= 0:
                break
    tokenizer.no_truncation()


def grafted_model(
    config: PretrainConfig, tokenizer: Tokenizer, packed: PackedTexts, from_checkpoint: bool
) -> BertForPreTraining:
    """Put the base's body under the embeddings of the new vocabulary and a fresh masked-language head."""
    location = base_location(config.base)
    bert_config = plain_config(location)
    bert_config.vocab_size = tokenizer.get_vocab_size()
    model = BertForPreTraining(bert_config)
    if from_checkpoint:
        return model
    body = AutoModel.from_pretrained(location)
    base_embeddings = body.embeddings.word_embeddings.weight.detach().numpy()
    state = {name: value for name, value in body.state_dict().items() if "word_embeddings" not in name}
    missing = model.bert.load_state_dict(state, strict=False)
    log.info("from %s: missing %s", config.base, missing.missing_keys)
    words = train_word_vectors(
        list(packed), tokenizer.get_vocab_size(), config.word_vector_width, config.seed, torch.get_num_threads()
    )
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    han = np.array(["\u3400" <= piece[0] <= "\u9fff" for piece, _ in pieces])
    own, theirs = shared_rows(Tokenizer.from_file(f"{location}/tokenizer.json"), tokenizer)
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
    # Without a GPU, plain attention trains twice as fast as torch's fused kernel.
    bert_config._attn_implementation = "sdpa" if torch.cuda.is_available() else "eager"
    return bert_config


def train(
    config: PretrainConfig, model: BertForPreTraining, packed: PackedTexts, rivals: torch.Tensor, folder: Path,
    checkpoint: Path,
) -> None:  # fmt: skip
    """Pass once over the texts; a hundredth of them is kept for validation."""
    rng = np.random.default_rng(config.seed)
    order = rng.permutation(len(packed))
    validation, training = order[: len(order) // 100], order[len(order) // 100 :]
    batches = token_budget_batches(packed.lengths, training, config.batch_tokens, rng)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, betas=(0.9, 0.98), weight_decay=config.weight_decay, fused=True
    )
    warmup = max(1, int(config.warmup_share * len(batches)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, max(0.0, (len(batches) - step) / (len(batches) - warmup)))
    )
    first = 0
    if checkpoint.is_file():
        state = torch.load(checkpoint, map_location=model.device, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = state["step"]
    model.train()
    writer = SummaryWriter(str(folder / "tensorboard"))
    started = saved = time.monotonic()
    seen = 0
    losses: list[tuple[float, float]] = []
    for step in range(first, len(batches)):
        batch_rng = np.random.default_rng((config.seed, step))  # masks do not depend on where a run was resumed
        masked, weak = batch_losses(model, packed, batches[step], config.mask_share, batch_rng, rivals)
        (masked + config.weak_weight * weak).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
        losses.append((masked.item(), weak.item()))
        seen += int(packed.lengths[batches[step]].sum())
        if (step + 1) % 50 == 0 or step + 1 == len(batches):
            rate = seen / (time.monotonic() - started)
            entry = {"step": step + 1, "of": len(batches), **_mean_losses(losses), "tokens_per_s": round(rate)}
            _record(folder / "log.jsonl", writer, entry)
            losses.clear()
        if time.monotonic() - saved > 60 * config.checkpoint_minutes:
            _save_checkpoint(checkpoint, model, optimizer, schedule, step + 1)
            saved = time.monotonic()
    _save_checkpoint(checkpoint, model, optimizer, schedule, len(batches))
    scores = validate(config, model, packed, rivals, validation)
    entry = {"step": len(batches), **{f"validation_{name}": value for name, value in scores.items()}}
    _record(folder / "log.jsonl", writer, entry)
    writer.close()


def batch_losses(
    model: BertForPreTraining, packed: PackedTexts, indices: NDArray[np.int64], mask_share: float,
    rng: np.random.Generator, rivals: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """Mask a batch and give the mean cross-entropy of its masked tokens and that of its weak labels, in nats."""
    mask_id, special = SPECIAL_TOKENS.index("[MASK]"), len(SPECIAL_TOKENS)
    batch = mask_batch(packed, indices, mask_share, mask_id, model.config.vocab_size, special, rng)
    device = model.device
    chosen = torch.from_numpy(batch.chosen).to(device)
    weak = torch.from_numpy(packed.weak[indices].astype(np.int64)).to(device)
    labelled = weak >= 0
    with torch.autocast(device.type, torch.bfloat16):
        output = model.bert(
            torch.from_numpy(batch.input_ids).to(device),
            attention_mask=torch.from_numpy(batch.attention_mask).to(device),
        )
        logits = model.cls.predictions(output.last_hidden_state[chosen])  # only masked tokens pay for the softmax
        masked = torch.nn.functional.cross_entropy(logits, torch.from_numpy(batch.targets).to(device))
        if not labelled.any():
            return masked, masked.new_zeros(())
        return masked, weak_loss(model.cls.seq_relationship(output.pooler_output[labelled]), weak[labelled], rivals)


@torch.no_grad()
def validate(
    config: PretrainConfig, model: BertForPreTraining, packed: PackedTexts, rivals: torch.Tensor,
    indices: NDArray[np.int64],
) -> dict[str, float]:  # fmt: skip
    """Give the losses on texts that were not trained on."""
    model.eval()
    rng = np.random.default_rng(config.seed)
    batches = token_budget_batches(packed.lengths, indices, config.batch_tokens, rng)
    losses = [batch_losses(model, packed, batch, config.mask_share, rng, rivals) for batch in batches]
    return _mean_losses([(masked.item(), weak.item()) for masked, weak in losses])


def _mean_losses(losses: list[tuple[float, float]]) -> dict[str, float]:
    masked, weak = np.mean(losses, axis=0).tolist()
    return {"loss": masked, "weak_loss": weak}


def _save_checkpoint(
    path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LambdaLR, step: int,
) -> None:  # fmt: skip
    temporary = path.with_suffix(".tmp")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
    torch.save(state | {"step": step}, temporary)
    temporary.replace(path)


def _record(path: Path, writer: SummaryWriter, entry: dict[str, float]) -> None:
    log.info(
        " ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in entry.items())
    )
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(entry) + "\n")
    for key, value in entry.items():
        if key not in {"step", "of"}:
            writer.add_scalar(f"pretrain/{key}", value, entry["step"])
