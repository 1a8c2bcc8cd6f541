"""How portals know who writes: one class for each kind of login."""
