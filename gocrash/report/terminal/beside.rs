//! What happens beside the runs: hangs, hooks, cores, files that are saved, and
//! stops.

use super::{Terminal, now};
use crate::attempt::name::AttemptName;
use crate::hunt::Event;
use crate::hunt::event::Hang;
use crate::report::units::seconds;
use crate::slate::collect::Collected;
use crate::slate::cores::{Core, Cores};

impl Terminal {
    /// Says what else there is to know of a run.
    pub(super) fn aside_of_run(&mut self, event: &Event) {
        match event {
            Event::Hung(name, hang) => self.hung(name, hang),
            Event::HookFailed(name, moment, why) => self.at(
                name.thread,
                name.run,
                format_args!("{}: {why}", moment.option()),
            ),
            Event::Dumped(name, cores) => self.dumped(*name, cores),
            Event::Collected(name, Collected { trouble: Some(why), .. }) => {
                self.at(name.thread, name.run, format_args!("collect: {why}"));
            }
            Event::Continued(after) => self.line(format_args!(
                "{}: goes on after {}",
                now(),
                seconds(*after)
            )),
            _ => {}
        }
    }

    /// Names core dumps: whoever chose the names gets at no terminal.
    fn dumped(&mut self, name: AttemptName, cores: &Cores) {
        let AttemptName { thread, run } = name;
        for Core { path, program } in &cores.found {
            let of = match program {
                Some(program) => format!(" of {program:?}"),
                None => String::new(),
            };
            self.at(thread, run, format_args!("core dump{of}: {path:?}"));
        }
        if let Some(why) = &cores.trouble {
            self.at(thread, run, format_args!("cores: {why}"));
        }
    }

    /// Says where to read why it hangs.
    fn hung(&mut self, name: &AttemptName, hang: &Hang) {
        let Hang { after, autopsy, troubles, .. } = hang;
        let after = seconds(*after);
        let see = match autopsy {
            Some(path) => format!(" (see {})", path.display()),
            None => String::new(),
        };
        self.at(
            name.thread,
            name.run,
            format_args!("still runs after {after}, ending it{see}"),
        );
        for trouble in troubles {
            self.at(name.thread, name.run, format_args!("{trouble}"));
        }
    }
}
