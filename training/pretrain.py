"""Continue masked-language training of an encoder on unlabelled posts: ``whyshare pretrain RECIPE -o FOLDER``.

Read the corpus, build the vocabulary, graft it onto the base, then learn to fill in masked words. Chinese words are
masked whole (jieba), masks are drawn anew at every step, and batches hold a number of tokens, not of posts. The loop
runs on a GPU or on two CPU cores, in bfloat16 on either, and goes on where it was stopped.
"""

import json
import logging
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.utils.tensorboard import SummaryWriter
from transformers import AutoModel, BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

from ..models.bases import MINILM, base_location
from .corpus import CorpusText, held_out_fingerprints, read_corpus
from .graft import graft_embeddings, shared_rows, train_word_vectors
from .masking import PackedTexts, mask_batch, token_budget_batches
from .vocabulary import (
    SPECIAL_TOKENS,
    VocabularyConfig,
    count_candidates,
    fit_unigram,
    segment_words,
    unknown_rate,
    word_starts,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PretrainConfig:
    """The recipe of one pretrained encoder."""

    corpora: tuple[str, ...]  # JSONL files, .xz or plain
    held_out: tuple[str, ...] = ()  # JSONL files whose texts must not be trained on
    tokens: tuple[int, ...] = (8_000_000, 4_000_000)  # of each corpus, at most
    comment_share: float = 0.4  # of the comments that are kept; posts are all kept
    base: str = MINILM
    vocabulary: VocabularyConfig = field(default_factory=VocabularyConfig)
    vocabulary_texts: int = 150_000  # of each corpus, to count pieces in
    word_vector_width: int = 200
    max_length: int = 96  # tokens, special ones included
    batch_tokens: int = 4096
    mask_share: float = 0.2
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
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    packed = PackedTexts.load(folder / "tokens.npz")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    checkpoint = folder / "checkpoint.pt"
    model = grafted_model(config, tokenizer, packed, from_checkpoint=checkpoint.is_file())
    model.to(device)  # type: ignore[arg-type]
    train(config, model, packed, folder, checkpoint, device)
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
    sample = [item.text for corpus in corpora for item in corpus[: config.vocabulary_texts]]
    wordpiece = Tokenizer.from_file(str(Path(base_location(config.base)) / "tokenizer.json"))
    wordpiece.no_truncation()
    wordpiece.no_padding()
    counts = count_candidates(sample, wordpiece, config.vocabulary, (w for t in sample for w in segment_words(t)))
    tokenizer = fit_unigram(counts, sample[::3])
    tokenizer.save(str(folder / "tokenizer.json"))
    for path, corpus in zip(config.corpora, corpora, strict=True):
        rate = unknown_rate(tokenizer, [item.text for item in corpus[-20_000:]])
        log.info("%s: %d texts, unknown %.3f %%", Path(path).name, len(corpus), 100 * rate)
    packed = PackedTexts.pack(_encode(config, tokenizer, corpora, rng))
    packed.save(folder / "tokens.npz")
    log.info("vocabulary %d, %d texts, %d tokens", tokenizer.get_vocab_size(), len(packed), packed.tokens)


def _encode(
    config: PretrainConfig, tokenizer: Tokenizer, corpora: list[list[CorpusText]], rng: random.Random
) -> Iterator[tuple[list[int], list[bool]]]:
    """Give token ids and word starts of texts until each corpus's budget is spent."""
    tokenizer.enable_truncation(config.max_length)
    for corpus, budget in zip(corpora, config.tokens, strict=True):
        texts = [item.text for item in corpus if item.kind != "comment" or rng.random() < config.comment_share]
        for start in range(0, len(texts), 10_000):
            chunk = texts[start : start + 10_000]
            for text, encoding in zip(chunk, tokenizer.encode_batch(chunk), strict=True):
                if len(encoding.ids) >= 6:
                    yield encoding.ids, word_starts(text, encoding.tokens, encoding.offsets)
                    budget -= len(encoding.ids)
            if budget <= 0:
                break
    tokenizer.no_truncation()


def grafted_model(
    config: PretrainConfig, tokenizer: Tokenizer, packed: PackedTexts, from_checkpoint: bool
) -> BertForMaskedLM:
    """Put the base's body under the embeddings of the new vocabulary and a fresh masked-language head."""
    location = base_location(config.base)
    bert_config = BertConfig.from_pretrained(location, vocab_size=tokenizer.get_vocab_size())
    bert_config.hidden_dropout_prob = bert_config.attention_probs_dropout_prob = 0.0  # one pass: nothing to overfit
    # Without a GPU, plain attention trains twice as fast as torch's fused kernel.
    bert_config._attn_implementation = "sdpa" if torch.cuda.is_available() else "eager"
    model = BertForMaskedLM(bert_config)
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


def train(
    config: PretrainConfig, model: BertForMaskedLM, packed: PackedTexts, folder: Path, checkpoint: Path,
    device: torch.device,
) -> None:  # fmt: skip
    """Pass once over the texts; a hundredth of them is kept for validation."""
    rng = np.random.default_rng(config.seed)
    order = rng.permutation(len(packed))
    validation, training = order[: len(order) // 100], order[len(order) // 100 :]
    batches = token_budget_batches(packed.lengths, training, config.batch_tokens, rng)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, betas=(0.9, 0.98), weight_decay=config.weight_decay
    )
    warmup = max(1, int(config.warmup_share * len(batches)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, max(0.0, (len(batches) - step) / (len(batches) - warmup)))
    )
    first = 0
    if checkpoint.is_file():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = state["step"]
    model.train()
    writer = SummaryWriter(str(folder / "tensorboard"))
    started = saved = time.monotonic()
    seen, losses = 0, []
    for step in range(first, len(batches)):
        batch_rng = np.random.default_rng((config.seed, step))  # masks do not depend on where a run was resumed
        loss = masked_loss(model, packed, batches[step], config.mask_share, batch_rng, device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
        losses.append(loss.item())
        seen += int(packed.lengths[batches[step]].sum())
        if (step + 1) % 50 == 0 or step + 1 == len(batches):
            rate = seen / (time.monotonic() - started)
            entry = {"step": step + 1, "of": len(batches), "loss": float(np.mean(losses)), "tokens_per_s": round(rate)}
            _record(folder / "log.jsonl", writer, entry)
            losses.clear()
        if time.monotonic() - saved > 60 * config.checkpoint_minutes:
            _save_checkpoint(checkpoint, model, optimizer, schedule, step + 1)
            saved = time.monotonic()
    _save_checkpoint(checkpoint, model, optimizer, schedule, len(batches))
    entry = {"step": len(batches), "validation_loss": validate(config, model, packed, validation, device)}
    _record(folder / "log.jsonl", writer, entry)
    writer.close()


def masked_loss(
    model: BertForMaskedLM, packed: PackedTexts, indices: NDArray[np.int64], mask_share: float,
    rng: np.random.Generator, device: torch.device,
) -> torch.Tensor:  # fmt: skip
    """Mask a batch and give the mean cross-entropy of the masked tokens, in nats."""
    mask_id = SPECIAL_TOKENS.index("[MASK]")
    batch = mask_batch(packed, indices, mask_share, mask_id, model.config.vocab_size, len(SPECIAL_TOKENS), rng)
    input_ids = torch.from_numpy(batch.input_ids).to(device)
    attention_mask = torch.from_numpy(batch.attention_mask).to(device)
    chosen = torch.from_numpy(batch.chosen).to(device)
    with torch.autocast(device.type, torch.bfloat16):
        hidden = model.bert(input_ids, attention_mask=attention_mask).last_hidden_state
        logits = model.cls(hidden[chosen])  # (chosen, vocabulary): only masked tokens pay for the softmax
        return torch.nn.functional.cross_entropy(logits, torch.from_numpy(batch.targets).to(device))


@torch.no_grad()
def validate(
    config: PretrainConfig, model: BertForMaskedLM, packed: PackedTexts, indices: NDArray[np.int64],
    device: torch.device,
) -> float:  # fmt: skip
    """Give the masked-language loss on texts that were not trained on."""
    model.eval()
    rng = np.random.default_rng(config.seed)
    batches = token_budget_batches(packed.lengths, indices, config.batch_tokens, rng)
    losses = [float(masked_loss(model, packed, batch, config.mask_share, rng, device)) for batch in batches]
    return float(np.mean(losses))


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
