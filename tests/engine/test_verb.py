"""`podium engine` and `podium ctl` with what people get wrong."""

import json
import socket
import subprocess
import sys

import pytest


def podium(*arguments, timeout=30):
    done = subprocess.run(
        [sys.executable, "-m", "console", *arguments], capture_output=True, text=True, check=False, timeout=timeout
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ([], 2, "needs a show"),
        (["--source", "cam1"], 2, "names no address"),
        (["--source", "cam1=gopher://x"], 2, "unknown scheme 'gopher'"),
        (["--source", "a b=pattern:"], 2, "no source id"),
        (["--source", "a=pattern:", "--source", "a=pattern:"], 2, "already"),
        (["--source", "a=pattern:", "--format", "720i50"], 2, "HEIGHTpRATE"),
        (["--source", "a=pattern:", "--api", "nowhere"], 2, "HOST:PORT"),
        (["--source", "a=pattern:", "--to", "nowhere"], 2, "address such as"),
        (["--nonsense"], 2, "unrecognized arguments"),
        (["--show", "/proc/nothing/show.json"], 1, "/proc/nothing"),
    ],
)
def test_a_usage_error_is_one_line_with_the_remedy(arguments, status, told, tmp_path):
    code, out, err = podium("engine", "--log", str(tmp_path / "log"), "--run-dir", str(tmp_path / "run"), *arguments)
    assert (code, out) == (status, "")
    assert told in err
    assert err.count("\n") == 1
    assert err.startswith("podium: ")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"podium": 7}', "newer Podium"),
        ('{"podium": 1, "setup": {"colour": 1}}', "unknown field 'colour'"),
        ('{"setup": {}}', "not a Podium show"),
    ],
)
def test_a_show_file_with_a_fault_is_named(tmp_path, content, told):
    path = tmp_path / "friday.json"
    path.write_text(content)
    code, _, err = podium("engine", "--show", str(path), "--run-dir", str(tmp_path / "run"))
    assert code == 1
    assert "friday.json" in err
    assert told in err
    assert path.read_text() == content, "a file that can't be read is left alone"


def test_a_port_in_use_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = podium(
            "engine",
            "--source",
            "a=pattern:",
            "--api",
            f"127.0.0.1:{port}",
            "--run-dir",
            str(tmp_path),
            "--log",
            str(tmp_path),
        )
    assert code == 1
    assert f"127.0.0.1:{port} is in use" in err
    assert "--api" in err


def test_a_directory_that_can_not_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for option in ("--log", "--run-dir"):
        code, _, err = podium("engine", "--source", "a=pattern:", option, str(tmp_path / "file" / "x"))
        assert code == 1
        assert str(tmp_path / "file") in err


def test_the_show_file_follows_the_show_and_is_read_again(start_engine, tmp_path):
    path = tmp_path / "friday.json"
    engine = start_engine("--show", str(path))
    engine.wait(lambda s: s["on_air"])
    engine.command("RenameShow", name="Friday night")
    engine.command("AddSource", source="cam1", url="pattern:", name="Main")
    engine.command("Cut")
    engine.live()
    engine.close()
    saved = json.loads(path.read_text())
    assert saved["setup"]["name"] == "Friday night"
    assert path.stat().st_mode & 0o077 == 0, "addresses hold secrets"
    again = start_engine("--show", str(path), directory=tmp_path)
    status = again.live()
    assert status["program"] == "cam1"


def test_every_verb_shows_an_example_in_its_help():
    for verb in ("desk", "engine", "cloud", "demo", "ctl", "log", "probe"):
        code, out, _ = podium(verb, "--help")
        assert code == 0
        assert "podium" in out.partition("example")[2], verb


def test_top_level_answers():
    assert podium("--version")[1].startswith("podium ")
    assert podium("nonsense")[0] == 2
    assert json.loads(podium("--print-config")[1])["show"]["format"] == "720p50"
    code, out, _ = podium("--self-test")
    assert code == 0
    assert json.loads(out)["ok"] is True


def test_version_does_not_wait_for_qt():
    code = "import sys; sys.argv = ['podium', '--version']\nfrom console.__main__ import main\n"
    code += "try:\n    main()\nexcept SystemExit:\n    pass\n"
    code += "print([name for name in ('PySide6', 'av', 'cv2', 'aiohttp', 'numpy') if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "[]"


def test_ctl_without_an_engine(tmp_path, free_port):
    code, out, err = podium("ctl", "--engine", f"127.0.0.1:{free_port()}", "status")
    assert (code, out) == (1, "")
    assert "podium engine" in err


def test_ctl_wait_gives_up_with_a_sentence(start_engine):
    engine = start_engine("--source", "cam1=pattern:")
    engine.wait(lambda s: s["on_air"])
    address = str(engine.address)
    code, _, err = podium("ctl", "--engine", address, "wait", "program == nobody", "--timeout", "0.3")
    assert code == 1
    assert "did not become true within 0.3 s" in err
    code, out, _ = podium("ctl", "--engine", address, "wait", "sources.cam1.state == live", "--timeout", "20")
    assert code == 0
    assert json.loads(out)["sources"]["cam1"]["state"] == "live"
    code, _, err = podium("ctl", "--engine", address, "program", "cam9")
    assert code == 1
    assert "cam9" in err
