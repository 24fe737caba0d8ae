"""The version of what is drawn."""

SCENE_VERSION = 8
"""Part of the cache's name: raise it whenever the pictures or their encoding change."""
