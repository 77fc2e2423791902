"""What a source shows as a whole, compared with what it showed before. Absence proves nothing."""
