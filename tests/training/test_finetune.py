import csv
import json
import logging
import re
import shutil
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file
from transformers import (
    AlbertConfig,
    AutoModel,
    AutoModelForSequenceClassification,
    BertConfig,
    BertModel,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    GPT2Config,
    ModernBertConfig,
    PreTrainedTokenizerFast,
    RobertaConfig,
    T5Config,
    Trainer,
    TrainerState,
    XLMRobertaConfig,
)
from transformers.trainer_pt_utils import LengthGroupedSampler

from whyshare import Labeller
from whyshare.cli import main
from whyshare.data.errors import InputError
from whyshare.data.locks import locked
from whyshare.data.motives import MOTIVES
from whyshare.models.settings import ModelSettings
from whyshare.training import finetuning_loop
from whyshare.training.finetune_config import FinetuneConfig
from whyshare.training.finetuning_loop import (
    EpochSampler,
    check_unfinished,
    checkpoints_of,
    last_checkpoint,
    layerwise_rates,
    open_checkpoints,
    recipe_with_files,
)
from whyshare.training.vocabulary import make_tokenizer

pytestmark = pytest.mark.slow

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
CUES = ["抽奖", "今天", "我们", "我的", "how", "!", "求助", "小心"]  # one for each motive, in order


def base_of(kind, folder, seed=0):
    tokenizer = make_tokenizer([(piece, -2.0) for piece in [*CUES, "▁", "▁a", "a", "b"]])
    vocab_size = tokenizer.get_vocab_size()
    config = {
        "bert": lambda: BertConfig(**SIZES, vocab_size=vocab_size),
        "roberta": lambda: RobertaConfig(**SIZES, vocab_size=vocab_size, pad_token_id=0),
        "xlm-roberta": lambda: XLMRobertaConfig(**SIZES, vocab_size=vocab_size, pad_token_id=0),
        "electra": lambda: ElectraConfig(**SIZES, vocab_size=vocab_size, embedding_size=32),
        "albert": lambda: AlbertConfig(**SIZES, vocab_size=vocab_size, embedding_size=32),
        "deberta": lambda: DebertaV2Config(**SIZES, vocab_size=vocab_size),
        "distilbert": lambda: DistilBertConfig(dim=32, n_layers=2, n_heads=2, hidden_dim=64, vocab_size=vocab_size),
        "gpt2": lambda: GPT2Config(n_embd=32, n_layer=2, n_head=2, vocab_size=vocab_size),
        "t5": lambda: T5Config(d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2, vocab_size=vocab_size),
        "modernbert": lambda: ModernBertConfig(
            **SIZES,
            vocab_size=vocab_size,
            pad_token_id=0,
            bos_token_id=2,
            eos_token_id=3,
            cls_token_id=2,
            sep_token_id=3,
        ),
    }[kind]()
    torch.manual_seed(seed)  # whatever ran before
    AutoModel.from_config(config).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]", unk_token="[UNK]"
    ).save_pretrained(folder)


