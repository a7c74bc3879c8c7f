package setup

import (
	"testing"

	"example.org/flaky/nosuch"
)

func TestNothing(t *testing.T) { nosuch.Call() }
