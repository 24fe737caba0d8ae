"""The reference ingest endpoint: takes the program, keeps it and serves it as HLS on a page.

`server.serve` runs it. Requests come in at `ingest` and `watch`, `store` keeps what came, `facts` reads it, `playlists`
is pure, `access` decides who may. Knows nothing of the engine: what it takes is DASH-IF Live Media Ingest.
"""
