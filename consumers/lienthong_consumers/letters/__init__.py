"""Dead letters in the hands of people: list, show, replay, fix, waive; every action is written down."""
