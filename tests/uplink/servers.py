"""Real receivers for tests: nginx taking PUT, nginx taking RTMP. Each on its own free port, in its own directory."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from tests.waiting import wait_for

RTMP_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Nginx:
    """nginx with one worker, in the foreground; may be killed, frozen and started again on the same port."""

    def __init__(self, directory: Path, *, http: str = "", rtmp: str = "", port: int | None = None) -> None:
        self.directory = directory
        self.port = port or free_port()
        directory.mkdir(parents=True, exist_ok=True)
        self.configure(http=http, rtmp=rtmp)
        self.start()

    def configure(self, *, http: str = "", rtmp: str = "") -> None:
        directory = self.directory
        parts = [
            "daemon off; worker_processes 1; error_log stderr error;",
            f"pid {directory}/nginx.pid;",
            "user root;" if os.name == "posix" and os.getuid() == 0 else "",
            "events { worker_connections 64; }",
        ]
        if rtmp:
            parts.insert(0, f"load_module {RTMP_MODULE};")
            parts.append(f"rtmp {{ access_log off; server {{ listen 127.0.0.1:{self.port}; {rtmp} }} }}")
        if http:
            temporary = " ".join(
                f"{kind}_temp_path {directory}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            )
            parts.append(f"http {{ access_log off; {temporary} {http} }}")
        (directory / "nginx.conf").write_text("\n".join(parts))

    def start(self) -> None:
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen(
            [program, "-p", str(self.directory), "-c", str(self.directory / "nginx.conf"), "-e", "stderr"],
            start_new_session=True,
        )
        wait_for(lambda: listens(self.port), 10, "nginx listens")

    def signal(self, number: int) -> None:
        """Send a signal to nginx and its worker."""
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """kill -9, worker included."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()


def dav(directory: Path, *, port: int | None = None, extra: str = "") -> Nginx:
    """nginx that keeps what is PUT below `directory`/store."""
    store = directory / "store"
    store.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    http = (
        f"server {{ listen 127.0.0.1:{port}; root {store}; client_max_body_size 0; location / {{ dav_methods PUT;"
        f" create_full_put_path on; {extra} }} }}"
    )
    return Nginx(directory, http=http, port=port)


def rtmp_recorder(directory: Path, *, port: int | None = None, extra: str = "") -> Nginx:
    """nginx-rtmp that records what is published to application `live` below `directory`/records."""
    records = directory / "records"
    records.mkdir(parents=True, exist_ok=True)
    records.chmod(0o777)
    rtmp = (
        f"application live {{ live on; record all; record_path {records}; record_unique on;"
        f" record_append off; {extra} }}"
    )
    return Nginx(directory, rtmp=rtmp, port=port)
