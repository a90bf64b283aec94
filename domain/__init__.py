"""The pure model: what an application is, what may happen to it, and what the outside world must offer."""
