"""The verbs of the command line that are clients of an engine, and the pieces all verbs share."""
