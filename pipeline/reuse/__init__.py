"""What need not be done again: results kept between runs, found by all that they depend on."""
