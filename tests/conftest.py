"""What every test stands on: no surprise in the logs, no thread left behind, no touch of the user's own settings."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
os.environ["QT_QPA_PLATFORM"] = "offscreen"  # what is to be seen on a screen runs in a process of its own, on `xvfb`


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "expects_log: warnings and errors in the log are part of the test")


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings, data and state go to a folder of this run; the cache stays, as it is what a cache is for."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONFIG", "DATA", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        # Processes that tests start find the project and the tests, whatever folder they run in.
        patch.setenv(
            "PYTHONPATH", os.pathsep.join([str(TESTS.parent), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        )
        yield


class _Complaints(logging.Handler):
    """Keeps what is logged as a warning or worse."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def _quiet_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """A warning of ours fails the test, unless it is marked `expects_log` or looks at the log with `caplog`."""
    complaints = _Complaints()
    logger = logging.getLogger("console")
    logger.addHandler(complaints)
    yield
    logger.removeHandler(complaints)
    if "caplog" in request.fixturenames or request.node.get_closest_marker("expects_log"):
        return
    told = [f"{record.name}: {record.levelname}: {record.getMessage()}" for record in complaints.records]
    assert not told, "logged, though the test is not marked expects_log:\n" + "\n".join(told)


@pytest.fixture(autouse=True)
def _threads_end() -> Iterator[None]:
    """A thread that would keep the process alive must end with the test that started it."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        thread.join(2.0)
    names = [thread.name for thread in left if thread.is_alive()]
    assert not names, f"threads left behind: {', '.join(names)}"


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Gives ports of the loopback that nobody used a moment ago, for TCP and UDP alike, each once."""
    given: set[int] = set()

    def port() -> int:
        while True:
            with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
                tcp.bind(("127.0.0.1", 0))
                number = int(tcp.getsockname()[1])
                try:
                    udp.bind(("127.0.0.1", number))
                except OSError:
                    continue
            if number not in given:
                given.add(number)
                return number

    return port


@pytest.fixture(scope="session")
def xvfb() -> Iterator[str]:
    """A screen of 1920x1080 nobody looks at; its name, for DISPLAY."""
    program = shutil.which("Xvfb")
    if program is None:
        assert not sys.platform.startswith("linux"), "Xvfb is missing: packaging/dev.py setup test installs it"
        pytest.skip("there is no Xvfb on this system")
    read, write = os.pipe()
    command = [program, "-displayfd", str(write), "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
        server.terminate()
