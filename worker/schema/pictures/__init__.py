"""The dependency graph, drawn."""
