"""One function for each thing a person does here; the only place that opens a transaction."""
