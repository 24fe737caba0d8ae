"""Real HTML pages, drawn by a real host into real rings. Needs the extra `html`; one test is for those who lack it."""

from __future__ import annotations

import http.server
import os
import signal
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from sources.hosting import CLOCK, Host, hosting
from waiting import wait_for

from console.sources.inspect import inspect
from console.sources.page import refusal
from console.wire.ring import STILL
from console.wire.tier import Tier

extra = pytest.mark.skipif(refusal() is not None, reason="QtWebEngine is not installed (the extra 'html')")
STYLE = "<style>body{margin:0;overflow:hidden}div{position:absolute;width:200px;height:100px}</style>"
RED = "background:rgba(200,30,30,.5)"
Y_RED, U_RED, V_RED = 72.8, 111.7, 202.7
GREEN_BOX = "<div id=box style='left:100px;top:60px;background:%s'></div>"


def page(folder: Path, body: str, name: str = "page.html") -> str:
    """The address of a page that is written to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"<!doctype html>{STYLE}{body}")
    return f"html+file://{folder / name}"


def key(host: Host) -> Any:
    """The key of the newest picture, whole, asking for all of them."""
    host.picture.ask(int(Tier.FULL), CLOCK.now())
    newest = host.picture.newest()
    if newest is None:
        return None
    shown = host.picture.picture(newest.index).key
    assert shown is not None
    copied = shown.copy()
    return copied if host.picture.holds(newest.index) else None


def wait_key(host: Host, what: Callable[[Any], bool], seconds: float = 12.0) -> Any:
    """The first key for which `what(key)` is true."""

    def look() -> Any:
        found = key(host)
        return [found] if found is not None and what(found) else []

    try:
        return wait_for(look, seconds, "the picture")[0]
    except AssertionError as error:
        raise AssertionError(f"{error}; the host says {host}") from None


def is_empty(found: Any) -> bool:
    return not found.any()


def shows(host: Host, value: int = 255) -> Any:
    return wait_key(host, lambda found: found[110, 200] == value)


def renderers(host: Host) -> list[psutil.Process]:
    """Chromium's processes, those that run pages last."""
    return psutil.Process(host.process.pid).children(recursive=True)


