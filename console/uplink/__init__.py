"""From the program log to destinations, each with its own cursor: CMAF over HTTP, RTMP."""
