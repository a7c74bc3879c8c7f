// Package ledger moves money between accounts, and has a bug: Move checks and
// changes a balance without holding a lock over both.
package ledger

// A Ledger holds the balances of its accounts.
type Ledger struct{ balance []int }

// New makes a ledger of n accounts with the same balance each.
func New(n, each int) *Ledger {
	l := &Ledger{balance: make([]int, n)}
	for i := range l.balance {
		l.balance[i] = each
	}
	return l
}

// Move takes an amount from one account to another, if it is there.
func (l *Ledger) Move(from, to, amount int) bool {
	have := l.balance[from]
	if have < amount {
		return false
	}
	l.balance[from] = have - amount
	l.balance[to] += amount
	return true
}

// Total is the sum over all accounts: no Move should change it.
func (l *Ledger) Total() int {
	sum := 0
	for _, b := range l.balance {
		sum += b
	}
	return sum
}
