"""The benchmarks of syndicate: ``python -m bench`` runs them all, ``python -m bench NAME...`` some."""
