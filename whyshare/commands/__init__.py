"""One module per command: the options it takes, and the call into the room that does the work."""
