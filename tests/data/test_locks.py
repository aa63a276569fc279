import pytest

from whyshare.data.errors import InputError
from whyshare.data.locks import locked


def test_one_run_at_a_time_writes_an_output(tmp_path):
    work, output = tmp_path / "out.parts", tmp_path / "out.csv"
    with locked(work, output):
        said = r"another run is writing .*out\.csv; wait for it or choose another"
        with pytest.raises(InputError, match=said), locked(work, output):
            pass
    with locked(work, output):
        pass
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="cannot write"), locked(tmp_path / "none/out.parts", output):
        pass
