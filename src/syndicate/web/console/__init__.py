"""The staff console under ``/staff/``: server-rendered pages, one module per page; see ``door`` for who gets in.

request -> door (session, role, anti-forgery) -> a page's handler (Visit -> flows) -> screens (templates) -> answer
"""

from syndicate.web.console.application import console_routes

__all__ = ["console_routes"]
