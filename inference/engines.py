"""Two ways to run the same weights: ONNX Runtime on a CPU, torch on a GPU (or wherever it is asked for)."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..data.errors import InputError, needs
from ..models.settings import LAYOUT, WEIGHTS_FILE, loading_model, weights_layout

FloatArray = NDArray[np.float32]
DEVICES = ("auto", "cpu", "cuda", "torch-cpu")


class Engine(Protocol):
    """Turns token ids into logits; safe to call from several threads at once."""

    threads: int  # from which calling it at once pays

    def logits(self, input_ids: NDArray[np.int64]) -> FloatArray:
        """Give the logits of posts that are equally long: shape (posts, tokens) -> (posts, labels)."""


class OnnxEngine:
    """ONNX Runtime on the CPU; needs neither torch nor a second copy of the weights.

    A batch runs on one thread, and many batches at a time: that wastes less than many threads on one batch.
    """

    def __init__(self, folder: Path, threads: int | None = None) -> None:
        # ONNX Runtime 1.29 and later tell Microsoft of every model that is loaded, unless this is set before.
        silent = os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1") != "0"
        import onnxruntime as ort

        if silent:
            ort.disable_telemetry_events()  # where it was imported before, or does not read the variable
        self.threads = threads or usable_cores()
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        graph = folder / "model.onnx"
        if not graph.is_file():
            raise InputError(f"model folder {folder} has no model.onnx; copy it whole, or use --device torch-cpu")
        with loading_model(folder):
            self._session = ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        layout = self._session.get_modelmeta().custom_metadata_map.get(LAYOUT)
        if layout not in (None, weights_layout(folder / WEIGHTS_FILE)):
            raise InputError(
                f"{graph} was made for other weights than those beside it, which were saved anew; make it again with "
                "whyshare.models.export.export_onnx, or use --device torch-cpu"
            )

    def logits(self, input_ids: NDArray[np.int64]) -> FloatArray:
        """See :class:`Engine`."""
        # A matrix of one row takes another path through the processor than a row among many, with other last digits:
        # a lone post is run twice over, so that it gets what it would get in company.
        rows = input_ids if len(input_ids) > 1 else np.repeat(input_ids, 2, axis=0)
        feed = {"input_ids": rows, "attention_mask": np.ones_like(rows)}
        return self._session.run(None, feed)[0][: len(input_ids)]


class TorchEngine:
    """The transformers model, in bfloat16 on a GPU and in single precision on a CPU."""

    def __init__(self, folder: Path, device: str) -> None:
        with needs("train", "this device"):
            import torch
            from transformers import AutoModelForSequenceClassification
        if device == "cuda" and not torch.cuda.is_available():
            raise InputError("no CUDA device that torch can use; leave --device out to run on the CPU")
        self._torch = torch
        self.threads = 2 if device == "cuda" else 1  # one batch is sent while another is computed
        self._device = torch.device(device)
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        with loading_model(folder):
            model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=dtype)
        self._model = model.eval().to(self._device)

    def logits(self, input_ids: NDArray[np.int64]) -> FloatArray:
        """See :class:`Engine`."""
        ids = self._torch.from_numpy(input_ids).to(self._device, non_blocking=True)
        with self._torch.inference_mode():
            logits = self._model(input_ids=ids, attention_mask=self._torch.ones_like(ids)).logits
        return logits.float().cpu().numpy()


def load_engine(folder: Path, device: str = "auto", threads: int | None = None) -> Engine:
    """Load the engine for a device: a GPU when there is one and what drives it is installed, else ONNX Runtime.

    :raises InputError: If the device is not to be had.
    """
    device = device_here(device)
    return OnnxEngine(folder, threads) if device == "cpu" else TorchEngine(folder, device.removeprefix("torch-"))


def device_here(device: str) -> str:
    """Tell what ``auto`` is on this machine; another device is itself.

    :raises InputError: If there is no device of that name.
    """
    if device not in DEVICES:
        raise InputError(f"device {device!r} is not one of {', '.join(DEVICES)}")
    if device != "auto":
        return device
    return "cuda" if _has_cuda() else "cpu"


def usable_cores() -> int:
    """Count the cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _has_cuda() -> bool:
    """Look for a GPU without importing torch where there cannot be one: that alone takes seconds."""
    if not any(Path(device).exists() for device in ("/dev/nvidia0", "/dev/nvidiactl", "/dev/dxg")) and os.name != "nt":
        return False
    if not (find_spec("torch") and find_spec("transformers")):
        return False
    import torch

    return bool(torch.cuda.is_available())
