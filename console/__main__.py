"""The command `podium`: finds the verb and runs it. The only place where the rooms are wired together.

Rooms are imported when their verb is called: `podium --version` must not wait for Qt, nor a source host for aiohttp.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import cast

_CHILDREN = {
    "_engine": "console.engine.process",
    "_source": "console.sources.host",
    "_inspect": "console.sources.inspect",
    "_guard": "console.sources.bridge_guard",
    "_encoder": "console.outputs.encoder",
    "_uplink": "console.uplink.process",
    "_graphics": "console.graphics.process",
    "_html": "console.graphics.html",
    "_venue": "console.demo.venue",
    "_draw": "console.demo.drawing",
}
"""Processes that Podium starts itself; each module has a `main() -> int`. See wire/child.py."""


def main() -> int:
    """Run the command line and return its exit status."""
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    module = importlib.import_module(_CHILDREN.get(verb, "console.cli.verbs"))
    run = cast(Callable[[], int], module.main)
    return run()


if __name__ == "__main__":
    sys.exit(main())
