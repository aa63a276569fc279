import errno
import os
import sys

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


@pytest.mark.skipif(sys.platform == "win32", reason="no flock here")
@pytest.mark.filterwarnings("ignore:flock not supported")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO])
def test_a_disk_without_locks_stops_no_run(tmp_path, monkeypatch, caplog, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    for _ in range(2):
        with locked(tmp_path / "out.parts", tmp_path / "out.csv"):
            pass
    assert number == errno.ENOSYS or "has no locks" in caplog.text  # for want of this one, filelock has another lock
    assert list(tmp_path.iterdir()) == []
