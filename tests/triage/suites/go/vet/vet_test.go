package vet

import (
	"fmt"
	"testing"
)

func TestPrints(t *testing.T) { fmt.Printf("%d\n", "three") }
