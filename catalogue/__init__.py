"""The service items: their files, the loader that cross-checks them, the evaluator of their rules."""
