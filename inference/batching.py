"""Batches of equal length, so that no post is padded and none is changed by its neighbours.

Padding costs time, and it makes a post's last digits depend on what it happens to stand beside. Posts of exactly the
same number of tokens need none; among a few thousand posts there are enough of each length.
"""

from collections.abc import Iterator, Sequence


def equal_length_batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Group positions by their exact length, the longest first, with at most ``batch_tokens`` in a batch.

    ``[3, 5, 3, 3], 6 -> [1], [0, 2], [3]``
    """
    by_length: dict[int, list[int]] = {}
    for position, length in enumerate(lengths):
        by_length.setdefault(length, []).append(position)
    for length in sorted(by_length, reverse=True):
        positions = by_length[length]
        size = max(1, batch_tokens // length)
        for start in range(0, len(positions), size):
            yield positions[start : start + size]
