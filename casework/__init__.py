"""Use cases shared by the JSON API and the pages: every rule about who may do what lives here, once."""
