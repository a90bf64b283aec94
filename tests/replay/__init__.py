"""Recorded histories, one of each path a case can take, and the test that replays them under today's code."""
