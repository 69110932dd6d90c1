"""One graph of a fellowship: from dataset to measurement, walkable both ways."""
