"""The subcommands of `expand`, one a file; each loads what it needs when it is called."""
