"""What `onetrip …` runs beside the stack: integrators, the demonstration, verifying a file."""
