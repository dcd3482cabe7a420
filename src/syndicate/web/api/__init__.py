"""The API under ``/api/``: what the console does, for programs, by the same flows."""

from syndicate.web.api.application import Api, api
from syndicate.web.api.problems import for_programs

__all__ = ["Api", "api", "for_programs"]
