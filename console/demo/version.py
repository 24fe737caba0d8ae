"""The version of what is drawn."""

SCENE_VERSION = 9
"""Part of the cache's name: raise it whenever the pictures or their encoding change."""
