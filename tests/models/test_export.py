import shutil

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
torch = pytest.importorskip("torch")
ort = pytest.importorskip("onnxruntime")

from safetensors.numpy import load_file, save_file
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    ModernBertConfig,
    RobertaConfig,
)

from whyshare import Labeller
from whyshare.data.errors import InputError
from whyshare.models.export import GRAPH_FILE, export_onnx, point_at_weights

SIZES = {"vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "num_labels": 8}
CONFIGS = {
    "bert": BertConfig(**SIZES, intermediate_size=128),
    "roberta": RobertaConfig(**SIZES, intermediate_size=128, pad_token_id=1),
    "modernbert": ModernBertConfig(
        **SIZES, intermediate_size=128, pad_token_id=0, bos_token_id=1, eos_token_id=2, cls_token_id=3, sep_token_id=4
    ),
}


@pytest.fixture(scope="module", params=CONFIGS)
def folder(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    torch.manual_seed(0)
    AutoModelForSequenceClassification.from_config(CONFIGS[request.param]).half().save_pretrained(folder)
    export_onnx(folder)
    return folder


def logits_of(folder, input_ids):
    session = ort.InferenceSession(str(folder / GRAPH_FILE), providers=["CPUExecutionProvider"])
    return session.run(None, {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)})[0]


def assert_onnx_equals_torch(folder):
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    for shape in ((1, 5), (4, 9)):
        input_ids = np.random.default_rng(0).integers(5, 100, size=shape)
        with torch.no_grad():
            expected = model(torch.from_numpy(input_ids), torch.ones(shape, dtype=torch.long)).logits.numpy()
        np.testing.assert_allclose(logits_of(folder, input_ids), expected, atol=1e-4)


def test_onnx_equals_torch(folder):
    assert_onnx_equals_torch(folder)


def test_the_graph_holds_no_weights_and_follows_them(folder):
    weights = folder / "model.safetensors"
    tensors = load_file(weights)
    graph = onnx.load(folder / GRAPH_FILE, load_external_data=False).graph
    outside = {tensor.name for tensor in graph.initializer if tensor.data_location == onnx.TensorProto.EXTERNAL}
    assert outside == set(tensors)
    rng = np.random.default_rng(1)  # biases that were all zero, and norms that were all one, differ from now on
    for name, array in tensors.items():
        tensors[name] = (array + rng.normal(scale=0.05, size=array.shape)).astype(np.float16)
    save_file(tensors, weights, metadata={"format": "pt"})
    assert_onnx_equals_torch(folder)


def test_a_matrix_that_the_weights_lack_is_no_part_of_the_graph(folder):
    matrix = onnx.numpy_helper.from_array(np.ones((2, 2), dtype=np.float32), "model.other.weight")
    graph = onnx.helper.make_model(onnx.helper.make_graph([], "graph", [], [], [matrix]))
    with pytest.raises(ValueError, match=r"initialiser model\.other\.weight \[2, 2\] is not among the weights of"):
        point_at_weights(graph, folder / "model.safetensors")


def test_a_graph_beside_weights_that_were_saved_anew_is_refused(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    expected = Labeller.load(folder, "torch-cpu").label("今天真好")
    AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).save_pretrained(folder)
    with pytest.raises(InputError, match=r"model\.onnx was made for other weights than those beside it"):
        Labeller.load(folder, "cpu")
    export_onnx(folder)
    assert Labeller.load(folder, "cpu").label("今天真好").motive == expected.motive
