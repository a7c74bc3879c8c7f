package main

import "sync"

func main() {
	var wait sync.WaitGroup
	wait.Add(1)
	queue := make(chan int)
	go func() {
		defer wait.Done()
		<-queue
	}()
	wait.Wait()
}
