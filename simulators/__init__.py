"""Real HTTP servers that stand in for other authorities: registries, SMS, post."""
