"""`python -m bench.identity`."""

from bench.identity.run import main

if __name__ == "__main__":
    main()
