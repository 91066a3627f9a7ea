"""Assessment: pure functions from a journal's records to verdicts, a score and a decision."""
