"""Run in the build's environment: `inventory.py TREE COLLECTED LOCK FOLDER VERSION EPOCH LICENSE` writes the bill of
materials, the notices and the licence texts of a tree."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import bill


def main() -> int:
    """Write them; 1 and a sentence when a library is not known."""
    tree, collected, lock, folder = map(Path, sys.argv[1:5])
    version, epoch_s, own = sys.argv[5], int(sys.argv[6]), Path(sys.argv[7])
    try:
        pairs = [(place, source) for place, source in json.loads(collected.read_text())]
        parts = bill.components(tree, pairs, lock.read_text(), platform.python_version())
        bill.write(parts, tree, folder, version, epoch_s, own)
    except bill.UnknownLibrary as unknown:
        print(unknown, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
