"""What other systems tell: kept as facts, put in order once, and made operations. Never guesses."""
