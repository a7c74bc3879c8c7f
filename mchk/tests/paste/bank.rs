// A bank with a bug, included by the test and by the program it makes out
// of a printed case. No more than the standard library.

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Op {
    Open { name: String },
    Deposit { name: String, cents: u64 },
    Close(String),
}

#[derive(Default)]
struct Bank {
    accounts: Vec<(String, u64)>,
    was_closed: bool,
}

impl Bank {
    fn apply(&mut self, op: &Op) -> Result<(), String> {
        let place = |name: &str| {
            self.accounts.iter().position(|(owner, _)| owner == name)
        };
        match op {
            Op::Open { name } => self.accounts.push((name.clone(), 0)),
            Op::Deposit { name, cents } => {
                let Some(place) = place(name) else { return Ok(()) };
                self.accounts[place].1 += cents;
                if self.was_closed && self.accounts[place].1 > 1000 {
                    return Err(format!("`{name}` is too rich"));
                }
            }
            Op::Close(name) => {
                if let Some(place) = place(name) {
                    self.accounts.remove(place);
                    self.was_closed = true;
                }
            }
        }
        Ok(())
    }
}
