"""The vocabulary of fenban: messages, units, decisions, events, errors, clock, ports. Standard library only."""