def write_posts(path):
    rows = "".join(f"{CUES[n % 8]}a {n},{MOTIVES[n % 8]}\n" for n in range(80))
    path.write_text(f"text,label\n{rows}", encoding="utf-8")


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "modernbert"])
def test_a_base_of_any_kind_becomes_a_model_folder(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    base_of(kind, tmp_path / "base")
    rows = "".join(f"{CUES[n % 8]}a{'b' * (n % 5)} {n},{MOTIVES[n % 8]}\n" for n in range(320))
    (tmp_path / "mine.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    recipe = 'train = ["mine.csv"]\nname = "mine"\nbase = "base"\nepochs = 10\nlearning_rate = 5e-3\nbatch_size = 16\n'
    (tmp_path / "recipe.toml").write_text(recipe + "patience = 10\ndropout = 0.0\n", encoding="utf-8")
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest's own, beside which the command sets up none
    assert main(["train", "recipe.toml", "-o", "model"]) == 0
    printed = capsys.readouterr()
    assert "wrote model" in printed.out
    assert "posts to train on" in printed.err
    assert "node" not in printed.err  # of what the exporter does to the graph
    settings = ModelSettings.load(tmp_path / "model")
    assert settings.scores["validation"]["all"]["macro_f1"] > 0.8
    assert settings.recipe["base"] == "base"
    config = json.loads((tmp_path / "model" / "config.json").read_text(encoding="utf-8"))
    assert list(config["id2label"].values()) == list(MOTIVES)
    assert "寻求帮助" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    labels = [Labeller.load("model", device).label("求助a").motive for device in ("cpu", "torch-cpu")]
    assert labels == ["help", "help"]


@pytest.mark.parametrize("kind", ["distilbert", "electra", "albert", "deberta"])
def test_other_encoders_become_model_folders_too(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base_of(kind, tmp_path / "base")
    write_posts(tmp_path / "mine.csv")
    (tmp_path / "recipe.toml").write_text('train = ["mine.csv"]\nbase = "base"\nepochs = 1\n', encoding="utf-8")
    assert main(["train", "recipe.toml", "-o", "model"]) == 0
    one, other = (Labeller.load("model", device).label("求助a") for device in ("cpu", "torch-cpu"))
    assert one.probabilities == pytest.approx(other.probabilities, abs=1e-4)


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("gpt2", None, "base base is a gpt2 and no encoder; give a BERT, RoBERTa, ModernBERT or the like"),
        ("t5", None, "base base is a t5 and no encoder"),
        ("bert", "none", "base base knows too little of these posts: 100% of their tokens are unknown; give a folder"),
        ("roberta", "none", "base base knows too little of these posts: 100% of their tokens are unknown"),
        ("bert", "larger", "pieces and embeddings of 20; give it its own"),
    ],
)
def test_a_base_that_cannot_be_a_model_is_one_line(kind, change, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    base_of(kind, tmp_path / "base")
    write_posts(tmp_path / "mine.csv")
    if change:
        for file in (tmp_path / "base").glob("tokenizer*"):
            file.unlink()
    if change == "larger":
        PreTrainedTokenizerFast(
            tokenizer_object=make_tokenizer([(chr(0x4E00 + number), -2.0) for number in range(99)]), unk_token="[UNK]"
        ).save_pretrained(tmp_path / "base")
    assert main(["train", "mine.csv", "-o", "model", "--base", "base"]) == 2
    assert message in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base", "mine.csv"]


def test_the_same_seed_gives_the_same_weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base_of("bert", tmp_path / "base")
    write_posts(tmp_path / "mine.csv")
    for name in ("one", "two"):
        assert main(["train", "mine.csv", "-o", name, "--base", "base", "--seed", "5"]) == 0
    assert (tmp_path / "one/model.safetensors").read_bytes() == (tmp_path / "two/model.safetensors").read_bytes()
    lines = [json.loads(line) for line in (tmp_path / "one/log.jsonl").read_text(encoding="utf-8").splitlines()]
    losses, scores = lines[::2], lines[1::2]
    steps = list(range(3, 3 * len(losses) + 1, 3))  # an epoch has three
    assert [line["step"] for line in losses] == [line["step"] for line in scores] == steps != []
    assert losses[0]["learning_rate"] == pytest.approx(1e-4, rel=0.15)  # the head's
    assert all({"validation_loss", "validation_macro_f1", "validation_accuracy"} < line.keys() for line in scores)


def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    caplog.set_level("INFO")
    base_of("bert", tmp_path / "base")
    write_posts(tmp_path / "mine.csv")
    recipe = 'train = ["mine.csv"]\nname = "mine"\nbase = "base"\nepochs = 3\npatience = 3\n'
    (tmp_path / "recipe.toml").write_text(recipe, encoding="utf-8")
    assert main(["train", "recipe.toml", "-o", "whole"]) == 0

    saved = Trainer._save_checkpoint

    def stop_after_saving(trainer, *args, **kwargs):
        saved(trainer, *args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "_save_checkpoint", stop_after_saving)
    assert main(["train", "recipe.toml", "-o", "stopped"]) == 130
    assert not (tmp_path / "stopped").exists()
    monkeypatch.setattr(Trainer, "_save_checkpoint", saved)
    (tmp_path / "stopped").mkdir()
    (tmp_path / "stopped" / "config.json").touch()  # as a stop while the folder is written would leave it
    assert main(["train", "recipe.toml", "-o", "stopped"]) == 0
    assert "going on from" in caplog.text
    assert (tmp_path / "stopped/model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()
    assert not (tmp_path / "stopped.checkpoints").exists()


def test_a_run_stopped_within_an_epoch_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base_of("bert", tmp_path / "base")
    write_posts(tmp_path / "mine.csv")
    recipe = 'train = ["mine.csv"]\nname = "mine"\nbase = "base"\nepochs = 2\nbatch_size = 16\n'  # 5 steps an epoch
    (tmp_path / "recipe.toml").write_text(recipe, encoding="utf-8")
    monkeypatch.setattr(finetuning_loop, "SAVE_SECONDS", 0)
    saved, weights, stops = Trainer._save_checkpoint, {}, set()

    def note_and_stop(trainer, *args, **kwargs):
        saved(trainer, *args, **kwargs)
        step = trainer.state.global_step
        weights[step] = trainer.model.classifier.weight.detach().clone()
        if step in stops:
            stops.remove(step)
            raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "_save_checkpoint", note_and_stop)
    assert main(["train", "recipe.toml", "-o", "whole"]) == 0
    whole = weights.copy()
    assert list(whole) == list(range(1, 11))
    weights.clear()
    stops.update({3, 5, 8})
    for code in (130, 130, 130, 0):
        assert main(["train", "recipe.toml", "-o", "stopped"]) == code
    assert weights.keys() == whole.keys()
    assert all(torch.equal(weights[step], whole[step]) for step in whole)


def test_patience_is_counted_across_a_stop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base_of("bert", tmp_path / "base")
    write_posts(tmp_path / "mine.csv")
    recipe = 'train = ["mine.csv"]\nname = "mine"\nbase = "base"\nepochs = 9\npatience = 2\nlearning_rate = 1e-9\n'
    (tmp_path / "recipe.toml").write_text(recipe, encoding="utf-8")
    saved, epochs = Trainer._save_checkpoint, []

    def stop_after_the_second(trainer, *args, **kwargs):
        saved(trainer, *args, **kwargs)
        epochs.append(trainer.state.epoch)
        if len(epochs) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "_save_checkpoint", stop_after_the_second)
    assert main(["train", "recipe.toml", "-o", "model"]) == 130
    assert main(["train", "recipe.toml", "-o", "model"]) == 0
    assert epochs == [1, 2, 3]  # nothing is learnt at this rate: the first is the best, and two more are waited for


@pytest.mark.parametrize("kind", ["bert", "modernbert"])
def test_frozen_layers_stay_as_they_are(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    base_of(kind, tmp_path / "base")
    write_posts(tmp_path / "mine.csv")
    recipe = 'train = ["mine.csv"]\nname = "mine"\nbase = "base"\nepochs = 1\nlearning_rate = 1e-2\n'
    (tmp_path / "one.toml").write_text(f"{recipe}frozen_layers = 1\n", encoding="utf-8")
    assert main(["train", "one.toml", "-o", "model"]) == 0
    before, after = load_file(tmp_path / "base/model.safetensors"), load_file(tmp_path / "model/model.safetensors")
    same = {
        name
        for name, tensor in before.items()
        for end in after
        if end.endswith(name) and after[end].equal(tensor.half())
    }
    lowest = {name for name in before if "embeddings" in name or ".0." in name}
    assert lowest <= same
    assert not any(".1." in name and "weight" in name and "norm" not in name.lower() for name in same)
    (tmp_path / "three.toml").write_text(f"{recipe}layers = 1\nfrozen_layers = 2\n", encoding="utf-8")
    assert main(["train", "three.toml", "-o", "none"]) == 2
    assert "frozen_layers is 2; the model has 1" in capsys.readouterr().err


def test_a_model_of_one_language_learns_and_is_measured_on_that_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    base_of("bert", tmp_path / "base")
    write_posts(tmp_path / "mine.csv")
    recipe = 'train = ["mine.csv"]\nname = "mine"\nbase = "base"\nepochs = 1\nvalidation_share = 0.4\n'
    (tmp_path / "mixed.toml").write_text(f'{recipe}languages = ["mixed"]\n', encoding="utf-8")
    assert main(["train", "mixed.toml", "-o", "model"]) == 0
    languages = {
        row["language"] for row in csv.DictReader((tmp_path / "model/validation.csv").open("rt", encoding="utf-8-sig"))
    }
    assert languages == {"mixed"}
    (tmp_path / "none.toml").write_text(f'{recipe}languages = ["zh", "other"]\n', encoding="utf-8")
    assert main(["train", "none.toml", "-o", "none"]) == 2
    assert "too few posts in zh, other" in capsys.readouterr().err


def test_models_of_one_base_are_averaged(tmp_path, monkeypatch, tiny_model, capsys, caplog):
    monkeypatch.chdir(tmp_path)
    base_of("bert", tmp_path / "base")
    write_posts(tmp_path / "mine.csv")
    recipe = 'train = ["mine.csv"]\nname = "mine"\nbase = "base"\nepochs = 1\nmax_length = 64\n'
    (tmp_path / "recipe.toml").write_text(recipe, encoding="utf-8")
    for seed in ("1", "2"):
        assert main(["train", "recipe.toml", "-o", seed, "--seed", seed]) == 0
    (tmp_path / "mean.toml").write_text('train = ["mine.csv"]\naverage = ["1", "2"]\n', encoding="utf-8")
    shutil.move(tmp_path / "base", tmp_path / "elsewhere")
    assert main(["train", "mean.toml", "-o", "mean"]) == 0
    one, two, mean = (load_file(tmp_path / name / "model.safetensors") for name in ("1", "2", "mean"))
    for name, tensor in mean.items():
        if name == "classifier.bias":  # which is moved for every model by itself
            continue
        torch.testing.assert_close(tensor.float(), (one[name].float() + two[name].float()) / 2, atol=2e-4, rtol=1e-3)
    assert not torch.equal(one["classifier.weight"], two["classifier.weight"])
    assert (tmp_path / "mean/tokenizer.json").read_bytes() == (tmp_path / "1/tokenizer.json").read_bytes()
    cards = [(tmp_path / name / "README.md").read_text(encoding="utf-8") for name in ("1", "mean")]
    assert [("average = " in card, "learning_rate = " in card) for card in cards] == [(False, True), (True, False)]

    made = ModelSettings.load(tmp_path / "mean")
    assert (made.max_length, made.recipe["base"]) == (64, "base")  # which its recipe does not say
    assert list(made.data) == ["mine.csv"]
    assert not (tmp_path / "mean/log.jsonl").exists()

    assert "was trained on posts of" not in caplog.text
    (tmp_path / "other.toml").write_text(f'{recipe}average = ["1", "2"]\nsplit_seed = 14\n', encoding="utf-8")
    assert main(["train", "other.toml", "-o", "other"]) == 0
    for name in ("1", "2"):
        assert f"{name} was trained on posts of mine.csv, of which some are validated on here" in caplog.text
    assert "average models with this recipe's split instead" in caplog.text

    write_posts(tmp_path / "more.csv")
    assert main(["train", "more.csv", "-o", "further", "--base", "mean"]) == 0
    assert list(ModelSettings.load(tmp_path / "further").data) == ["mine.csv", "more.csv"]

    (tmp_path / "bad.toml").write_text(f'{recipe}average = ["1", "{tiny_model}"]\n', encoding="utf-8")
    assert main(["train", "bad.toml", "-o", "bad"]) == 2
    assert "differ in max_length and tokenizer.json; average models that read alike" in capsys.readouterr().err
    (tmp_path / "bad.toml").write_text(f'{recipe}average = ["1", "none"]\n', encoding="utf-8")
    assert main(["train", "bad.toml", "-o", "bad"]) == 2
    assert "no model folder none" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["bert", "roberta", "modernbert"])
def test_the_lowest_layers_of_a_model_are_a_smaller_one(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    base_of(kind, tmp_path / "base")
    write_posts(tmp_path / "mine.csv")
    recipe = 'train = ["mine.csv"]\nname = "mine"\nbase = "base"\nepochs = 1\n'
    for layers in (1, 3):
        (tmp_path / f"{layers}.toml").write_text(f"{recipe}layers = {layers}\n", encoding="utf-8")
    assert main(["train", "1.toml", "-o", "small"]) == 0
    assert {".0.", ".1."} & set(re.findall(r"\.\d\.", " ".join(load_file(tmp_path / "small/model.safetensors")))) == {
        ".0."
    }
    assert Labeller.load("small").label("求助a").motive in MOTIVES
    assert main(["train", "3.toml", "-o", "tall"]) == 2
    assert "layers is 3; base base has 2" in capsys.readouterr().err


def test_a_base_with_the_head_of_another_task_gets_a_new_one(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    base_of("bert", tmp_path / "base")
    model = AutoModelForSequenceClassification.from_pretrained("base", num_labels=3)
    model.save_pretrained("base")
    write_posts(tmp_path / "mine.csv")
    (tmp_path / "more.csv").write_text("text,label\nb b,help\n", encoding="utf-8")
    assert main(["train", "mine.csv", "-o", "one", "--base", "base"]) == 0
    assert "was trained on posts of" not in caplog.text
    assert "8 posts to validate on are so few that the checkpoint is chosen by chance; annotate more" in caplog.text
    settings = ModelSettings.load(tmp_path / "one")
    assert settings.temperature == {"all": 1.0}  # eight validation posts tell nothing
    assert (settings.uncertain_below, settings.target_accuracy) == (0.5, 0.0)
    card = (tmp_path / "one" / "README.md").read_text(encoding="utf-8")
    assert "fewer than 100 validation posts" in card
    assert "| validation, all | 8 |" in card
    assert main(["train", "mine.csv", "more.csv", "-o", "two", "--base", "one"]) == 0
    assert "one was trained on posts of mine.csv, of which some are validated on here" in caplog.text
    assert main(["train", "more.csv", "mine.csv", "-o", "three", "--base", "two"]) == 0  # another order, another split
    assert "two was trained on posts of more.csv, mine.csv, of which some are validated on here" in caplog.text
    settings = ModelSettings.load(tmp_path / "three")
    assert list(settings.scores) == ["validation", "validation, before training", "validation, always help"]


def test_a_base_that_has_seen_a_file_of_a_name_that_another_has_too_is_said(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    base_of("bert", tmp_path / "base")
    for part in ("a", "b"):
        (tmp_path / part).mkdir()
        write_posts(tmp_path / part / "mine.csv")
    with (tmp_path / "b/mine.csv").open("a", encoding="utf-8") as file:
        file.write("b b,help\n")
    assert main(["train", "a/mine.csv", "b/mine.csv", "-o", "one", "--base", "base"]) == 0
    assert main(["train", "a/mine.csv", "b/mine.csv", "-o", "same", "--base", "one"]) == 0
    assert "was trained on posts of" not in caplog.text
    assert main(["train", "b/mine.csv", "a/mine.csv", "-o", "turned", "--base", "one"]) == 0
    assert "one was trained on posts of b/mine.csv, a/mine.csv, of which some are validated on here" in caplog.text
    assert main(["train", "a/mine.csv", "-o", "two", "--base", "one"]) == 0
    assert "one was trained on posts of a/mine.csv, of which some are validated on here" in caplog.text


def test_ctrl_c_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    def stop(config, folder):
        raise KeyboardInterrupt

    monkeypatch.setattr("whyshare.training.finetune.finetune", stop)
    assert main(["train", "mine.csv", "-o", str(tmp_path / "model")]) == 130
    assert "stopped; run the same command again to go on from its last checkpoint" in capsys.readouterr().err


def test_repeats_are_for_every_file():
    with pytest.raises(ValueError, match=r"repeats is \[1\]; give one whole number from 1 on for each file"):
        FinetuneConfig(train=("x",), extra=("y",), repeats=(1,))


def checkpoint(folder, step):
    (folder / f"checkpoint-{step}").mkdir()
    (folder / f"checkpoint-{step}" / "trainer_state.json").touch()


def opened(folder, config):
    made_by = recipe_with_files(config)
    check_unfinished(folder, made_by)
    open_checkpoints(folder, made_by)
    return folder


def test_checkpoints_of_another_recipe_are_not_dropped(tmp_path):
    (tmp_path / "mine.csv").write_text("text,label\nhi,help\n", encoding="utf-8")
    config = FinetuneConfig(train=(str(tmp_path / "mine.csv"),))
    folder = opened(tmp_path / "model.checkpoints", config)
    opened(folder, replace(config, seed=15))  # nothing is lost yet
    opened(folder, config)
    checkpoint(folder, 7)
    (folder / "checkpoint-8").mkdir()  # that a kill left unfinished
    assert last_checkpoint(opened(folder, config)) == str(folder / "checkpoint-7")
    said = r"holds a run with seed 13 \(now 14\); run the same command as then to go on, remove that folder"
    with pytest.raises(InputError, match=said):
        opened(folder, replace(config, seed=14))
    (tmp_path / "mine.csv").write_text("text,label\nho,help\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"with other contents of .*mine\.csv; run"):
        opened(folder, config)
    assert last_checkpoint(folder) == str(folder / "checkpoint-7")


def test_checkpoints_on_other_weights_of_the_base_are_not_dropped(tmp_path):
    (tmp_path / "mine.csv").write_text("text,label\nhi,help\n", encoding="utf-8")
    base_of("bert", tmp_path / "base")
    config = FinetuneConfig(train=(str(tmp_path / "mine.csv"),), base=str(tmp_path / "base"))
    folder = opened(tmp_path / "model.checkpoints", config)
    checkpoint(folder, 7)
    assert last_checkpoint(opened(folder, config)) == str(folder / "checkpoint-7")
    base_of("bert", tmp_path / "base", seed=1)
    with pytest.raises(InputError, match=r"with other contents of .*base; run"):
        opened(folder, config)


def test_a_second_run_stays_off_an_output(tmp_path, tiny_encoder, capsys):
    model = tmp_path / "model"
    write_posts(tmp_path / "mine.csv")
    with locked(checkpoints_of(model), model):
        assert main(["train", str(tmp_path / "mine.csv"), "-o", str(model), "--base", str(tiny_encoder)]) == 2
    assert "another run is writing" in capsys.readouterr().err


def test_a_trained_model_is_not_replaced(tiny_model, tmp_path, capsys):
    model = shutil.copytree(tiny_model, tmp_path / "model")
    write_posts(tmp_path / "mine.csv")
    assert main(["train", str(tmp_path / "mine.csv"), "-o", str(model), "--base", str(model)]) == 2
    assert "holds a trained model; choose another --output, or delete it" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["embeddings", "embed_tokens"])
def test_the_head_learns_fastest_and_the_embeddings_slowest(name):
    layers = torch.nn.ModuleList([torch.nn.Linear(4, 4) for _ in range(2)])
    model = torch.nn.ModuleDict({name: torch.nn.Embedding(9, 4), "layers": layers, "score": torch.nn.Linear(4, 8)})
    model.config = BertConfig(num_hidden_layers=2)
    groups = layerwise_rates(model, FinetuneConfig(train=("x.csv",), learning_rate=1e-3, layer_decay=0.5))
    rates = {name: group["lr"] for name, parameter in model.named_parameters() for group in groups
             if any(parameter is own for own in group["params"])}  # fmt: skip
    assert rates == {
        f"{name}.weight": 1.25e-4, "layers.0.weight": 2.5e-4, "layers.0.bias": 2.5e-4, "layers.1.weight": 5e-4,
        "layers.1.bias": 5e-4, "score.weight": 1e-3, "score.bias": 1e-3,
    }  # fmt: skip
    assert groups[0]["lr"] == 1e-3  # which the Trainer logs


def test_weight_decay_spares_biases_and_norms():
    model = BertModel(BertConfig(**SIZES, vocab_size=20))
    decays = {}
    for group in layerwise_rates(model, FinetuneConfig(train=("x.csv",), weight_decay=0.1)):
        decays |= dict.fromkeys(map(id, group["params"]), group["weight_decay"])
    named = {name: decays[id(parameter)] for name, parameter in model.named_parameters()}
    assert {name for name, decay in named.items() if decay == 0} == {
        name for name in named if "LayerNorm" in name or name.endswith("bias")
    }
    assert set(named.values()) == {0.0, 0.1}


def test_no_seed_deals_the_posts_as_another_does_an_epoch_later():
    state = TrainerState()
    sampler = LengthGroupedSampler(8, lengths=list(range(200)), model_input_name="input_ids")
    orders = []
    for seed in (13, 14):
        for state.epoch in (0.0, 1.0):
            orders.append(list(EpochSampler(sampler, lambda: state, seed)))
            assert orders[-1] == list(EpochSampler(sampler, lambda: state, seed))
    assert len(set(map(tuple, orders))) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv", "-o", "model"], "no such file"),
        (["-", "-o", "model"], "standard input (-) cannot be read again"),
        (["bad.csv", "-o", "model"], "bad.csv row 2: label 'joy' is not one of benefit"),
        (["bad.csv", "recipe.toml", "-o", "model"], "give one recipe, or annotated files"),
        (["recipe.toml", "-o", "none/model"], "no folder"),
        (["recipe.toml", "-o", "model"], "unknown key 'epoch'"),
        (["few.csv", "-o", "model"], "are too few to keep"),
        (["few.csv", "-o", "model", "--seed", "-1"], "options: seed is -1; 0 to 4294967295 is needed"),
        (["none.toml", "-o", "model"], "epochs is 0; at least 1 is needed"),
        (["few.csv", "-o", "."], "holds something else than a model; choose another --output"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_text("text,label\nhi,joy\n", encoding="utf-8")
    (tmp_path / "few.csv").write_text("text,label\nhi,help\n", encoding="utf-8")
    (tmp_path / "recipe.toml").write_text('train = ["bad.csv"]\nepoch = 1\n', encoding="utf-8")
    (tmp_path / "none.toml").write_text('train = ["bad.csv"]\nepochs = 0\n', encoding="utf-8")
    assert main(["train", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert not (tmp_path / "model").exists()


import numpy as np

from whyshare.data.annotated import load_annotated
from whyshare.training.finetune import finetune


def test_the_head_is_drawn_by_its_own_seed(tmp_path, monkeypatch):
    def stop(seed):
        raise InputError(f"drawn by {seed}")

    monkeypatch.setattr("whyshare.training.finetune.set_seed", stop)
    with pytest.raises(InputError, match="drawn by 2"):
        finetune(FinetuneConfig(train=("x.csv",), seed=1, init_seed=2), tmp_path / "model")


def test_what_is_written_of_the_validation_posts_is_what_the_model_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base_of("bert", tmp_path / "base")
    write_posts(tmp_path / "mine.csv")
    (tmp_path / "recipe.toml").write_text('train = ["mine.csv"]\nbase = "base"\nepochs = 1\nlearning_rate = 5e-2\n')
    assert main(["train", "recipe.toml", "-o", "model"]) == 0
    written = list(csv.DictReader((tmp_path / "model/validation.csv").open(encoding="utf-8-sig")))
    texts = [post.text for post in load_annotated(tmp_path / "mine.csv") if post.id in {row["id"] for row in written}]
    said = Labeller.load("model", "torch-cpu").probabilities(texts)
    assert said == pytest.approx(np.array([[float(row[f"p_{m}"]) for m in MOTIVES] for row in written]), abs=6e-5)
