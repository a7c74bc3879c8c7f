//! A state between `init` and `cleanup`: whatever happens, it is cleaned up
//! exactly once.

use crate::catch::catch;
use crate::checker::Checker;
use crate::stop::{EnvError, Stop};
use crate::system::{Snapshot, System};
use crate::watchdog::Watchdog;

/// A state and the check it belongs to.
pub(crate) struct Live<'a, S: System> {
    checker: &'a Checker<S>,
    watchdog: Option<&'a Watchdog>,
    /// `None` only while it is being cleaned up.
    state: Option<S::State>,
}

impl<'a, S: System> Live<'a, S> {
    pub(crate) fn init(
        checker: &'a Checker<S>,
        watchdog: Option<&'a Watchdog>,
    ) -> Result<Self, EnvError> {
        let state = settle("`init`", || checker.system().init())?;
        Ok(Live { checker, watchdog, state: Some(state) })
    }

    pub(crate) fn restore(
        checker: &'a Checker<S>,
        watchdog: Option<&'a Watchdog>,
        snapshot: &Snapshot<'_, S::State>,
    ) -> Result<Self, EnvError> {
        let state = settle("restoring a snapshot", || snapshot.restore())?;
        Ok(Live { checker, watchdog, state: Some(state) })
    }

    pub(crate) fn state(&self) -> &S::State {
        self.state.as_ref().expect("only `cleanup` takes the state")
    }

    pub(crate) fn apply(&mut self, params: &S::Params) -> Result<(), Stop> {
        let system = self.checker.system();
        self.watched(Some(params), |state| system.apply(state, params))
    }

    pub(crate) fn finish(&mut self) -> Result<(), Stop> {
        let system = self.checker.system();
        self.watched(None, |state| system.finish(state))
    }

    fn watched(
        &mut self,
        params: Option<&S::Params>,
        body: impl FnOnce(&mut S::State) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let state = self.state.as_mut();
        let state = state.expect("only `cleanup` takes the state");
        let _watched = self.watchdog.map(|watchdog| {
            watchdog.watch(params.map(|params| self.checker.text(params)))
        });
        catch(|| body(state)).unwrap_or_else(|panic| Err(Stop::Failed(panic)))
    }

    pub(crate) fn cleanup(mut self) -> Result<(), EnvError> {
        self.clean()
    }

    fn clean(&mut self) -> Result<(), EnvError> {
        match self.state.take() {
            Some(state) => {
                settle("`cleanup`", || self.checker.system().cleanup(state))
            }
            None => Ok(()),
        }
    }
}

impl<S: System> Drop for Live<'_, S> {
    fn drop(&mut self) {
        // Reached with a state only when an error is already on its way.
        let _ = self.clean();
    }
}

/// Calls the system where a failure is trouble with the surroundings, and a
/// panic no less.
pub(crate) fn settle<T>(
    what: &str,
    body: impl FnOnce() -> Result<T, EnvError>,
) -> Result<T, EnvError> {
    catch(body)
        .unwrap_or_else(|panic| {
            let at = panic.location();
            Err(EnvError::new(format!("{panic} at {at}")))
        })
        .map_err(|error| error.during(&format!("{what} failed")))
}
