"""A tiny real model, built once, and the annotated posts it is built from."""

import socket
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"

PIECES = [
    *"▁abcdefghijklmnopqrstuvwxyz0123456789,.!?:'@#-/，。！？：",
    *("▁" + letter for letter in "abcdefghijklmnopqrstuvwxyz0123456789"),
    *"今天气真好人求助转发抽奖小心骗有没知道我们的了是不在",
    *["▁the", "▁you", "▁help", "▁win", "今天", "转发", "求助", "😂", "[哈哈]"],
]


@pytest.fixture(scope="session")
def shared_texts() -> Path:
    """The folder of texts that were written by others and never come with the project."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with other people's texts is absent")
    return SHARED


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory) -> Path:
    """A random two-layer BERT with a small vocabulary, as ``whyshare pretrain`` would leave it."""
    torch = pytest.importorskip("torch")
    from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

    from whyshare.training.vocabulary import make_tokenizer

    folder = tmp_path_factory.mktemp("encoder")
    tokenizer = make_tokenizer([(piece, -float(rank + 1)) for rank, piece in enumerate(PIECES)])
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=512,
    )  # fmt: skip
    BertForMaskedLM(config).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", unk_token="[UNK]",
        mask_token="[MASK]",
    ).save_pretrained(folder)  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory, tiny_encoder) -> Path:
    """A model folder with random weights, spread wide enough that labels differ."""
    torch = pytest.importorskip("torch")
    from transformers import AutoTokenizer

    from whyshare.models.settings import ModelSettings
    from whyshare.training.finetune import load_classifier
    from whyshare.training.finetune_config import FinetuneConfig
    from whyshare.training.folder import half_precision, save_folder

    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    model = load_classifier(str(tiny_encoder), dropout=0.0).eval()
    with torch.no_grad():
        model.classifier.weight.mul_(40)
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    settings = ModelSettings(max_length=32, temperature={"all": 1.5, "zh": 1.2}, uncertain_below=0.3)
    save_folder(folder, FinetuneConfig(train=("x.csv",), name="tiny"), half_precision(model), tokenizer, settings)
    return folder


@pytest.fixture
def no_network(monkeypatch):
    """Shut the sockets."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("something reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
