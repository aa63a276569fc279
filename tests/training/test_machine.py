import os
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")

from transformers import AutoModelForSequenceClassification, MPNetConfig

from whyshare.training.machine import KERNEL_CACHES, best_attention, keep_freed_memory

FREE_A_LARGE_BLOCK = """
import ctypes, resource
from whyshare.training.machine import keep_freed_memory
{keep}
libc = ctypes.CDLL("libc.so.6")
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
for _ in range(50):
    block = libc.malloc(1 << 26)
    ctypes.memset(block, 1, 1 << 26)
    libc.free(block)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""

MANY_SHAPES = """
import torch
from whyshare.training.machine import keep_few_kernels
{keep}
def kibibytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
weight = torch.ones(64, 64)
with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
    for posts in range(8, 1008):
        torch.nn.functional.linear(torch.ones(posts, 64), weight)
        if posts == 100:
            before = kibibytes()
print(kibibytes() - before)
"""


def printed(code, keep=""):
    command = [sys.executable, "-c", code.format(keep=keep)]
    env = {name: value for name, value in os.environ.items() if name not in KERNEL_CACHES}  # set by earlier trainings
    return int(subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout)


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")


@linux
def test_a_freed_block_is_used_again_without_a_page_fault():
    if not keep_freed_memory():
        pytest.skip("the C library cannot be told here")
    assert printed(FREE_A_LARGE_BLOCK, "keep_freed_memory()") < printed(FREE_A_LARGE_BLOCK) / 2


@linux
def test_memory_does_not_grow_with_the_shapes_of_batches():
    if (grown := printed(MANY_SHAPES)) < 100_000:
        pytest.skip("this processor computes bfloat16 without kernels for each shape")
    assert printed(MANY_SHAPES, "keep_few_kernels()") < grown / 4


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is False


@pytest.mark.parametrize("gpu", [False, True])
def test_models_without_a_fused_attention_can_be_trained(monkeypatch, gpu):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    config = MPNetConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
    )  # fmt: skip
    AutoModelForSequenceClassification.from_config(config, attn_implementation=best_attention())
