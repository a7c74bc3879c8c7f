package build

// Answer is what the test misspells.
func Answer() int { return 42 }
