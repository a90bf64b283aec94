"""The payment provider: fees ordered, paid and given back."""
