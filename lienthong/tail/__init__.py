"""Looking at the records of a topic: decoded, selected, one JSON object a line."""
