"""SIGKILL at every point where something lasting happens, again and again: ``make rel``.

kills (where a sender dies)   sink (a server that remembers what it took)   runs (kill, recover, compare)
"""
