"""On air: the tick, the journal, the supervisor of all processes and the control API."""
