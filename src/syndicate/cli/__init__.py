"""The console command. Heavy imports wait until a command needs them: ``--help`` answers at once."""

from syndicate.cli.command import command

__all__ = ["command"]
