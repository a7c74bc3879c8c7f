package maps

import (
	"testing"
	"time"
)

func TestShared(t *testing.T) {
	shared := map[int]int{}
	for g := 0; g < 4; g++ {
		go func() {
			for i := 0; ; i++ {
				shared[i%100] = i
			}
		}()
	}
	time.Sleep(5 * time.Second)
}
