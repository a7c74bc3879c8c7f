//! What the state makes of a pool that fills up: it pauses, tries again when
//! something has gone, and gives up when nothing is left that could go.

use crate::attempt::name::AttemptName;
use crate::hunt::state::Hunt;
use crate::hunt::state::thread::{Hindrance, Thread};
use crate::slate::room::Shortage;

/// So often room is asked for while nothing is under way that could make it,
/// and it doesn't grow.
pub(super) const TRIES_MAX: u32 = 5;

/// What is known of the room for slates.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// What is short, while no slates are made.
    shortage: Option<Shortage>,
    /// The last event began the pause.
    is_news: bool,
    tries: u32,
    /// Since when tries count.
    tried_at: Option<Shortage>,
    /// There was none once.
    pub(super) was_short: bool,
}

impl Hunt {
    /// Whether the shortage that was just met is the first one of a pause.
    pub(crate) fn has_begun_to_pause(&self) -> bool {
        self.room.is_news
    }

    /// Whether no slates are made for want of room.
    pub(crate) fn is_paused(&self) -> bool {
        self.room.shortage.is_some()
    }

    pub(super) fn on_no_room(&mut self, name: AttemptName, short: &Shortage) {
        self.room.is_news = self.room.shortage.is_none();
        // ZFS may still be freeing what was destroyed, for minutes.
        let before = self.room.tried_at.as_ref();
        if before.is_none_or(|before| short.has_grown_since(before)) {
            self.room.tried_at = Some(short.clone());
            self.room.tries = 0;
        }
        self.room.shortage = Some(short.clone());
        self.room.was_short = true;
        let thread = self.thread(name);
        thread.hindrance = Some(Hindrance::NoRoom);
        thread.give_back(name);
    }

    pub(super) fn on_room(&mut self) {
        let was_short = self.room.was_short;
        self.room = Room { was_short, ..Room::default() };
    }

    /// Lets the threads ask again that wait for room.
    pub(super) fn look_for_room(&mut self) {
        for thread in &mut self.threads {
            thread.hindrance.take_if(|why| *why == Hindrance::NoRoom);
        }
    }

    /// Where threads wait for room, and nothing is under way that could make
    /// some, they ask again, a few times; then the hunt ends.
    pub(super) fn ask_again_when_stuck(&mut self) {
        let waits =
            |thread: &Thread| thread.hindrance == Some(Hindrance::NoRoom);
        let is_stuck = self.threads.iter().any(waits)
            && self.threads.iter().all(Thread::is_done);
        if !is_stuck {
            return;
        }
        self.room.tries += 1;
        if self.room.tries >= TRIES_MAX && self.trouble.is_none() {
            self.trouble = self.room.shortage.as_ref().map(|shortage| {
                format!("there is no room for another run: {shortage}")
            });
        }
        self.look_for_room();
    }
}
