import json

import pytest

from whyshare.data.errors import InputError
from whyshare.models.settings import SETTINGS_FILE
from whyshare.training.outputs import check_model_folder, full_disk_as_oserror


def test_a_training_goes_where_nothing_is_and_where_it_was_stopped(tmp_path):
    folder, checkpoints = tmp_path / "model", tmp_path / "model.checkpoints"
    check_model_folder(folder, checkpoints)
    folder.mkdir()
    checkpoints.mkdir()
    check_model_folder(folder, checkpoints)
    (checkpoints / ".recipe.json.writing").touch()  # as a kill leaves it
    check_model_folder(folder, checkpoints)
    (checkpoints / "recipe.json").write_text(json.dumps({"seed": 13, "train": []}), encoding="utf-8")
    (folder / "config.json").touch()
    check_model_folder(folder, checkpoints)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("model", "model is a file; give a folder for the model"),
        (f"model/{SETTINGS_FILE}", "holds a trained model; choose another --output, or delete it to train"),
        ("model/notes.txt", "holds something else than a model; choose another --output"),
        ("model.checkpoints", "holds something else than checkpoints; move it or choose another --output"),
        ("model.checkpoints/notes.txt", "holds something else than checkpoints"),
        ("model.checkpoints/recipe.json", "holds something else than checkpoints"),  # of an encoder
    ],
)
def test_a_training_goes_nowhere_that_something_would_be_lost(file, message, tmp_path):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text('{"base": "x", "corpora": [], "files": {}}', encoding="utf-8")
    with pytest.raises(InputError, match=message):
        check_model_folder(tmp_path / "model", tmp_path / "model.checkpoints")


@pytest.mark.slow
@pytest.mark.parametrize("library", ["torch", "safetensors"])
def test_a_file_without_room_is_told_by_the_folder(library, tmp_path):
    resource = pytest.importorskip("resource", reason="the size of files can be limited on Unix alone")
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    tensors = {"weight": torch.zeros(100_000)}
    save = {"torch": torch.save, "safetensors": save_file}[library]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(OSError, match="No space left") as told, full_disk_as_oserror(tmp_path):
            save(tensors, tmp_path / "file")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert told.value.filename == str(tmp_path)


def test_other_faults_of_training_are_left_as_they_are(tmp_path):
    with pytest.raises(RuntimeError, match="shapes"), full_disk_as_oserror(tmp_path):
        raise RuntimeError("shapes differ")
