"""Cross-origin rules: who may read answers from a browser, and what a preflight permits."""
