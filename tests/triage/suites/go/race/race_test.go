package race

import "testing"

type counter struct{ n int }

func (c *counter) add() { c.n++ }

func TestCounter(t *testing.T) {
	var c counter
	done := make(chan bool)
	go func() {
		c.add()
		done <- true
	}()
	c.add()
	<-done
}
