package crash

import (
	"testing"
	"time"
)

type tree struct{ left, right *tree }

func (t *tree) depth() int { return 1 + t.left.depth() }

func TestNil(t *testing.T) {
	root := &tree{}
	if root.depth() != 1 {
		t.Error("too deep")
	}
}

func TestIndex(t *testing.T) {
	table := make([]int, 3)
	at := int(time.Now().UnixNano()%2) + 3
	t.Log(table[at])
}

func TestInBackground(t *testing.T) {
	go work()
	time.Sleep(time.Second)
}

func work() {
	panic("lost the connection to 127.0.0.1:4711\nand gave up")
}

func TestOverflow(t *testing.T) { overflow(0) }

//go:noinline
func overflow(n int) int { return overflow(n+1) + 1 }
