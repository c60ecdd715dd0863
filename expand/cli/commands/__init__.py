"""The subcommands of `expand`, one per file; each loads what it needs when it is called."""
