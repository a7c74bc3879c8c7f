//! How slates go that others go with: a program which the kernel runs in one
//! transaction group looks at each and destroys it, so that nothing comes in
//! between, and a pool has less to do than for one after the other.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use zfs::{DatasetName, ErrorKind, NvList, Pairs, ProgramLimits, Value, Zfs};

use super::remove::while_suspended;
use super::working::session_of;
use super::{Place, SlatePlace, TAG_SESSION};

/// Gives the names of those that it destroyed. What is not as it was made, or
/// can't be destroyed, it leaves alone. It is short because the pool's history
/// has the whole of it each time.
const PROGRAM: &str = r#"local a = ...
local gone = {}
local session, set_on = zfs.get_prop(a.working, a.tag)
if session ~= a.session or set_on ~= a.working then return gone end
for name, guid in pairs(a.slates) do
  if zfs.exists(name) and zfs.get_prop(name, "guid") == guid
      and zfs.get_prop(name, "origin") == a.origin
      and zfs.sync.destroy(name) == 0 then
    gone[name] = true
  end
end
return gone"#;

/// Slates of one hunt that are to go. Whoever comes while a program runs waits
/// for the next one, and shares it with all who do.
#[derive(Debug, Default)]
pub(super) struct Together {
    queue: Mutex<Queue>,
    is_over: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    /// The GUID of each slate that waits, by its name.
    waiting: HashMap<String, i64>,
    /// What became of those that no longer do: whether they are gone.
    done: HashMap<String, bool>,
    is_running: bool,
    /// Programs are for root alone.
    is_refused: bool,
}

impl Together {
    /// Destroys the slate, which is not mounted, if it is what the hunt made.
    /// Tells whether it did; why not is for others to find out.
    pub(super) fn destroy(
        &self,
        zfs: &Zfs,
        working: &Place,
        slate: &SlatePlace,
    ) -> bool {
        let Ok(guid) = slate.guid.parse::<u64>() else { return false };
        let name = slate.dataset.as_str();
        let mut queue = self.queue();
        if queue.is_refused {
            return false;
        }
        // Lua's numbers have a sign.
        let guid = i64::from_ne_bytes(guid.to_ne_bytes());
        queue.waiting.insert(name.to_owned(), guid);
        loop {
            if let Some(is_gone) = queue.done.remove(name) {
                return is_gone;
            }
            if queue.is_running {
                let waited = self.is_over.wait(queue);
                queue = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.is_running = true;
            let turn = Turn {
                together: self,
                slates: std::mem::take(&mut queue.waiting),
                gone: Pairs::default(),
            };
            drop(queue);
            turn.run(zfs, working);
            queue = self.queue();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // It is only put and taken.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One program. However it ends, nobody waits for it any longer.
struct Turn<'a> {
    together: &'a Together,
    slates: HashMap<String, i64>,
    gone: Pairs,
}

impl Turn<'_> {
    fn run(mut self, zfs: &Zfs, working: &Place) {
        let destroyed = self.destroy(zfs, working);
        self.gone = destroyed.unwrap_or_else(|error| {
            if error.kind() == ErrorKind::PermissionDenied {
                self.together.queue().is_refused = true;
                return Pairs::default();
            }
            // What it did before it failed is done.
            let is_gone = |name: &&String| {
                let guid = DatasetName::new(name)
                    .and_then(|name| zfs.property(&name, "guid"));
                guid.is_err_and(|error| error.kind() == ErrorKind::NotFound)
            };
            let gone = self.slates.keys().filter(is_gone);
            gone.map(|name| (name.clone(), Value::Boolean)).collect()
        });
    }

    fn destroy(&self, zfs: &Zfs, working: &Place) -> zfs::Result<Pairs> {
        let text = |text: &str| Value::String(text.to_owned());
        let slates = self.slates.iter();
        let slates = slates.map(|(n, guid)| (n.clone(), Value::Int64(*guid)));
        let dataset = &working.dataset;
        let args = [
            ("working", text(dataset.as_str())),
            ("tag", text(TAG_SESSION)),
            ("session", text(session_of(dataset))),
            ("origin", text(working.origin().as_str())),
            ("slates", Value::List(slates.collect())),
        ];
        let mut list = NvList::new();
        for (name, value) in &args {
            list.insert(name, value)?;
        }
        let limits = ProgramLimits::default();
        let value = while_suspended(|| {
            zfs.channel_program(dataset.pool(), PROGRAM, &list, limits)
        })?;
        Ok(value.as_pairs().cloned().unwrap_or_default())
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut queue = self.together.queue();
        for name in self.slates.keys() {
            let is_gone = self.gone.contains_key(name);
            queue.done.insert(name.clone(), is_gone);
        }
        queue.is_running = false;
        self.together.is_over.notify_all();
    }
}
