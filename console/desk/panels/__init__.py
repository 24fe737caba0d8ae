"""The panels of the dock; each explains one part of the show in words, tables and small plots."""
