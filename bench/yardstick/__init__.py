"""What the figures share: generated feeds, a farm that serves them, an installation to measure, the clock of the CPU."""
