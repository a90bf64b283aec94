"""Durable procedures: deterministic, reading like the procedure manual; they import the domain and activity signatures only."""
