"""What a strategy is, without running it: its report, its picture, and how it differs from another."""
