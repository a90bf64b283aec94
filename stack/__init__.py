"""The embedded stack: every part OneTrip needs on one machine, started in order, watched, and ended with nothing left behind."""
