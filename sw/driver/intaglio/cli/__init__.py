"""The command line: one file a verb; it parses, calls the api and prints."""
