import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whyshare import Labeller, Post
from whyshare.data.errors import InputError
from whyshare.data.motives import MOTIVES
from whyshare.inference import engines
from whyshare.models.settings import BUNDLED

TEXTS = [
    "今天天气真好",
    "please help me win 3 things",
    "转发抽奖😂😂",
    "求助！有没有人知道",
    "MIXED 中文 text [哈哈]",
    "",
    "\u200b",
    "😂",
    "好" * 200,
    "a",
]


@pytest.fixture(scope="module")
def labeller(tiny_model):
    return Labeller.load(tiny_model, device="cpu")


def test_one_equals_many(labeller):
    assert labeller.label(TEXTS) == [labeller.label(text) for text in TEXTS]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(TEXTS), st.integers(1, 60), st.lists(st.text(max_size=40), max_size=30))
def test_no_post_is_changed_by_its_neighbours(labeller, texts, batch_tokens, others):
    expected = {text: labeller.label(text) for text in TEXTS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(labeller, "batch_tokens", batch_tokens)
        labelled = labeller.label([*others, *texts])[len(others) :]
    assert dict(zip(texts, labelled, strict=True)) == expected


def test_probabilities_and_label_agree(labeller):
    probs = labeller.probabilities(TEXTS)
    for text, row, labelled in zip(TEXTS, probs, labeller.label(TEXTS), strict=True):
        if labelled.motive is None:
            assert text in ("", "\u200b")
            assert not row.any()
            continue
        assert row.sum() == pytest.approx(1, abs=1e-5)
        assert labelled.confidence == row.max() == row[labelled.motive.position]
        assert labelled.runner_up is MOTIVES[np.argsort(-row, kind="stable")[1]]
        assert labelled.uncertain == (labelled.confidence < 0.3)


def test_what_is_said_of_a_text(labeller):
    labelled = dict(zip(TEXTS, labeller.label(TEXTS), strict=True))
    assert labelled["好" * 200].truncated
    assert not labelled["a"].truncated
    assert [labelled[text].language for text in TEXTS[:5]] == ["zh", "en", "zh", "zh", "mixed"]
    assert str(labelled[""]) == "no text"
    assert not labelled[""].uncertain
    assert str(labelled["a"]).startswith(f"{labelled['a'].motive} {labelled['a'].motive.zh} 0.")
    assert list(labelled["a"].as_columns())[:4] == ["motive", "motive_zh", "confidence", "runner_up"]


def test_an_iterable_is_labelled_lazily(labeller):
    stream = labeller.label(iter(TEXTS))
    assert next(stream) == labeller.label(TEXTS[0])
    source = iter(TEXTS * 100)
    assert next(labeller.label(source)) == labeller.label(TEXTS[0])
    assert len(list(source)) > 900  # of a slow source few are read ahead
    many = TEXTS * 20
    assert list(labeller.label(iter(many))) == labeller.label(many)


def test_what_has_a_length_gives_a_list(labeller):
    expected = labeller.label(TEXTS)
    assert labeller.label(np.array(TEXTS)) == expected
    assert labeller.label(dict.fromkeys(TEXTS).keys()) == expected


def test_posts_come_back_with_their_labels(labeller):
    posts = [Post(text, {"id": number}) for number, text in enumerate(TEXTS * 10)]
    found = list(labeller.label_posts(iter(posts)))
    assert [post for post, _ in found] == posts
    assert [labelled for _, labelled in found] == labeller.label([post.text for post in posts])


def test_a_copy_loads_the_same_folder(labeller, tiny_model):
    copied = pickle.loads(pickle.dumps(labeller))
    assert copied.label(TEXTS) == labeller.label(TEXTS)
    assert repr(copied) == f"Labeller.load({str(tiny_model)!r}, device='cpu', threads=None)"


def test_labels_and_posts_can_be_counted(labeller):
    assert len({labeller.label("a"), labeller.label("a"), labeller.label("今天真好")}) == 2
    assert len({Post("a", {"id": 1}), Post("a", {"id": 1})}) == 1


def test_a_text_waits_for_no_other_call(labeller):
    computed = []

    def slow(ids):
        computed.append(len(ids))
        time.sleep(0.01)
        return labeller.engine.logits(ids)

    other = Labeller(labeller.settings, labeller.encoder, SimpleNamespace(threads=2, logits=slow))
    other.batch_tokens = 1  # every post is a batch
    many = threading.Thread(target=other.label, args=(["win"] * 200,))
    many.start()
    while not computed:
        time.sleep(0.001)
    other.label(["hello", "hello"])  # one alone needs no thread
    assert len(computed) < 150
    many.join()


def test_a_program_that_ends_is_served(tiny_model):
    code = """
import sys, threading, time
from whyshare import Labeller
labeller = Labeller.load(sys.argv[1], device="cpu", threads=2)
def label_at_the_end():
    while threading.main_thread().is_alive():
        time.sleep(0.01)
    print(len(labeller.label([f"post number {n} " * (n % 7) for n in range(100)])))
threading.Thread(target=label_at_the_end).start()
"""
    run = subprocess.run([sys.executable, "-c", code, str(tiny_model)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "100"


def test_a_text_is_labelled_when_the_program_ends_and_has_no_thread_left(labeller, tiny_model, monkeypatch):
    monkeypatch.setattr("concurrent.futures.thread._shutdown", True)
    texts = TEXTS * 20
    assert Labeller.load(tiny_model, device="cpu", threads=2).label(texts) == labeller.label(texts)


def test_the_torch_engine_agrees(labeller, tiny_model):
    pytest.importorskip("torch")
    other = Labeller.load(tiny_model, device="torch-cpu")
    np.testing.assert_allclose(other.probabilities(TEXTS), labeller.probabilities(TEXTS), atol=1e-4)


def test_the_transformers_pipeline_gives_the_same_labels(labeller, tiny_model):
    transformers = pytest.importorskip("transformers")
    pipe = transformers.pipeline("text-classification", model=str(tiny_model))
    texts = TEXTS[:5]
    assert [answer["label"] for answer in pipe(texts)] == [labelled.motive for labelled in labeller.label(texts)]


def test_it_loads_and_labels_with_the_network_off(tiny_model, no_network):
    assert Labeller.load(tiny_model).label("hello").motive in MOTIVES


def test_onnx_runtime_sends_and_stores_nothing(tmp_path):
    silencing = {"CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "GITHUB_ACTIONS", "TF_BUILD"}
    kept = {name: value for name, value in os.environ.items() if name not in silencing}
    places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), str(tmp_path))
    code = "from whyshare import Labeller; print(Labeller.load(device='cpu').label('hello').motive)"
    run = subprocess.run([sys.executable, "-c", code], env=kept | places, capture_output=True, text=True, check=True)
    assert run.stdout.strip() in MOTIVES
    assert list(tmp_path.rglob("*")) == []  # its telemetry leaves a session, an identifier and what is still to be sent


@pytest.mark.parametrize("texts", [None, b"abc", 3, {"a": 1}])
def test_what_is_no_text_is_named(labeller, texts):
    with pytest.raises(TypeError, match=f"label takes a text or an iterable of texts, not {texts!r}"):
        labeller.label(texts)
    with pytest.raises(TypeError, match=f"text 1 is {texts!r}, which is no text; give '' where there is none"):
        labeller.label(["fine", texts])


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_without_torch_or_transformers_a_gpu_is_left_alone(missing, monkeypatch):
    monkeypatch.setattr(engines.Path, "exists", lambda path: True)  # of a GPU's device
    torch = SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: True), __spec__="installed")
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, missing, None)
    assert isinstance(engines.load_engine(BUNDLED), engines.OnnxEngine)
    for device in ("torch-cpu", "cuda"):
        with pytest.raises(InputError, match=rf'^{missing} is not installed; .*: pip install "whyshare\[train\]"$'):
            engines.load_engine(BUNDLED, device)


