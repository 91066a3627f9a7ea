"""The command line: one file a verb. Only `main` turns an error into an exit."""
