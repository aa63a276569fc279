import pytest

from whyshare.data.columns import usual_text_columns
from whyshare.eval.clusters import AUTHORS, cluster_columns


@pytest.mark.parametrize("counts", ["评论", "comment"])
def test_a_column_that_counts_comments_is_no_text(counts):
    assert list(usual_text_columns(["id", counts, "标题"])) == ["标题"]
    assert not list(usual_text_columns(["id", counts, "点赞"]))


@pytest.mark.parametrize("name", ["作者UID", "作者昵称", "博主昵称"])
def test_authors_of_exports_are_found(name):
    assert cluster_columns(["text", name], None, AUTHORS) == [name]
