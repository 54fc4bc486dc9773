"""What a change says: operations, versions, files."""