def test_errors(tiny_model, tmp_path):
    with pytest.raises(TypeError, match=r"^load takes the path of a model folder, not 3$"):
        Labeller.load(3)
    with pytest.raises(InputError, match="no model folder"):
        Labeller.load(tmp_path / "none")
    with pytest.raises(InputError, match="device 'tpu' is not one of auto, cpu, cuda, torch-cpu"):
        Labeller.load(tiny_model, device="tpu")
    if "torch" not in sys.modules or not sys.modules["torch"].cuda.is_available():
        with pytest.raises(InputError, match="no CUDA device"):
            Labeller.load(tiny_model, device="cuda")


def test_a_single_text_has_no_rows_of_probabilities(labeller):
    with pytest.raises(TypeError, match="probabilities takes a list of texts, not '今天真好'"):
        labeller.probabilities("今天真好")


def test_a_table_is_not_taken_for_its_columns(labeller):
    with pytest.raises(TypeError, match="label takes texts, not a table; give the column"):
        labeller.label(SimpleNamespace(columns=["text"], __iter__=lambda: iter(["text"])))


def test_labels_without_text_share_nothing(labeller):
    first, second = labeller.label(["", ""])
    assert first.probabilities is not second.probabilities


def _label_in_a_fork(labeller, answers):
    answers.put(labeller.label("hello").motive)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_forked_process_labels_too(labeller):
    expected = labeller.label("hello").motive
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    process = context.Process(target=_label_in_a_fork, args=(labeller, answers), daemon=True)
    process.start()
    assert answers.get(timeout=60) == expected
    process.join()


def test_weights_that_are_no_numbers_give_no_label(labeller, monkeypatch):
    monkeypatch.setattr(labeller.engine, "logits", lambda ids: np.full((len(ids), 8), np.nan, dtype=np.float32))
    with pytest.raises(InputError, match="gives no numbers for some texts"):
        labeller.label("hello")


@pytest.mark.parametrize(
    ("device", "name"), [("cpu", "tokenizer.json"), ("torch-cpu", "model.safetensors"), ("torch-cpu", "config.json")]
)
def test_a_damaged_folder_is_one_line(tiny_model, tmp_path, device, name):
    pytest.importorskip("torch")
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"cannot be (loaded|read)"):
        Labeller.load(folder, device)


def test_no_thread_is_too_few(tiny_model):
    with pytest.raises(ValueError, match="threads is 0; a whole number from 1 up is needed"):
        Labeller.load(tiny_model, threads=0)


def test_of_an_endless_stream_only_so_much_is_held(labeller, monkeypatch):
    sizes, label_clean = [], labeller.label_clean
    monkeypatch.setattr("whyshare.inference.labeller.WINDOW", 128)
    monkeypatch.setattr(labeller, "label_clean", lambda texts: sizes.append(len(texts)) or label_clean(texts))
    assert len(list(labeller.label(iter(["a"] * 600)))) == 600
    assert sizes == [64, 128, 128, 128, 128, 24]


def test_so_many_threads_as_asked(tiny_model):
    assert Labeller.load(tiny_model, "cpu", threads=3).engine.threads == 3


def test_posts_that_say_nothing_get_no_motive(labeller):
    texts = ["", "[removed]", "http://t.cn/abc", "?", "help"]
    assert [one.motive is None for one in labeller.label(texts)] == [True, True, True, False, False]
