"""What applicants do: sign in, ask, prove who they are, follow, add and withdraw."""
