"""Text becomes sales, rejected rows and records; knows files, not the archive."""
