//! What `--prepare` needs of the keeper.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};

use super::state::Gilding;
use super::{Ground, OUT_OF_TURN, Server};
use crate::attempt::launch::{self, Launched};
use crate::attempt::output::{self, Output};
use crate::attempt::sys::Supervisor;
use crate::attempt::view::Scene;
use crate::hunt::golden::LOG;
use crate::keeper::request::{self, Answer, Reply};
use crate::slate::{Golden, Rest};

impl Server {
    pub(super) fn create_golden(&self) -> anyhow::Result<Answer> {
        let ground = self.ground()?;
        {
            let mut state = self.state();
            let is_first = matches!(state.golden, Gilding::None)
                && state.is_new()
                && self.config.prepare.is_some();
            ensure!(is_first, OUT_OF_TURN);
            state.golden = Gilding::Busy;
        }
        let made = self.gild(&ground);
        let mut state = self.state();
        let answer = match made {
            Ok((golden, supervisor, answer)) => {
                state.golden = Gilding::Made(golden, supervisor);
                Ok(answer)
            }
            Err(error) => {
                state.golden = Gilding::Over;
                Err(error)
            }
        };
        self.is_done.notify_all();
        answer
    }

    pub(super) fn finish_golden(&self) -> anyhow::Result<Answer> {
        let Ground { working, place } = self.ground()?;
        let taken = self.state().golden.take();
        let (golden, supervisor) = taken.context(OUT_OF_TURN)?;
        // Ends when the command has.
        drop(supervisor);
        let finished = self.source().and_then(|source| {
            source.finish_golden(&place, &golden).map(Arc::new)
        });
        let mut state = self.state();
        let answer = match finished {
            Ok(place) => {
                state.golden = Gilding::Over;
                state.ground = Some(Ground { working, place });
                let guid = golden.guid().to_owned();
                Ok(Reply::Gilded { guid }.into())
            }
            Err(error) => {
                state.golden = Gilding::Made(golden, None);
                Err(error)
            }
        };
        self.is_done.notify_all();
        answer
    }

    pub(super) fn retire_golden(&self) -> anyhow::Result<Answer> {
        let Ground { place, .. } = self.ground()?;
        let taken = self.state().golden.take();
        let (golden, supervisor) = taken.context(OUT_OF_TURN)?;
        drop(supervisor);
        let rest = self.source().map(|s| s.retire_golden(&place, &golden));
        self.state().golden = Gilding::Over;
        self.is_done.notify_all();
        Ok(Reply::Rest(rest?).into())
    }

    pub(super) fn leave_golden(&self) -> anyhow::Result<Answer> {
        let taken = self.state().golden.take();
        let (_, supervisor) = taken.context(OUT_OF_TURN)?;
        drop(supervisor);
        self.state().golden = Gilding::Over;
        self.is_done.notify_all();
        Ok(Reply::Done.into())
    }

    /// Makes the clone, and a process that waits to work in it.
    fn gild(
        &self,
        ground: &Ground,
    ) -> anyhow::Result<(Golden, Option<Supervisor>, Answer)> {
        let Ground { working, place } = ground;
        let source = self.source()?;
        let golden = source
            .create_golden(place)
            .context("cannot make a clone to prepare")?;
        let log = working.path.join(LOG);
        let launched = self.launch_golden(&golden, &log, &working.session);
        let (launched, file, steps) = match launched {
            Ok(launched) => launched,
            Err(error) => {
                return Err(match source.retire_golden(place, &golden) {
                    Rest::Gone => error,
                    Rest::Left(left) => error.context(left),
                });
            }
        };
        let Launched { supervisor, control } = launched;
        let reply = Reply::Golden(request::Golden {
            dataset: golden.dataset.to_string(),
            path: golden.path.clone(),
            log,
            steps,
        });
        let files = vec![control, file.into()];
        Ok((golden, Some(supervisor), Answer { reply, files }))
    }

    fn launch_golden(
        &self,
        golden: &Golden,
        log: &Path,
        session: &str,
    ) -> anyhow::Result<(Launched, File, Vec<String>)> {
        let person = &self.config.person;
        let suite = self.config.preparation();
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .open(log)
            .with_context(|| format!("cannot create `{}`", log.display()))?;
        let output = Output {
            stdout: file.try_clone()?,
            stderr: file.try_clone()?,
            replaced: Vec::new(),
        };
        let Golden { path, .. } = golden;
        if self.config.private_tmp {
            let owner = person.ids_to_take();
            output::make_tmp(&output::open_directory(path)?, owner.as_ref())?;
        }
        let scene = self.backdrop.get().map(|b| b.scene(path, path));
        let scene = scene.transpose()?;
        let scene = scene.as_ref();
        let seen_at = self.config.seen_at(path);
        let cwd = launch::cwd(seen_at, &suite);
        let env = launch::environment(None, &suite, session, &cwd);
        let launched =
            launch::launch(&suite, person, &env, seen_at, scene, output)?;
        Ok((launched, file, scene.map_or_else(Vec::new, Scene::steps)))
    }
}
