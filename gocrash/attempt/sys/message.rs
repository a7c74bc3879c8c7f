//! What goes between gocrash and the supervisor of an attempt: orders one way,
//! reports the other, each a packet of one size. Both ends are the same
//! program, so the numbers are as this machine has them.

/// So many of the processes that outlived a command are named.
pub(crate) const NAMED_MAX: usize = 5;
/// What the kernel calls a process is no longer, a zero byte included.
pub(super) const NAME_BYTES: usize = 16;
const LEAK_BYTES: usize = 4 + NAME_BYTES;
/// So much of a path is told.
pub(super) const PATH_BYTES: usize = 256;

pub(super) const ORDER_BYTES: usize = 12;
pub(super) const REPORT_BYTES: usize = 16 + PATH_BYTES;
// Whoever outlived a command has room in there as well.
const _: () = assert!(NAMED_MAX * LEAK_BYTES <= PATH_BYTES);

/// What a supervisor is to do. The end of the connection means: kill all of
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Run the command.
    Go,
    Signal(Whom, i32),
    /// Kill all there is of the attempt.
    Kill,
}

/// Who of an attempt gets a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    /// The process group that the command leads.
    Group,
    /// Every process there is.
    Tree,
    /// This one, if it is the attempt's.
    One(i32),
}

/// What a supervisor has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Report {
    Started,
    /// The number of the step of the scene, counted from one, and what the
    /// system answered. No errno: the process that waited was killed.
    NotStarted {
        step: usize,
        errno: i32,
    },
    /// With a status as wait(2) gives it. When nothing outlived it, this is
    /// the last one: a thread stands still until then.
    Ended {
        status: i32,
        is_last: bool,
    },
    /// What outlived the command, and was killed, and what it had open, which
    /// comes before in packets of its own. Nothing follows.
    Found(Found, Vec<Holds>),
}

/// That a process that outlived the command had a file open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holds {
    pub(crate) pid: i32,
    /// Relative to the slate, up to a zero byte.
    pub(crate) path: [u8; PATH_BYTES],
}

/// Processes that outlived their command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) count: u32,
    /// The first of them; noughts follow.
    pub(crate) first: [Leak; NAMED_MAX],
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leak {
    pub(crate) pid: i32,
    /// What the system calls it, up to a zero byte.
    pub(crate) name: [u8; NAME_BYTES],
}

impl Found {
    pub(super) const NOTHING: Found = Found {
        count: 0,
        first: [Leak { pid: 0, name: [0; NAME_BYTES] }; NAMED_MAX],
    };

    pub(super) fn add(&mut self, leak: Leak) {
        if let Some(place) = self.first.get_mut(self.count as usize) {
            *place = leak;
        }
        self.count = self.count.saturating_add(1);
    }
}

impl Order {
    pub(super) fn to_bytes(self) -> [u8; ORDER_BYTES] {
        let (kind, signal, pid) = match self {
            Order::Go => (1, 0, 0),
            Order::Kill => (2, 0, 0),
            Order::Signal(Whom::Group, signal) => (3, signal, 0),
            Order::Signal(Whom::Tree, signal) => (4, signal, 0),
            Order::Signal(Whom::One(pid), signal) => (5, signal, pid),
        };
        let mut bytes = [0; ORDER_BYTES];
        put(&mut bytes, 0, kind);
        put(&mut bytes, 4, signal);
        put(&mut bytes, 8, pid);
        bytes
    }

    /// Nothing, if it is none.
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Order> {
        let (signal, pid) = (get(bytes, 4)?, get(bytes, 8)?);
        match get(bytes, 0)? {
            1 => Some(Order::Go),
            2 => Some(Order::Kill),
            3 => Some(Order::Signal(Whom::Group, signal)),
            4 => Some(Order::Signal(Whom::Tree, signal)),
            5 => Some(Order::Signal(Whom::One(pid), signal)),
            _ => None,
        }
    }
}

