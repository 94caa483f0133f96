"""Frame in, frame out: what the visits say about vehicles."""
