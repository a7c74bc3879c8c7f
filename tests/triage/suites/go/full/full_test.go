package full

import (
	"os"
	"testing"
)

func TestWrites(t *testing.T) {
	file, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = file.WriteString("journal"); err != nil {
		t.Fatalf("commit %d: %v", os.Getpid(), err)
	}
}
