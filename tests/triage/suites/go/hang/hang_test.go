package hang

import (
	"sync"
	"testing"
	"time"
)

type store struct {
	lock sync.Mutex
}

func (s *store) put() {
	s.lock.Lock()
	s.lock.Lock()
}

func TestPut(t *testing.T) {
	(&store{}).put()
}

func TestWaits(t *testing.T) {
	done := make(chan bool)
	t.Run("sub", func(t *testing.T) { <-done })
}

func TestSleeps(t *testing.T) { waitForever() }

func waitForever() {
	for {
		time.Sleep(time.Hour)
	}
}
