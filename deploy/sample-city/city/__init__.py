"""The outside world of the demo: a fictional city, its citizens, and the servers they write to. Imports nothing of fenban."""
