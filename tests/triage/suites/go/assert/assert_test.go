package assert

import (
	"testing"
	"time"
)

func TestPasses(t *testing.T) {}

func TestCount(t *testing.T) {
	t.Logf("started %d workers", 4)
	t.Errorf("got %d items in %v, want %d", time.Now().UnixNano()%97, 1234*time.Microsecond, 100)
	t.Error("the queue is not empty")
}

func TestTable(t *testing.T) {
	for _, name := range []string{"empty", "one", "many"} {
		t.Run(name, func(t *testing.T) {
			if name == "one" {
				t.Fatalf("length is %d", 0)
			}
		})
	}
}
