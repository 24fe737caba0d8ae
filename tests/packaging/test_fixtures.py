"""What tests/conftest.py promises: it fails a test that complains in the log or leaves a thread behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
TESTS = """
import logging, threading
import pytest

def complain():
    logging.getLogger("console.somewhere").warning("the camera is late")

def test_complains():
    complain()

@pytest.mark.expects_log
def test_complains_as_expected():
    complain()

def test_looks(caplog):
    complain()

def test_others_may_complain():
    logging.getLogger("elsewhere").error("not ours")

def test_informs():
    logging.getLogger("console.somewhere").info("the camera is there")

def test_leaves_a_thread(ended=threading.Event()):
    threading.Thread(target=ended.wait, args=(3,), name="forgotten").start()

def test_leaves_a_daemon():
    threading.Thread(target=threading.Event().wait, daemon=True).start()
"""


def test_guards(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text())
    (tmp_path / "test_inner.py").write_text(TESTS)
    (tmp_path / "pytest.ini").touch()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stdout
    assert "7 passed, 2 errors" in done.stdout
    assert "ERROR test_inner.py::test_complains -" in done.stdout
    assert "console.somewhere: WARNING: the camera is late" in done.stdout
    assert "ERROR test_inner.py::test_leaves_a_thread -" in done.stdout
    assert "threads left behind: forgotten" in done.stdout


def test_ports_are_given_once(free_port: Callable[[], int]) -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11 is not this system's")
def test_the_screen_takes_a_picture(xvfb: str, tmp_path: Path) -> None:
    picture = tmp_path / "screen.png"
    command = ["import", "-window", "root", str(picture)]
    subprocess.run(command, env={**os.environ, "DISPLAY": xvfb}, check=True, timeout=30)
    header = picture.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")) == (1920, 1080)
