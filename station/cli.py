"""The command line: what docs/en/commands.md lists, one function a command."""


def main() -> None:
    """Run the command line."""
