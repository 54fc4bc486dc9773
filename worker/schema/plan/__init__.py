"""What a change will do, before it does anything."""
