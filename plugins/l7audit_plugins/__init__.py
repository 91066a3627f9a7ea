"""The built-in plugins: providers, scanners and reporters, one file each."""
