import doctest
import re
import shlex
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import get_type_hints
from zipfile import ZipFile

import pytest

import whyshare
from whyshare import Labeller
from whyshare.cli import parse
from whyshare.models.settings import BUNDLED

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not BUNDLED.is_dir(), reason="no bundled model")

NO_NETWORK = (
    "import socket\n"
    "def refuse(*a, **k): raise AssertionError('network')\n"
    "socket.socket.connect = socket.getaddrinfo = refuse\n"
)


@pytest.mark.slow
def test_the_wheel_labels_in_an_empty_environment_without_network(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)  # pip would find whyshare there and install nothing

    def run(*command, cwd=tmp_path):
        return subprocess.run(list(map(str, command)), cwd=cwd, check=True, capture_output=True, text=True).stdout

    source = tmp_path / "source"
    for name in run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).splitlines():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            target.write_bytes((ROOT / name).read_bytes())
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, source)
    sources = (source / "whyshare.egg-info" / "SOURCES.txt").read_text(encoding="utf-8").splitlines()
    assert {"constraints.txt", "tests/conftest.py", "examples/campaigns.csv"} <= set(sources)  # of an sdist
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / "bin" / "python"
    [wheel] = tmp_path.glob("*.whl")
    recipes = {Path(name).name for name in ZipFile(wheel).namelist() if "/recipes/" in name}
    assert recipes == {"README.md"}  # which lists their keys
    run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel)
    code = NO_NETWORK + "from whyshare import Labeller\nprint(Labeller.load().label('求扩散！孩子在火车站走失').motive)"
    assert run(python, "-c", code).strip() == "help"
    light = "import sys, whyshare; whyshare.Labeller; print('torch' in sys.modules, 'transformers' in sys.modules)"
    assert run(python, "-c", light) == "False False\n"


def test_what_public_functions_take_and_give_can_be_named():
    hints = get_type_hints(whyshare.evaluate_predictions)
    assert (hints["posts"], hints["return"]) == (Sequence[whyshare.Annotated], whyshare.Evaluation)
    assert get_type_hints(whyshare.load_annotated)["return"] == list[whyshare.Annotated]


def test_the_bundled_folder_is_whole_and_small():
    names = {path.name for path in BUNDLED.iterdir()}
    assert {"config.json", "model.safetensors", "model.onnx", "tokenizer.json", "whyshare.json", "README.md"} <= names
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) < 50_000_000


def test_the_pipeline_of_transformers_agrees_with_the_bundled_model():
    transformers = pytest.importorskip("transformers")
    from whyshare.data.reading import read_posts

    texts = [post.text for post in read_posts(ROOT / "data" / "annotated" / "written_test.jsonl")][::8]
    from whyshare import clean

    pipe = transformers.pipeline("text-classification", model=str(BUNDLED))
    answers = [answer["label"] for answer in pipe([clean(text) for text in texts], truncation=True, max_length=512)]
    labelled = Labeller.load().label(texts)
    kept = [pair for pair in zip(answers, labelled, strict=True) if not pair[1].truncated]
    assert len(kept) > 40
    assert [answer for answer, _ in kept] == [one.motive for _, one in kept]


def test_the_bundled_labels_do_not_depend_on_their_batch():
    from whyshare.data.reading import read_posts

    texts = [post.text for post in read_posts(ROOT / "data" / "annotated" / "written_test.jsonl")][:60]
    labeller = Labeller.load()
    assert labeller.label(texts) == [labeller.label(text) for text in texts]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_prints_what_python_says(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"^```python\n(.+?)^```$", (ROOT / name).read_text(encoding="utf-8"), flags=re.M | re.S)
    runner = doctest.DocTestRunner()
    runner.run(doctest.DocTestParser().get_doctest("".join(blocks), {}, name, name, 0))
    assert (runner.failures, runner.tries > 10) == (0, True)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", "examples/README.md"])
def test_the_commands_of_the_readmes_are_commands(name):
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    commands = re.findall(r"^(?:cat \S+ \| )?whyshare (.+)$", text, flags=re.M)
    assert commands
    for command in commands:
        assert parse(shlex.split(command, comments=True)).run


def test_the_two_readmes_have_the_same_shape():
    shapes = []
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        shapes.append((re.findall(r"^#+", text, flags=re.M), re.findall(r"^```\w*", text, flags=re.M)))
    assert shapes[0] == shapes[1]


def test_what_is_cited_is_this_version():
    assert f"\nversion: {whyshare.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
