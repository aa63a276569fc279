"""``whyshare.json``: what the weights need beside them so that a text is read as it was in training."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path
from typing import Any, Self

from ..data.cleaning import CLEANING_VERSION
from ..data.errors import InputError, first_line, shown
from ..data.fingerprints import file_fingerprint
from ..data.motives import MOTIVES

SETTINGS_FILE = "whyshare.json"
WEIGHTS_FILE = "model.safetensors"
_FILES = (SETTINGS_FILE, WEIGHTS_FILE, "tokenizer.json")  # without which a folder is no model

LAYOUT = "weights_layout"  # key of what model.onnx says of the weights that it points into
_PADDED_POSITIONS = (  # counted from the padding's id on
    "roberta", "camembert", "mpnet", "data2vec-text", "longformer", "xmod",
)  # fmt: skip

BUNDLED = Path(__file__).parent / "pretrained" / "whyshare-mini"


@dataclass(frozen=True)
class ModelSettings:
    """The contents of ``whyshare.json``.

    ``temperature`` divides the logits, by language, and ``uncertain_below`` is the confidence under which a person
    should look, set so that the other posts reach ``target_accuracy``; both were fitted on the validation posts, unless
    these were too few: then the temperature is 1, the threshold a default, and ``target_accuracy`` 0.
    """

    max_length: int = 128  # tokens, special ones included
    labels: tuple[str, ...] = tuple(MOTIVES)
    cleaning_version: int = CLEANING_VERSION
    temperature: Mapping[str, float] = field(default_factory=dict)  # language -> divisor; see calibration.py
    uncertain_below: float = 0.0
    target_accuracy: float = 0.0
    data: Mapping[str, Any] = field(default_factory=dict)  # fingerprints of the training files
    scores: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (isinstance(self.max_length, int) and self.max_length > 2):
            raise ValueError(f"max_length is {shown(self.max_length)}; a number of tokens above 2 is needed")
        if not all(isinstance(divisor, float | int) and 0 < divisor < inf for divisor in self.temperature.values()):
            raise ValueError(f"temperature is {shown(dict(self.temperature))}; numbers above 0 are needed")
        if not (isinstance(self.uncertain_below, float | int) and 0 <= self.uncertain_below <= 1):
            raise ValueError(f"uncertain_below is {shown(self.uncertain_below)}; a confidence from 0 to 1 is needed")

    def save(self, folder: Path) -> None:
        """Write ``whyshare.json`` into a model folder."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False)
        (folder / SETTINGS_FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the settings of a model folder.

        :raises InputError: If the folder is no model of this version of whyshare.
        """
        if not folder.is_dir():
            raise InputError(f"no model folder {folder}; give a folder that whyshare train wrote")
        for name in _FILES:
            if not (folder / name).is_file():
                raise InputError(f"model folder {folder} has no {name}; give a folder that whyshare train wrote")
        file = folder / SETTINGS_FILE
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            settings = cls(**values | {"labels": tuple(values["labels"])})
            file = folder / "config.json"
            positions = encoder_positions(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(f"{file} cannot be read ({error}); train or copy the model again") from None
        if settings.labels != tuple(MOTIVES):
            raise InputError(
                f"model {folder} has the labels {settings.labels}; whyshare needs {tuple(map(str, MOTIVES))}"
            )
        if settings.cleaning_version != CLEANING_VERSION:
            raise InputError(
                f"model {folder} was trained on texts of cleaning version {settings.cleaning_version}, this whyshare "
                f"cleans by version {CLEANING_VERSION}; train it again or install the whyshare it was made with"
            )
        if positions is not None and settings.max_length > positions:
            raise InputError(
                f"{folder / SETTINGS_FILE} has the max_length {settings.max_length}, its encoder has positions for "
                f"{positions} tokens; train or copy the model again"
            )
        return settings


@contextmanager
def loading_model(folder: Path) -> Iterator[None]:
    """Turn what libraries say of a damaged model folder, in errors of many names, into one clear line."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"model {folder} cannot be loaded ({first_line(error)}); copy or train it again") from None


def model_fingerprints(folder: Path) -> list[str]:
    """Give the SHA-256 of settings, weights and tokenizer, from which all engines compute a model's answers."""
    return [file_fingerprint(folder / name) for name in _FILES]


def weights_header(weights: Path) -> bytes:
    """Read what a safetensors file says of its tensors, as JSON: their names, types, shapes and places behind it."""
    with weights.open("rb") as file:
        return file.read(int.from_bytes(file.read(8), "little"))


def weights_layout(weights: Path) -> str:
    """Give the SHA-256 of :func:`weights_header`: the same where the same tensors lie in the same places."""
    return hashlib.sha256(weights_header(weights)).hexdigest()


def encoder_positions(config: Mapping[str, Any]) -> int | None:
    """Tell by the ``config.json`` of an encoder how many tokens it has positions for; None where it sets no limit."""
    positions = config.get("max_position_embeddings")
    if positions and any(name in config["model_type"] for name in _PADDED_POSITIONS):
        return int(positions) - config.get("pad_token_id", 1) - 1
    return positions or None
