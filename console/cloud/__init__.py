"""The reference ingest endpoint: takes the program, keeps it and serves it as HLS on a page."""
