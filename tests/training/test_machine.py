import subprocess
import sys

import pytest

pytest.importorskip("torch")

from whyshare.training.machine import keep_freed_memory

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


def page_faults(keep):
    pytest.importorskip("resource")
    command = [sys.executable, "-c", FREE_A_LARGE_BLOCK.format(keep=keep)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the C library cannot be told here")
def test_a_freed_block_is_used_again_without_a_page_fault():
    if not keep_freed_memory():
        pytest.skip("the C library cannot be told here")
    assert page_faults("keep_freed_memory()") < page_faults("") / 2


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is False
