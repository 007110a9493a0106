"""From a document to a plan: names and types, the shared graph, its facts, the passes, the schedule."""
