"""The demonstration: the world around Postroom on one machine. Nothing in here is part of the product."""
