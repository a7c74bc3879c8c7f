package build

import "testing"

func TestAnswer(t *testing.T) {
	if Anwser() != 42 {
		t.Error("wrong")
	}
	var unused int
}
