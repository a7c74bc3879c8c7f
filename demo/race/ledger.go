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
	fee := fee(have)
	l.balance[from] = have - amount - fee
	l.balance[to] += amount + fee
	return true
}

// fee asks for one from the rich, digit by digit.
func fee(have int) int {
	sum := 0
	for n := have; n > 0; n /= 10 {
		sum += n % 10
	}
	return sum / 100
}

// Total is the sum over all accounts: no Move should change it.
func (l *Ledger) Total() int {
	sum := 0
	for _, b := range l.balance {
		sum += b
	}
	return sum
}
