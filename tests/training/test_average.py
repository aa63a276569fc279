import json
import shutil

import pytest

pytest.importorskip("torch")

from whyshare.data.errors import InputError
from whyshare.models.settings import SETTINGS_FILE
from whyshare.training.average import average_models, common_max_length
from whyshare.training.finetune import load_classifier


def test_models_that_read_alike_share_their_max_length(tiny_model):
    assert common_max_length([str(tiny_model), str(tiny_model)]) == 32


@pytest.mark.parametrize("changed", ["max_length", "tokenizer.json"])
def test_models_that_read_otherwise_are_not_averaged(changed, tiny_model, tmp_path):
    other = shutil.copytree(tiny_model, tmp_path / "other")
    if changed == "max_length":
        settings = json.loads((other / SETTINGS_FILE).read_text(encoding="utf-8"))
        (other / SETTINGS_FILE).write_text(json.dumps(settings | {"max_length": 16}), encoding="utf-8")
    else:
        (other / changed).write_text((other / changed).read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"other and .* differ in {changed}; average models that read alike"):
        common_max_length([str(tiny_model), str(other)])


def test_models_of_other_sizes_are_not_averaged(tiny_model, tmp_path):
    load_classifier(str(tiny_model), dropout=0.0, layers=1).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="have weights of other shapes; average models of one base"):
        average_models([str(tiny_model), str(tmp_path)])
