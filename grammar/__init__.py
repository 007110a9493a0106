"""The text of a strategy: JSON document, expressions, places, and every message that is ever said."""
