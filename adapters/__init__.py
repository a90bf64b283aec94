"""The world behind each port of `domain/ports.py`; adapters know the domain, and never each other."""
