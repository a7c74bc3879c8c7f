package fine

import "testing"

func TestErrorsAreReported(t *testing.T) {
	t.Log("error: cannot reach the server, as it should be")
}

func TestFatal(t *testing.T) {
	t.Run("panics", func(t *testing.T) {})
	t.Skip("fails elsewhere")
}
