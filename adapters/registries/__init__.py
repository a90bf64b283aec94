"""Connectors to the registries of other authorities."""
