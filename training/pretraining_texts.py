"""What the encoder learns from: the vocabulary, and the token ids and weak labels of the texts that are chosen."""

import logging
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from ..data.errors import InputError
from ..data.whole_files import write_json
from .corpus import CorpusText, held_out_fingerprints, read_corpus
from .masking import PackedTexts
from .outputs import TOKENS
from .pretrain_config import PretrainConfig
from .vocabulary import count_candidates, fit_unigram, segment_words, unknown_rate, word_starts
from .weak import WeakTasks

log = logging.getLogger(__name__)

LEAST_TEXTS = 100  # of which a hundredth is validated on


def prepare(config: PretrainConfig, folder: Path) -> None:
    """Build the vocabulary and the token ids of the chosen texts, and save both."""
    held_out = held_out_fingerprints([Path(path) for path in config.held_out])
    rng = random.Random(config.seed)
    corpora = [list(read_corpus(Path(path), held_out)) for path in config.corpora]
    for corpus in corpora:
        rng.shuffle(corpus)
    pretrained = AutoTokenizer.from_pretrained(config.base)
    tokenizer = pretrained.backend_tokenizer
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if config.new_vocabulary:
        sample = [item.text for corpus in corpora for item in corpus[: config.vocabulary_texts]]
        counts = count_candidates(sample, tokenizer, config.vocabulary, (w for t in sample for w in segment_words(t)))
        tokenizer = fit_unigram(counts, sample[::3])
        pretrained = PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, model_max_length=512, cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]",
            unk_token="[UNK]", mask_token="[MASK]",
        )  # fmt: skip
    pretrained.save_pretrained(folder)
    weak_tasks = WeakTasks.count((item for corpus in corpora for item in corpus), config.weak_min_texts)
    weak_tasks.save(folder / "weak_labels.json")
    unknown = {}
    for path, corpus in zip(config.corpora, corpora, strict=True):
        rates = unknown[path] = unknown_rates(corpus[-20_000:], tokenizer, pretrained.unk_token_id)
        most = ", ".join(f"{source} {100 * rate:.3f} %" for source, rate in list(rates.items())[:4])
        log.info("%s: %d texts; unknown tokens: %s", Path(path).name, len(corpus), most)
    write_json(folder / "unknown_rates.json", unknown)
    packed = PackedTexts.pack(_encode(config, tokenizer, corpora, weak_tasks, rng))
    if len(packed) < LEAST_TEXTS:
        raise InputError(
            f"the corpora gave {len(packed)} texts; at least {LEAST_TEXTS} are needed: add some, or tokens"
        )
    packed.save(folder / TOKENS)
    log.info("vocabulary %d, %d texts, %d tokens", tokenizer.get_vocab_size(), len(packed), packed.tokens)
    log.info("%d texts have one of %d weak labels", (packed.weak >= 0).sum(), len(weak_tasks.classes))


def unknown_rates(texts: Sequence[CorpusText], tokenizer: Tokenizer, unknown: int) -> dict[str, float]:
    """Give the share of unknown tokens in all texts, then in those of each source, the highest first."""
    sources: dict[str, list[str]] = {}
    for item in texts:
        sources.setdefault(item.source, []).append(item.text)
    rates = {source: unknown_rate(tokenizer, own, unknown) for source, own in sources.items()}
    every = unknown_rate(tokenizer, [item.text for item in texts], unknown)
    return {"all": every} | dict(sorted(rates.items(), key=lambda pair: -pair[1]))


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
                    budget -= len(encoding.ids)
                    if budget < 0:
                        break
                    weak = numbers.get((item.source, item.weak_label), -1)
                    yield encoding.ids, word_starts(item.text, encoding.tokens, encoding.offsets), weak
            if budget <= 0:
                break
    tokenizer.no_truncation()
