"""The write path: how a command travels, is decoded, run in a batch, and settled."""
