package ledger

import (
	"sync"
	"testing"
)

// Two tellers move money at the same time. Whether one reads a balance while
// the other is about to write it depends on how the two are scheduled.
func TestTotalIsKept(t *testing.T) {
	const accounts, each, moves = 64, 1000, 300
	l := New(accounts, each)
	var ready, done sync.WaitGroup
	ready.Add(2)
	done.Add(2)
	for teller := 0; teller < 2; teller++ {
		go func(teller int) {
			defer done.Done()
			ready.Done()
			ready.Wait()
			for i := 0; i < moves; i++ {
				from := (i*7 + teller*31) % accounts
				l.Move(from, (from+1)%accounts, 1)
			}
		}(teller)
	}
	done.Wait()
	if got, want := l.Total(), accounts*each; got != want {
		t.Errorf("total = %d, want %d", got, want)
	}
}
