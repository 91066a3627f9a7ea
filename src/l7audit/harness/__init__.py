"""The pytest side: the plugin, the `check` fixture, and the processes that run checks."""