impl Report {
    pub(super) fn to_bytes(&self) -> [u8; REPORT_BYTES] {
        let mut bytes = [0; REPORT_BYTES];
        match *self {
            Report::Started => put(&mut bytes, 0, 1),
            Report::NotStarted { step, errno } => {
                put(&mut bytes, 0, 2);
                // Of the few steps that there are.
                put(&mut bytes, 4, step as i32);
                put(&mut bytes, 8, errno);
            }
            Report::Ended { status, is_last } => {
                put(&mut bytes, 0, 3);
                put(&mut bytes, 4, status);
                put(&mut bytes, 8, is_last.into());
            }
            Report::Found(ref found, _) => {
                put(&mut bytes, 0, 4);
                put(&mut bytes, 4, found.count as i32);
                for (i, leak) in found.first.iter().enumerate() {
                    let at = 16 + i * LEAK_BYTES;
                    put(&mut bytes, at, leak.pid);
                    bytes[at + 4..][..NAME_BYTES].copy_from_slice(&leak.name);
                }
            }
        }
        bytes
    }

    /// Nothing, if it is none.
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Report> {
        match get(bytes, 0)? {
            1 => Some(Report::Started),
            2 => Some(Report::NotStarted {
                step: usize::try_from(get(bytes, 4)?).ok()?,
                errno: get(bytes, 8)?,
            }),
            3 => Some(Report::Ended {
                status: get(bytes, 4)?,
                is_last: get(bytes, 8)? != 0,
            }),
            4 => {
                let mut found = Found::NOTHING;
                found.count = get(bytes, 4)? as u32;
                for (i, leak) in found.first.iter_mut().enumerate() {
                    let at = 16 + i * LEAK_BYTES;
                    leak.pid = get(bytes, at)?;
                    let name = bytes.get(at + 4..)?.first_chunk()?;
                    leak.name = *name;
                }
                Some(Report::Found(found, Vec::new()))
            }
            _ => None,
        }
    }
}

impl Holds {
    pub(super) fn to_bytes(self) -> [u8; REPORT_BYTES] {
        let mut bytes = [0; REPORT_BYTES];
        put(&mut bytes, 0, 5);
        put(&mut bytes, 4, self.pid);
        bytes[16..].copy_from_slice(&self.path);
        bytes
    }

    /// Nothing, if it is none.
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Holds> {
        (get(bytes, 0)? == 5).then_some(())?;
        let path = *bytes.get(16..)?.first_chunk()?;
        Some(Holds { pid: get(bytes, 4)?, path })
    }
}

fn put(bytes: &mut [u8], at: usize, number: i32) {
    bytes[at..][..4].copy_from_slice(&number.to_ne_bytes());
}

fn get(bytes: &[u8], at: usize) -> Option<i32> {
    bytes.get(at..)?.first_chunk().map(|chunk| i32::from_ne_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_what_arrives() {
        let orders = [
            Order::Go,
            Order::Kill,
            Order::Signal(Whom::Group, 15),
            Order::Signal(Whom::Tree, 19),
            Order::Signal(Whom::One(77), 3),
        ];
        for order in orders {
            assert_eq!(Order::of_bytes(&order.to_bytes()), Some(order));
        }
        let mut found = Found::NOTHING;
        for pid in 1..=7 {
            found.add(Leak { pid, name: *b"sleep\0\0\0\0\0\0\0\0\0\0\0" });
        }
        let reports = [
            Report::Started,
            Report::NotStarted { step: 2, errno: 13 },
            Report::Ended { status: 0x8b00, is_last: false },
            Report::Ended { status: 9, is_last: true },
            Report::Found(found, Vec::new()),
        ];
        for report in reports {
            let arrives = Report::of_bytes(&report.to_bytes());
            assert_eq!(arrives, Some(report));
        }
        let holds = Holds { pid: 7, path: [b'/'; PATH_BYTES] };
        assert_eq!(Holds::of_bytes(&holds.to_bytes()), Some(holds));
        assert_eq!(Report::of_bytes(&holds.to_bytes()), None);
        assert_eq!((found.count, found.first[4].pid), (7, 5));
    }

    #[test]
    fn what_is_no_message_is_none() {
        assert_eq!(Order::of_bytes(&[]), None);
        assert_eq!(Order::of_bytes(&[0; ORDER_BYTES]), None);
        assert_eq!(Order::of_bytes(&[1, 0, 0, 0]), None);
        assert_eq!(Report::of_bytes(&[9; REPORT_BYTES]), None);
        let holds = Holds { pid: 7, path: [b'/'; PATH_BYTES] };
        assert_eq!(Holds::of_bytes(&holds.to_bytes()[..100]), None);
        assert_eq!(Holds::of_bytes(&[9; REPORT_BYTES]), None);
        let cut = Report::Found(Found::NOTHING, Vec::new()).to_bytes();
        assert_eq!(Report::of_bytes(&cut[..40]), None);
    }
}
