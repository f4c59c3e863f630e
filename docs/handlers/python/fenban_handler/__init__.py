"""A department's handler of fenban's events: takes in what the unit is assigned, and says what became of it."""
