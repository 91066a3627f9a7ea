"""The security framework: small parts, each readable alone, composed in the app factory."""
