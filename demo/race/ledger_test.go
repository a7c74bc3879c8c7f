package ledger

import (
	"sync"
	"testing"
)

// Two tellers walk along the accounts towards each other. Whether one reads a
// balance while the other is about to write it, where they meet, depends on
// how the two are scheduled.
func TestTotalIsKept(t *testing.T) {
	const accounts, each, laps = 1000, 1000, 30
	l := New(accounts, each)
	var ready, done sync.WaitGroup
	ready.Add(2)
	done.Add(2)
	for teller := 0; teller < 2; teller++ {
		go func(teller int) {
			defer done.Done()
			ready.Done()
			ready.Wait()
			for i := 0; i < laps*accounts; i++ {
				from := i % accounts
				if teller == 1 {
					from = accounts - 1 - from
				}
				l.Move(from, (from+1)%accounts, 1)
			}
		}(teller)
	}
	done.Wait()
	if got, want := l.Total(), accounts*each; got != want {
		t.Errorf("total = %d, want %d", got, want)
	}
}
