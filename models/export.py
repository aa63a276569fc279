"""Export the classifier to ONNX without a second copy of its weights.

``model.onnx`` holds the graph alone. Every weight in it is ONNX external data that points into ``model.safetensors``, at
the offset where the tensor lies there, followed by a cast to single precision, which ONNX Runtime folds when it loads.
New weights in the same places are seen at once; the graph remembers the places, and is refused where they have changed.
"""

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import TensorProto, helper
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from .settings import LAYOUT, WEIGHTS_FILE, weights_header, weights_layout

GRAPH_FILE = "model.onnx"
_PREFIX = "model."  # of what the exporter calls a weight of the wrapped model
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
                optimize=False,  # it would merge biases that are equal now, and matrices would lose their names
                verbose=False,
            )
    finally:
        exporter_log.setLevel(level)
    assert program is not None
    return program.model_proto


def point_at_weights(graph: onnx.ModelProto, weights: Path) -> None:
    """Replace the weights in a graph by references into the safetensors file that holds them.

    :raises ValueError: If the graph has a matrix of numbers that the file lacks.
    """
    places = _places(weights)
    kept, nodes = [], []
    for initializer in graph.graph.initializer:
        name = initializer.name.removeprefix(_PREFIX)
        if name in places:
            kept.append(_reference(name, weights.name, places[name]))
            nodes.append(helper.make_node("Cast", [name], [initializer.name], to=TensorProto.FLOAT))
        elif len(initializer.dims) > 1 and initializer.data_type == TensorProto.FLOAT:
            raise ValueError(f"initialiser {initializer.name} {initializer.dims} is not among the weights of {weights}")
        else:
            kept.append(initializer)  # positions and frequencies, which are not learnt
    body = [*nodes, *graph.graph.node]
    for node in body:  # where the exporter came from, line by line, is most of the file
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
    del graph.graph.initializer[:], graph.graph.node[:], graph.graph.value_info[:]
    graph.graph.initializer.extend(kept)
    graph.graph.node.extend(body)
    helper.set_model_props(graph, {LAYOUT: weights_layout(weights)})


def _places(weights: Path) -> dict[str, dict[str, Any]]:
    """Read the header of a safetensors file, with offsets from the start of the file."""
    header = weights_header(weights)
    places = json.loads(header)
    places.pop("__metadata__", None)
    for place in places.values():
        place["data_offsets"] = [8 + len(header) + offset for offset in place["data_offsets"]]
    return places


def _reference(name: str, location: str, place: dict[str, Any]) -> TensorProto:
    begin, end = place["data_offsets"]
    tensor = TensorProto(name=name, data_type=_DTYPES[place["dtype"]], dims=place["shape"])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", begin), ("length", end - begin)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor
