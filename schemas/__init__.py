"""The structure of a strategy document: its published JSON Schema, and the check that explains itself."""
