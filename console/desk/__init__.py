"""The director's windows: multiview, keys, panels and dialogs; a client of the engine like any other."""
