"""What makes trainings of tiny models quick."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def one_trace_for_each_shape() -> Iterator[None]:
    """Trace each shape of model once: graphs of one shape differ in their weights alone, and these lie outside them."""
    export = pytest.importorskip("whyshare.models.export")
    traced, trace = {}, export._trace

    def trace_once(model):
        shape = model.config.to_json_string()
        if shape not in traced:
            traced[shape] = trace(model).SerializeToString()
        return export.onnx.ModelProto.FromString(traced[shape])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "_trace", trace_once)
        yield
