"""What clerks do: take work, judge it, and compare originals at the counter."""
