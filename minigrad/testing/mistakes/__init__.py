"""The mistakes that are made in derivatives: each predicts what backward would return."""
