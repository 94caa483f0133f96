"""What pages are made of: blocks, charts, colours, the desk; no page by itself."""
