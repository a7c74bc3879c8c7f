package smash

import (
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

var sink []*[64]byte

// TestBadPointer leaves a pointer into a span that has been freed.
func TestBadPointer(t *testing.T) {
	bad := uintptr(unsafe.Pointer(new([1 << 20]byte)))
	for i := 0; i < 4; i++ {
		runtime.GC()
		debug.FreeOSMemory()
	}
	for i := 0; i < 100; i++ {
		block := new([64]byte)
		sink = append(sink, block)
	}
	holder := new(*byte)
	*(*uintptr)(unsafe.Pointer(holder)) = bad + 8
	runtime.GC()
	runtime.KeepAlive(holder)
}

// TestFault writes to where the program's code is.
func TestFault(t *testing.T) {
	scribble(0x401000)
}

//go:noinline
func scribble(at uintptr) { *(*int)(unsafe.Pointer(at)) = 1 }

// TestOverrun writes beyond a slice, over the next objects of its span.
func TestOverrun(t *testing.T) {
	victims := make([]*[]int, 4096)
	for i := range victims {
		s := make([]int, 1)
		victims[i] = &s
	}
	start := uintptr(unsafe.Pointer(victims[7]))
	for at := start; at < start+4096; at += 8 {
		*(*uintptr)(unsafe.Pointer(at)) = 0x6b6b6b6b6b6b
	}
	total := 0
	for _, v := range victims {
		total += (*v)[0]
	}
	t.Log(total)
}

func TestKilled(t *testing.T) {
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	time.Sleep(time.Second)
}

func TestSegmentation(t *testing.T) {
	debug.SetTraceback("crash")
	syscall.Kill(os.Getpid(), syscall.SIGSEGV)
	time.Sleep(time.Second)
}

func TestExit(t *testing.T) {
	os.Stderr.WriteString("cannot reach the licence server at 10.0.0.17\n")
	os.Exit(3)
}
