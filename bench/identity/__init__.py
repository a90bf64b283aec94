"""How often the identity check is right, how long it takes, and what gets past it: `python -m bench.identity --data FOLDER`."""
