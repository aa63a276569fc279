"""Cut multilingual-e5-small down to Chinese and English posts: ``whyshare trim RECIPE -o FOLDER``.

Of its 250,000 pieces those that posts use stay, with the rows that they have, and of its layers the lowest: what is left
is a fifth of the size, and a text is split into hardly more tokens.
"""

import logging
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer
from transformers import BertModel, PreTrainedTokenizerFast

from ..data.cleaning import HANDLE, NUMBER, URL, clean
from ..data.errors import InputError
from ..data.whole_files import write_json
from .corpus import read_texts
from .e5 import END, PAD, REQUIREMENT, START, UNKNOWN, installed_weights, load_e5, make_tokenizer
from .outputs import RECIPE, encoder_folder
from .vocabulary import unknown_rate

log = logging.getLogger(__name__)

MASK = "<mask>"
STAND_INS = {URL: "▁http", HANDLE: "▁@", NUMBER: "▁number"}  # what the model has seen where we have placeholders
READ = 400  # characters of each text that pieces are counted in


@dataclass(frozen=True)
class TrimConfig:
    """The recipe of one trimmed encoder."""

    corpora: tuple[str, ...]  # tables with the column text
    texts: int = 60_000  # of each corpus, to count pieces in
    pieces: int = 19_600
    layers: int = 9
    seed: int = 0  # seeds the choice of the texts and the pooler

    def __post_init__(self) -> None:
        if min(self.texts, self.layers) < 1 or self.pieces < 1000:
            raise ValueError("at least 1 text, 1 layer and 1000 pieces are needed")


def trim(config: TrimConfig, folder: Path) -> None:
    """Run the recipe; ``folder`` then holds an encoder that ``from_pretrained`` loads, and the recipe.

    :raises InputError: If a corpus cannot be read, the package with the model is not installed, it has fewer layers,
        something else would be lost in ``folder``, or another run is writing there.
    """
    recipe = {"base": REQUIREMENT} | asdict(config)
    with encoder_folder(folder, recipe):
        model, tokenizer = trimmed(config)
        folder.mkdir(exist_ok=True)
        write_json(folder / RECIPE, recipe)  # first: by it a folder that a stop left is known again
        model.save_pretrained(folder)
        PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, model_max_length=512, bos_token=START, eos_token=END, cls_token=START,
            sep_token=END, pad_token=PAD, unk_token=UNKNOWN, mask_token=MASK,
        ).save_pretrained(folder)  # fmt: skip


def trimmed(config: TrimConfig) -> tuple[BertModel, Tokenizer]:
    """Make the smaller model, and the tokenizer of its pieces."""
    torch.manual_seed(config.seed)  # of the pooler, which starts anew
    rng = random.Random(config.seed)
    texts = [clean(text)[:READ] for path in config.corpora for text in _sample(Path(path), config.texts, rng)]
    model, pieces = load_e5(installed_weights())
    if config.layers > len(model.encoder.layer):
        raise InputError(
            f"layers is {config.layers}, but {REQUIREMENT} has {len(model.encoder.layer)}; keep so many at most"
        )
    kept = choose_pieces(pieces, texts, config.pieces)
    tokenizer = trimmed_tokenizer([pieces[number] for number in kept])
    keep_rows(model, pieces, kept)
    del model.encoder.layer[config.layers :]
    model.config.num_hidden_layers = len(model.encoder.layer)
    unknown = unknown_rate(tokenizer, texts[::20], tokenizer.get_vocab()[UNKNOWN])
    log.info("%d pieces, %d layers, unknown %.3f %%", tokenizer.get_vocab_size(), config.layers, 100 * unknown)
    return model, tokenizer


def choose_pieces(pieces: Sequence[tuple[str, float]], texts: Sequence[str], count: int) -> list[int]:
    """Choose the special pieces, every character that two texts have, and then what the texts use most.

    :return: Ids in their order, ``count`` of them where the texts use so many.
    """
    numbers = {piece: number for number, (piece, _) in enumerate(pieces)}
    characters = Counter(character for text in texts for character in text)
    kept = dict.fromkeys([0, 1, 2, 3, numbers["▁"]])
    kept |= dict.fromkeys(numbers[char] for char, seen in characters.items() if seen >= 2 and char in numbers)
    tokenizer, used = make_tokenizer(list(pieces)), Counter[int]()
    for start in range(0, len(texts), 5000):
        for encoding in tokenizer.encode_batch(texts[start : start + 5000], add_special_tokens=False):
            used.update(encoding.ids)
    for number, _ in used.most_common():
        if len(kept) >= count:
            break
        kept.setdefault(number)
    return sorted(kept)


def trimmed_tokenizer(pieces: list[tuple[str, float]]) -> Tokenizer:
    """Make the tokenizer; the mask and our placeholders follow the pieces."""
    tokenizer = make_tokenizer(pieces)
    tokenizer.add_special_tokens([START, PAD, END, UNKNOWN, MASK])
    tokenizer.add_tokens([AddedToken(placeholder, normalized=False) for placeholder in STAND_INS])
    return tokenizer


def keep_rows(model: BertModel, pieces: Sequence[tuple[str, float]], kept: Iterable[int]) -> None:
    """Give the model the embeddings that the trimmed tokenizer needs, in place."""
    numbers = {piece: number for number, (piece, _) in enumerate(pieces)}
    unknown = numbers[UNKNOWN]
    rows = [*kept, unknown, *(numbers.get(piece, unknown) for piece in STAND_INS.values())]
    embeddings = model.get_input_embeddings().weight.detach()[torch.tensor(rows)].clone()
    model.resize_token_embeddings(len(rows))
    with torch.no_grad():
        model.get_input_embeddings().weight.copy_(embeddings)


def _sample(path: Path, count: int, rng: random.Random) -> list[str]:
    texts = [text for text, _ in read_texts(path) if text]
    return rng.sample(texts, min(count, len(texts)))
