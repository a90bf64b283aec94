"""Reading resident identity cards: the engine in a process of its own, and the pure parsing of what it sees."""
