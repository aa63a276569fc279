"""What this machine trains on, and how it does so fastest."""

import ctypes
import os
import sys

import torch

# Names and numbers of glibc's malloc.h
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
GIBIBYTE = 1 << 30

KERNELS = 64  # more than a step needs
KERNEL_CACHES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")  # oneDNN's, and torch's own in front of it


def best_device() -> str:
    """Name the device to train on: a GPU, where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def best_attention() -> str | None:
    """Name the kernel of attention to train with; None for the fastest that a model has.

    Without a GPU, plain attention is twice as fast as torch's fused one.
    """
    return None if torch.cuda.is_available() else "eager"


def keep_few_kernels() -> None:
    """Let oneDNN keep few of the kernels that it makes for products in bfloat16; to be called before the first of them.

    It makes one for each shape of a batch and keeps 1,024 with their buffers: gigabytes in a long training. See
    https://github.com/pytorch/pytorch/issues/27971.
    """
    for cache in KERNEL_CACHES:
        os.environ.setdefault(cache, str(KERNELS))


def keep_freed_memory() -> bool:
    """Let the C library hold on to large blocks; training on a CPU is about a third faster with it.

    Without it every tensor of more than a few MiB is mapped anew, and the kernel clears its pages at each step.

    :return: Whether the C library could be told: only glibc on Linux can.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    settings = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2 * GIBIBYTE - 1), (M_TOP_PAD, GIBIBYTE // 2))
    return all(mallopt(name, value) == 1 for name, value in settings)
