"""What the numbers say: effect sizes and pools, comparisons and their certainty, words, claims and signatures."""
