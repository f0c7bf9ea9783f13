"""What training gets: documents with labels and weights, the output function that belongs to the labels, held-out documents."""
