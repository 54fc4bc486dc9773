"""What operates the system: child processes, status and map, the sweep, the schedule."""
