"""Frame sync and drift-correcting sound sync: which picture and which samples are due, and the counters that tell."""
