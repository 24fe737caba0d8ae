"""Podium, a broadcast control-room console.

The rooms of this package and what flows between them are told in ARCHITECTURE.md beside this file.
"""

__version__ = "0.1.0"
