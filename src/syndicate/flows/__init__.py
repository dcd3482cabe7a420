"""The verbs: each reads the store, asks a room, writes the answer. No business condition lives here."""
