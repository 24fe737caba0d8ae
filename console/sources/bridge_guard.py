"""Runs FFmpeg's executable for `console.sources.bridge` and ends it when the host is gone, however it went.

Started as `podium _guard FFMPEG`; it imports nothing of the program. The first line of standard input is the address;
the executable gets it as a script on *its* standard input, since command lines can be read by every user of the
machine. When our standard input ends, so does the executable.
"""

from __future__ import annotations

import subprocess
import sys
import threading

_READ = ["-f", "concat", "-safe", "0", "-protocol_whitelist", "srt,file,pipe,crypto,data", "-i", "pipe:0"]
_WRITE = ["-map", "0", "-c", "copy", "-f", "mpegts", "-muxdelay", "0", "-flush_packets", "1", "pipe:1"]
_QUICK = ["-hide_banner", "-loglevel", "warning", "-analyzeduration", "3000000", "-fpsprobesize", "0"]


def main() -> int:
    """Run until the executable ends or the host does; the executable's exit status."""
    address = sys.stdin.buffer.readline().decode().rstrip("\n")
    quoted = address.replace("'", "'\\''")
    process = subprocess.Popen([sys.argv[2], *_QUICK, *_READ, *_WRITE], stdin=subprocess.PIPE)
    if process.stdin is not None:
        process.stdin.write(f"ffconcat version 1.0\nfile '{quoted}'\n".encode())
        process.stdin.close()

    def end_with_host() -> None:
        sys.stdin.buffer.read()
        process.kill()

    threading.Thread(target=end_with_host, daemon=True).start()
    return process.wait()
