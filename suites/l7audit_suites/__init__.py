"""The built-in suites, one folder an area: a catalogue and the checks that test it."""
