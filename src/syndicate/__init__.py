"""syndicate: articles in several languages in, feeds and per-language e-mail digests out.

Read the rooms in the order of the journey::

    source -> article -> story -> (bios, similar posts) -> issue -> edition -+-> digest -> delivery -> carrier
                             \\                                               |
                              +--------------------------> feed -> public/   +-> web archive
"""

__version__ = "0.1.0"
