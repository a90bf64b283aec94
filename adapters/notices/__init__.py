"""Notices to people: SMS."""
