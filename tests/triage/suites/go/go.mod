module example.org/flaky

go 1.19
