"""Results and other data that graphics show: an ODF-style feed, tables and JSON, and how titles are bound to them."""
