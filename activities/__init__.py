"""Side effects a procedure may ask for: small classes that take ports, one module per kind."""
