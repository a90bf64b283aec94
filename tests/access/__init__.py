"""Who may see what: every role × every page and endpoint × own, other station, other county × fields of the answer."""
