"""The JSON API under /v1 and OAuth2; mounts the pages."""
