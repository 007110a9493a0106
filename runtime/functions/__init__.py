"""The functions of the language, one declaration each: signature, meaning, example, and formula or term."""
