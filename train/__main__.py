"""`python -m train`: the command."""

from train.cli.command import main

if __name__ == "__main__":
    main()
