"""The show on air: the tick that turns commands and pictures into program, the supervisor, the API, the journal.

`process.py` is the tick's own process and the only writer of the show; `supervisor.py` starts and restarts every
process and never touches a picture; `control.py` is what clients talk to.
"""
