"""Export the classifier to ONNX without a second copy of its weights.

``model.onnx`` holds the graph alone. Its large initialisers are ONNX external data that point into
``model.safetensors``, at the offsets where the tensors lie there, followed by a cast to single precision and, where
the exporter wanted it so, a transposition; ONNX Runtime folds both when it loads. New weights of the same shapes are
seen at once, so the graph cannot go stale.
"""

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from .settings import WEIGHTS_FILE

GRAPH_FILE = "model.onnx"
_SMALL = 4096  # elements; what is smaller stays in the graph
_DTYPES = {"F16": TensorProto.FLOAT16, "F32": TensorProto.FLOAT, "BF16": TensorProto.BFLOAT16}


class _Logits(torch.nn.Module):
    """The classifier as a function of two tensors, both (posts, tokens), with logits (posts, labels)."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def export_onnx(folder: Path) -> None:
    """Write ``model.onnx`` into a folder that ``save_pretrained`` wrote."""
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    ).eval()
    graph = _trace(model)
    point_at_weights(graph, folder / WEIGHTS_FILE)
    onnx.save(graph, folder / GRAPH_FILE)


def _trace(model: PreTrainedModel) -> onnx.ModelProto:
    input_ids = torch.full((3, 7), 1, dtype=torch.long)
    posts, tokens = torch.export.Dim("posts", min=1, max=65536), torch.export.Dim("tokens", min=2, max=512)
    shape = {0: posts, 1: tokens}
    exporter_log = logging.getLogger("torch.onnx")
    level = exporter_log.level
    exporter_log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                _Logits(model),
                (input_ids, torch.ones_like(input_ids)),
                dynamo=True,
                dynamic_shapes=(shape, shape),
                input_names=["input_ids", "attention_mask"],
                output_names=["logits"],
                verbose=False,
            )
    finally:
        exporter_log.setLevel(level)
    assert program is not None
    return program.model_proto


def point_at_weights(graph: onnx.ModelProto, weights: Path) -> None:
    """Replace the graph's large initialisers by references into a safetensors file that holds the same numbers.

    :raises ValueError: If a large initialiser is in the file neither as it is nor transposed.
    """
    tensors = load_file(weights)
    places = _places(weights)
    names = {_key(array): (name, False) for name, array in tensors.items()}
    names |= {_key(array.T): (name, True) for name, array in tensors.items() if array.ndim == 2} | names
    kept, references, nodes = [], {}, []
    for initializer in graph.graph.initializer:
        array = numpy_helper.to_array(initializer)
        if array.size < _SMALL or array.dtype.kind != "f":
            kept.append(initializer)
            continue
        if _key(array) not in names:
            raise ValueError(f"initialiser {initializer.name} {array.shape} is not among the weights of {weights}")
        name, transposed = names[_key(array)]
        references[name] = _reference(name, weights.name, places[name])
        cast = f"{initializer.name}.single" if transposed else initializer.name
        nodes.append(helper.make_node("Cast", [name], [cast], to=TensorProto.FLOAT))
        if transposed:
            nodes.append(helper.make_node("Transpose", [cast], [initializer.name], perm=[1, 0]))
    body = [*nodes, *graph.graph.node]
    for node in body:  # where the exporter came from, line by line, is most of the file
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
    del graph.graph.initializer[:], graph.graph.node[:], graph.graph.value_info[:]
    graph.graph.initializer.extend([*kept, *references.values()])
    graph.graph.node.extend(body)


def _key(array: np.ndarray) -> tuple[Any, ...]:
    """Tell tensors apart by shape and numbers; half precision is exact in single precision."""
    return array.shape, hash(np.ascontiguousarray(array, dtype=np.float32).tobytes())


def _places(weights: Path) -> dict[str, dict[str, Any]]:
    """Read the header of a safetensors file, with offsets from the start of the file."""
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    for place in header.values():
        place["data_offsets"] = [8 + length + offset for offset in place["data_offsets"]]
    return header


def _reference(name: str, location: str, place: dict[str, Any]) -> TensorProto:
    begin, end = place["data_offsets"]
    tensor = TensorProto(name=name, data_type=_DTYPES[place["dtype"]], dims=place["shape"])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", begin), ("length", end - begin)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor
