"""What an application's tests of its domains need."""
