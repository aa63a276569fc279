from hypothesis import given
from hypothesis import strategies as st

from whyshare.inference.batching import equal_length_batches


def test_example():
    assert list(equal_length_batches([3, 5, 3, 3], 6)) == [[1], [0, 2], [3]]


@given(st.lists(st.integers(1, 50)), st.integers(1, 200))
def test_every_position_once_in_batches_of_one_length(lengths, budget):
    batches = list(equal_length_batches(lengths, budget))
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len({lengths[position] for position in batch}) == 1
        assert len(batch) == 1 or sum(lengths[position] for position in batch) <= budget