@contextmanager
def serving(answer: Callable[[http.server.BaseHTTPRequestHandler], None], folder: Path | None = None) -> Iterator[str]:
    """A web server, with TLS by a certificate that nobody trusts when a folder is given; its host and port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A client that hangs up is no fault here."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if folder is not None:
            made = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-subj", "/CN=127.0.0.1", "-days", "2"]
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made], check=True, stderr=-3)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def give(handler: http.server.BaseHTTPRequestHandler, body: str) -> None:
    data = f"<!doctype html>{STYLE}{body}".encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def redirect(handler: http.server.BaseHTTPRequestHandler, to: str) -> None:
    handler.send_response(302)
    handler.send_header("Location", to)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@pytest.mark.skipif(refusal() is None, reason="the extra 'html' is installed")
def test_without_the_extra_the_address_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with hosting(tmp_path, "html+https://example.org/lower.html") as host:
        told = host.wait_told("trouble")
        assert "'html'" in told["reason"]
        assert "pip install 'podium[html]'" in told["remedy"]
        wait_key(host, is_empty)
        assert host.picture.flags == STILL
        assert host.stop() == 0
    answer = inspect("html+https://example.org/lower.html")
    assert not answer["ok"]
    assert "pip install" in answer["remedy"]


@extra
def test_a_page_is_drawn_with_its_alpha_and_stands_still_at_no_cost(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(name, str(home))
        script = "<script>localStorage.x = 'kept'; document.cookie = 'kept=1;max-age=9999'</script>"
        url = page(tmp_path, f"<div style='left:101px;top:61px;{RED}'></div>{script}")
        with hosting(tmp_path / "rings", url) as host:
            found = shows(host, 128)
            assert (found[61:161, 101:301] == 128).all()
            assert found.astype(int).sum() == 200 * 100 * 128, "nothing but the box, and no soft edge"
            newest = host.picture.newest()
            assert newest is not None
            picture = host.picture.picture(newest.index)
            assert np.abs(picture.y[61:161, 101:301].astype(float) - Y_RED).max() <= 1.5
            assert np.abs(picture.u[31:80, 51:150].astype(float) - U_RED).max() <= 2.2
            assert np.abs(picture.v[31:80, 51:150].astype(float) - V_RED).max() <= 2.2
            assert picture.u[30, 50] == pytest.approx(U_RED, abs=2.5), "an edge has the colour of the box alone"
            assert (picture.y[:60] == 16).all()
            wait_for(lambda: host.picture.flags == STILL, 5, "a still")
            assert host.told("opened")["video"]["codec"] == "html"  # type: ignore[index]
            children = renderers(host)
            assert host.stop() == 0
            wait_for(lambda: all(not c.is_running() or c.status() == "zombie" for c in children), 5, "Chromium's end")
    assert not [found for found in home.rglob("*") if found.is_file()], "a page leaves nothing behind"


@extra
def test_an_animation_makes_one_even_step_for_each_picture(tmp_path: Path) -> None:
    """One box says how many pictures' lengths the page's clock has made, the other how far it is within one."""
    move = (
        "requestAnimationFrame(function f(at) { box.style.left = 2 * Math.floor(at % 5000 / 20) + 'px';"
        "within.style.top = 10 * (at % 20) + 'px'; requestAnimationFrame(f) })"
    )
    body = GREEN_BOX % "#0f0" + "<div id=within style='left:600px;width:9px;background:#fff'></div>"
    with hosting(tmp_path / "rings", page(tmp_path, f"{body}<script>{move}</script>")) as host:
        shows(host)
        lags: list[int] = []
        phases: list[int] = []
        last = host.picture.count - 1

        def enough() -> bool:
            nonlocal last
            host.picture.ask(int(Tier.FULL), CLOCK.now())
            for info in host.picture.infos(last):
                shown = host.picture.picture(info.index).key
                assert shown is not None
                left, phase = int(shown[110, :590].argmax()), int(shown[:, 604].argmax())
                if host.picture.holds(info.index) and 0 < left < 400:
                    lags.append((left // 2 - round(info.due_ns / 20e6)) % 250)
                    phases.append(phase)
                last = info.index
            return len(lags) >= 150

        wait_for(enough, 20, "pictures")
        phase = max(set(phases), key=phases.count)
        even = [abs(one - phase) <= 1 for one in phases]
        assert sum(even) >= 0.7 * len(even), f"the page's clock goes by the show's pictures: {phases}"
        lag = max(set(lags), key=lags.count)
        assert lags.count(lag) >= 0.5 * len(lags), f"the page is as far behind its picture in each: {lags}"


@extra
def test_the_tally_plays_and_stops_it_with_the_fields_of_its_address(tmp_path: Path) -> None:
    script = (
        "<script>let name = ''; function update(text) { name = JSON.parse(text).f0 }"
        "function play() { if (name === 'Ann & Bo') box.style.background = '#fff' }"
        "function stop() { box.style.background = 'none' }</script>"
    )
    url = page(tmp_path, GREEN_BOX % "none" + script)
    with hosting(tmp_path / "rings", f"{url}?f0=Ann+%26+Bo") as host:
        host.wait_told("opened", 15)
        assert is_empty(key(host))
        host.send({"on_air": True})
        shows(host)
        host.send({"on_air": False})
        wait_key(host, is_empty)
    with hosting(tmp_path / "again", f"{url}?f0=Ann+%26+Bo", on_air=True) as host:
        shows(host)  # a host that was killed on air comes back playing


@extra
def test_a_page_that_crashes_or_hangs_vanishes_and_comes_back(tmp_path: Path) -> None:
    hang = "<script>window.play = () => { for (;;) ; }</script>"
    with hosting(tmp_path / "rings", page(tmp_path, GREEN_BOX % "#0f0" + hang)) as host:
        shows(host)
        os.kill(renderers(host)[-1].pid, signal.SIGKILL)
        wait_key(host, is_empty)
        assert "crashed" in host.wait_told("trouble")["reason"]
        shows(host)
        assert host.wait_told("recovered")
        heard, count = len(host.events), host.picture.count
        host.send({"on_air": True})
        assert "did not respond" in host.wait_told("trouble", 15, after=heard)["reason"]
        wait_key(host, is_empty)
        host.send({"on_air": False})
        shows(host)
        assert host.picture.count > count
        assert host.picture.writer_pid == host.process.pid, "the host itself lived through all of it"


@extra
def test_what_a_graphic_does_not_need_it_may_not_have(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    greedy = f"""<script>
        alert('stop everything'); confirm('sure?'); prompt('who?')
        const got = []
        if (window.open('about:blank')) got.push('window')
        const wants = [fetch('file://{tmp_path}/token').then(() => got.push('file'), () => 0),
            navigator.mediaDevices?.getUserMedia({{video: true}}).then(() => got.push('camera'), () => 0),
            new Promise(done => navigator.geolocation ?
                navigator.geolocation.getCurrentPosition(() => {{ got.push('place'); done() }}, done) : done())]
        onload = () => setTimeout(() => location.href = 'http://localhost:1/elsewhere', 100)
        Promise.all(wants).then(() => {{ box.style.background = got.length ? 'rgba(0,0,0,.2)' : '#0f0';
            console.error('got ' + got.join()) }})
    </script><iframe src='file://{tmp_path}/token' style='border:0'></iframe>"""
    with serving(lambda handler: give(handler, GREEN_BOX % "none" + greedy)) as place:  # noqa: SIM117
        with hosting(tmp_path / "http", f"html+http://{place}/") as host:
            found = shows(host)
            assert (found > 0).sum() == 200 * 100, "the frame is empty"
            assert host.told("trouble") is None
            for refused in ("a dialogue", "elsewhere"):
                wait_for(lambda refused=refused: refused in "".join(host.log), 5, refused)
            assert (key(host) > 0).sum() == 200 * 100, "it stays where it is"
    with hosting(tmp_path / "file", page(tmp_path / "pages", GREEN_BOX % "none" + greedy)) as host:
        assert (shows(host) > 0).sum() == 200 * 100


@extra
def test_addresses_that_lead_nowhere_are_named_and_tried_again(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        if handler.path == "/round":
            redirect(handler, "/round")
        elif handler.path == "/away":
            redirect(handler, f"http://localhost:{handler.headers['Host'].rpartition(':')[2]}/good")
        elif handler.path == "/late" and asked.count("/late") < 2:
            handler.send_error(503)
        else:
            give(handler, GREEN_BOX % "#0f0")

    with serving(answer) as place, serving(answer, tmp_path) as secure:
        for url, said in (
            (f"http://{place}/round", "can't be loaded"),
            (f"http://{place}/away", "leads elsewhere"),
            (f"https://{secure}/good", "certificate"),
            ("http://127.0.0.1:1/none", "can't be loaded"),
        ):
            with hosting(tmp_path / "rings", f"html+{url}") as host:
                assert said in host.wait_told("trouble", 12)["reason"]
                wait_key(host, is_empty)
        with hosting(tmp_path / "rings", f"html+http://{place}/late") as host:
            shows(host)


@extra
def test_a_huge_page_and_a_broken_one_are_drawn_as_far_as_they_go(tmp_path: Path) -> None:
    many = "<script>for (let i = 0; i < 50000; i++) document.body.append(document.createElement('p'));" + "x" * 4000000
    url = page(tmp_path, GREEN_BOX % "#0f0" + "<p style='height:9999999px;width:9999999px'></p>" + many + "</script>")
    with hosting(tmp_path / "rings", url) as host:
        assert shows(host).shape == (360, 640)
        assert any("complains" in line for line in host.log)
