"""`python -m expand`: the command, for where another program is called `expand` too."""

from expand.cli import main

if __name__ == "__main__":
    main()
