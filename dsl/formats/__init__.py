"""Diagnostics as other programs read them: SARIF, JSON with a schema, and a brief for language models."""
