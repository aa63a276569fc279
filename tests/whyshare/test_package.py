import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from whyshare import Labeller
from whyshare.models.settings import BUNDLED

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not BUNDLED.is_dir(), reason="no bundled model")

NO_NETWORK = (
    "import socket\n"
    "def refuse(*a, **k): raise AssertionError('network')\n"
    "socket.socket.connect = socket.getaddrinfo = refuse\n"
)


@pytest.mark.slow
def test_the_wheel_labels_in_an_empty_environment_without_network(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    source = tmp_path / "source"
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in files.stdout.splitlines():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            target.write_bytes((ROOT / name).read_bytes())
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(tmp_path), str(source)], check=True)
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / "bin" / "python"
    [wheel] = tmp_path.glob("*.whl")
    install = [
        str(python),
        "-m",
        "pip",
        "-q",
        "--disable-pip-version-check",
        "install",
        "-c",
        str(ROOT / "constraints.txt"),
    ]
    subprocess.run([*install, str(wheel)], check=True)
    code = NO_NETWORK + "from whyshare import Labeller\nprint(Labeller.load().label('求扩散！孩子在火车站走失').motive)"
    printed = subprocess.run([str(python), "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "help"
    loaded = "import sys, whyshare; whyshare.Labeller; print('torch' in sys.modules, 'transformers' in sys.modules)"
    assert (
        subprocess.run([str(python), "-c", loaded], capture_output=True, text=True, check=True).stdout
        == "False False\n"
    )


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
def test_the_readme_prints_what_the_labeller_says(name):
    """Every ``>>> print(labeller.label(...))`` of the README is followed by what it prints."""
    text = (ROOT / name).read_text(encoding="utf-8")
    examples = re.findall(r'>>> print\(labeller\.label\("(.+?)"\)\)\n(.+)\n', text)
    assert len(examples) >= 2
    labeller = Labeller.load()
    for post, printed in examples:
        assert str(labeller.label(post)) == printed


def test_the_two_readmes_have_the_same_shape():
    shapes = []
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        shapes.append((re.findall(r"^#+", text, flags=re.M), re.findall(r"^```\w*", text, flags=re.M)))
    assert shapes[0] == shapes[1]
