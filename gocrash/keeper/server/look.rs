//! What the keeper saves of an attempt: how it hangs, and files that are
//! wanted.

use super::state::{Entry, Held};
use super::{Ground, Server};
use crate::attempt::name::AttemptName;
use crate::config::Config;
use crate::keeper::request::{Answer, Reply};
use crate::slate::Source;

impl Server {
    pub(super) fn examine(&self, name: AttemptName) -> anyhow::Result<Answer> {
        let owner = self.config.person.ids_to_take();
        let examined = self.with_shown(name, |source, held| {
            let supervisor = held.supervisor.pid().as_raw();
            let (file, mut why) =
                source.examine(&held.slate, supervisor, owner.as_ref())?;
            if self.config.is_for_another() {
                why = why.or(self.stacks(&file, held));
            }
            Ok((file, why))
        });
        let (file, why) = examined?;
        Ok(Answer { reply: Reply::Examined { why }, files: vec![file.into()] })
    }

    pub(super) fn freeze(&self, name: AttemptName) -> anyhow::Result<Answer> {
        let frozen = self
            .with_shown(name, |source, held| source.freeze(&mut held.slate));
        Ok(Reply::Frozen(frozen?).into())
    }

    pub(super) fn root(&self, name: AttemptName) -> anyhow::Result<Answer> {
        let root =
            self.with_shown(name, |source, held| source.root(&held.slate));
        Ok(Answer { reply: Reply::Root, files: vec![root?] })
    }

    pub(super) fn collect(&self, name: AttemptName) -> anyhow::Result<Answer> {
        let Ground { working, .. } = self.ground()?;
        let Config { collect, person, .. } = &*self.config;
        let reader = person.ids_to_take().map(|ids| ids.gid);
        let collected = self.with_shown(name, |source, held| {
            source.collect(&working, &held.slate, name, collect, reader)
        });
        Ok(Reply::Collected(collected?).into())
    }

    /// Others find it busy meanwhile.
    pub(super) fn with_shown<T>(
        &self,
        name: AttemptName,
        work: impl FnOnce(&Source, &mut Held) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let mut held = self.state().take_shown(name)?;
        let done = self.source().and_then(|source| work(source, &mut held));
        self.put(name, Entry::Shown(held));
        done
    }
}
