"""Run first in the frozen program: what it starts of the system's programs (ffmpeg, a browser) uses their libraries.

PyInstaller's starter puts the program's own folder in front of LD_LIBRARY_PATH; the libraries that this process loads
are found all the same, since the loader read the variable when the process began.
"""

import os

_before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
if _before is not None:
    os.environ["LD_LIBRARY_PATH"] = _before
else:
    os.environ.pop("LD_LIBRARY_PATH", None)
