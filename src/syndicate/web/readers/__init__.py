"""What readers do on the web, without a login: a link's token is the proof. A module for each page.

``sign_up`` (subscribe, confirm) -> ``preferences`` -> ``leaving``, or ``held`` (all that is held, erasure)
"""
