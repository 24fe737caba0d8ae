"""What Podium ships beside its code: icons, fonts. Installed as `podium_resources`, found by `console.media.assets`."""
