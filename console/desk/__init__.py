"""The director's windows: multiview, keys, panels and dialogs; a client of the engine like any other.

What is decided (keys, guards, layout, what the engine said) is pure and lives in modules without Qt; widgets only show
it. The desk never changes the show by itself: it asks, and draws what the engine has confirmed.
"""
