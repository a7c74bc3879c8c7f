package delta

import (
	"net"
	"testing"
)

func TestDials(t *testing.T) {
	if _, err := net.Dial("tcp", "127.0.0.1:9"); err != nil {
		t.Fatal(err)
	}
}
