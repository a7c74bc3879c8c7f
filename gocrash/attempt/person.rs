//! Who the suite runs as: never with more rights than the person who called.

use std::ffi::{CString, OsString};
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, User};

use crate::attempt::sys;
use crate::refusal::Refusal;

/// A user of this host, and whether the suite must become them.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    name: String,
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
    /// `None`: gocrash runs as this person already.
    login: Option<Login>,
}

/// What their login would have set.
#[derive(Debug, Clone)]
struct Login {
    home: PathBuf,
    shell: PathBuf,
}

/// The ids that a process takes on to be this person.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
    pub(crate) groups: Vec<Gid>,
}

/// What a process can tell about who started it.
#[derive(Debug, Default)]
struct Caller {
    root: bool,
    sudo_user: Option<String>,
    sudo_uid: Option<String>,
    doas_user: Option<String>,
}

/// Whom to look up.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Myself,
    Named(String),
    /// By sudo, which says both; they have to agree.
    Sudo {
        user: String,
        uid: String,
    },
}

impl Person {
    /// Finds who the suite runs as: `asked`, or else the person who called.
    pub(crate) fn find(asked: Option<&str>) -> Result<Person, Refusal> {
        let uid = Uid::effective();
        match wanted(&Caller::look()?, asked)? {
            Wanted::Myself => myself(uid),
            Wanted::Named(name) => {
                let user = look_up(&name)?;
                if uid.is_root() {
                    return with_login(user);
                }
                if user.uid == uid {
                    return myself(uid);
                }
                Err(Refusal::new(
                    format!("only root can run the suite as `{name}`"),
                    "call gocrash by sudo, or leave `--user` out",
                ))
            }
            Wanted::Sudo { user: name, uid } => {
                let user = look_up(&name)?;
                if user.uid.to_string() != uid {
                    return Err(Refusal::new(
                        format!(
                            "SUDO_USER says `{name}`, but SUDO_UID is not \
                             that user's"
                        ),
                        "say who runs the suite: `--user NAME`",
                    ));
                }
                with_login(user)
            }
        }
    }

    /// The person who called by sudo or doas: nobody, where it was root, or
    /// where nothing says that anybody did.
    ///
    /// # Errors
    /// Where somebody did, and it can't be told who.
    pub(crate) fn caller() -> Result<Option<Person>, Refusal> {
        match Caller::look()?.is_somebody() {
            true => Person::find(None).map(Some),
            false => Ok(None),
        }
    }

    /// The ids to take on, where that is needed.
    pub(crate) fn ids_to_take(&self) -> Option<Ids> {
        self.login.as_ref().map(|_| self.ids())
    }

    pub(crate) fn ids(&self) -> Ids {
        Ids { uid: self.uid, gid: self.gid, groups: self.groups.clone() }
    }

    /// What their login would set in the environment.
    pub(crate) fn environment(&self) -> Vec<(OsString, OsString)> {
        let Some(login) = &self.login else { return Vec::new() };
        vec![
            ("HOME".into(), login.home.clone().into()),
            ("SHELL".into(), login.shell.clone().into()),
            ("USER".into(), self.name.clone().into()),
            ("LOGNAME".into(), self.name.clone().into()),
        ]
    }

    /// Whether these permission bits let them write. Access lists can say
    /// otherwise, so this is good for a warning and no more.
    pub(crate) fn may_write(&self, mode: u32, uid: u32, gid: u32) -> bool {
        let gid = Gid::from_raw(gid);
        if self.uid.is_root() {
            true
        } else if self.uid.as_raw() == uid {
            mode & 0o200 != 0
        } else if self.gid == gid || self.groups.contains(&gid) {
            mode & 0o020 != 0
        } else {
            mode & 0o002 != 0
        }
    }

    /// Refuses a place that they can't go to, or as much of the way there as
    /// exists: in a slate there, nothing of theirs could start.
    pub(crate) fn check_way(&self, place: &Path) -> Result<(), Refusal> {
        let there = place.ancestors().find(|dir| dir.is_dir());
        let Some(dir) = there else { return Ok(()) };
        match sys::enter(dir, self.ids_to_take()) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                Err(Refusal::new(
                    format!("{} can't go to `{}`", self.name, place.display()),
                    "let them pass through each directory on the way \
                     (`chmod +x`), or work elsewhere: `--parent DATASET`",
                ))
            }
            // What else there may be says nothing about the place.
            _ => Ok(()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Caller {
    /// What this process is told.
    fn look() -> Result<Caller, Refusal> {
        let uid = Uid::effective();
        if uid != Uid::current() {
            return Err(Refusal::new(
                "gocrash runs with the rights of its file's owner",
                "remove the set-user-ID bit, and call gocrash by sudo",
            ));
        }
        let variable = |name| {
            let value = std::env::var_os(name)?;
            Some(value.to_string_lossy().into_owned())
        };
        Ok(Caller {
            root: uid.is_root(),
            sudo_user: variable("SUDO_USER"),
            sudo_uid: variable("SUDO_UID"),
            doas_user: variable("DOAS_USER"),
        })
    }

    /// Whether root was called by somebody who isn't.
    fn is_somebody(&self) -> bool {
        let Caller { root, sudo_user, sudo_uid, doas_user } = self;
        let users = [sudo_user, doas_user].into_iter().flatten();
        let is_root = users.into_iter().all(|user| user == "root")
            && sudo_uid.as_ref().is_none_or(|uid| uid == "0");
        *root && !is_root
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Person { name, uid, gid, groups, .. } = self;
        write!(f, "{name} (uid {uid}, gid {gid}, groups ")?;
        for (i, group) in groups.iter().enumerate() {
            write!(f, "{}{group}", if i == 0 { "" } else { "," })?;
        }
        f.write_str(")")
    }
}

fn wanted(caller: &Caller, asked: Option<&str>) -> Result<Wanted, Refusal> {
    const REMEDY: &str = "say who runs the suite: `--user NAME`; root only if \
                          you mean it: `--user root`";
    if let Some(name) = asked {
        return Ok(Wanted::Named(name.to_owned()));
    }
    if !caller.root {
        return Ok(Wanted::Myself);
    }
    let found = match (&caller.sudo_user, &caller.sudo_uid, &caller.doas_user) {
        (None, None, Some(doas)) => Wanted::Named(doas.clone()),
        (Some(user), Some(uid), None) => {
            Wanted::Sudo { user: user.clone(), uid: uid.clone() }
        }
        (Some(sudo), Some(uid), Some(doas)) if sudo == doas => {
            Wanted::Sudo { user: sudo.clone(), uid: uid.clone() }
        }
        (None, None, None) => {
            return Err(Refusal::new(
                "gocrash runs as root, and nothing says who called it",
                REMEDY,
            ));
        }
        _ => {
            return Err(Refusal::new(
                "gocrash runs as root, and SUDO_USER, SUDO_UID and DOAS_USER \
                 don't agree on who called it",
                REMEDY,
            ));
        }
    };
    let name = match &found {
        Wanted::Named(name) | Wanted::Sudo { user: name, .. } => name,
        Wanted::Myself => return Ok(found),
    };
    if name == "root" {
        return Err(Refusal::new("it was root who called gocrash", REMEDY));
    }
    Ok(found)
}

/// By name, or else by number.
fn look_up(name: &str) -> Result<User, Refusal> {
    let unreadable = |error: nix::Error| {
        Refusal::new(
            format!("cannot look up the user `{name}`: {}", error.desc()),
            "see whether `getent passwd` works on this host",
        )
    };
    let mut user = User::from_name(name).map_err(unreadable)?;
    if user.is_none() {
        if let Ok(uid) = name.parse() {
            user = User::from_uid(Uid::from_raw(uid)).map_err(unreadable)?;
        }
    }
    user.ok_or_else(|| {
        Refusal::new(
            format!("there is no user `{name}` on this host"),
            "name one that `getent passwd` lists: `--user NAME`",
        )
    })
}

fn myself(uid: Uid) -> Result<Person, Refusal> {
    // Nobody has to be in the user database to run a suite as themselves.
    let name = match User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    };
    let groups = nix::unistd::getgroups().map_err(|error| {
        Refusal::new(
            format!("cannot read the groups of `{name}`: {}", error.desc()),
            "see whether `id` works here",
        )
    })?;
    Ok(Person { name, uid, gid: Gid::effective(), groups, login: None })
}

fn with_login(user: User) -> Result<Person, Refusal> {
    let groups = CString::new(user.name.as_str())
        .map_err(std::io::Error::from)
        .and_then(|name| sys::groups_of(&name, user.gid))
        .map_err(|error| {
            Refusal::new(
                format!(
                    "cannot look up the groups of `{}`: {}",
                    user.name, error
                ),
                "see whether `getent group` works on this host",
            )
        })?;
    Ok(Person {
        name: user.name,
        uid: user.uid,
        gid: user.gid,
        groups,
        login: Some(Login { home: user.dir, shell: user.shell }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(
        sudo_user: Option<&str>,
        sudo_uid: Option<&str>,
        doas_user: Option<&str>,
    ) -> Caller {
        Caller {
            root: true,
            sudo_user: sudo_user.map(Into::into),
            sudo_uid: sudo_uid.map(Into::into),
            doas_user: doas_user.map(Into::into),
        }
    }

    #[test]
    fn the_person_who_called_sudo_or_doas_is_found() {
        let ada =
            Wanted::Sudo { user: "ada".to_owned(), uid: "1000".to_owned() };
        let sudo = root(Some("ada"), Some("1000"), None);
        assert_eq!(wanted(&sudo, None).unwrap(), ada);
        let both = root(Some("ada"), Some("1000"), Some("ada"));
        assert_eq!(wanted(&both, None).unwrap(), ada);
        let doas = root(None, None, Some("ada"));
        let named = Wanted::Named("ada".to_owned());
        assert_eq!(wanted(&doas, None).unwrap(), named);
    }

    #[test]
    fn root_without_a_caller_is_refused_unless_said() {
        let cannot_be_told = [
            root(None, None, None),
            root(Some("root"), Some("0"), None),
            root(None, None, Some("root")),
            root(Some("ada"), None, None),
            root(Some("ada"), Some("1000"), Some("eve")),
        ];
        for caller in cannot_be_told {
            let refusal = wanted(&caller, None).unwrap_err();
            assert!(refusal.help().contains("--user"), "{caller:?}");
            let said = Wanted::Named("root".to_owned());
            assert_eq!(wanted(&caller, Some("root")).unwrap(), said);
        }
    }

    #[test]
    fn who_called_root_is_somebody_unless_it_was_root() {
        let nobody = [
            root(None, None, None),
            root(Some("root"), Some("0"), None),
            root(None, None, Some("root")),
            Caller { root: false, ..root(Some("ada"), Some("1"), None) },
        ];
        for caller in nobody {
            assert!(!caller.is_somebody(), "{caller:?}");
        }
        // What does not agree is no reason to trust any of it.
        let somebody = [
            root(Some("ada"), Some("1000"), None),
            root(Some("root"), Some("1000"), None),
            root(Some("root"), Some("0"), Some("ada")),
            root(Some("ada"), None, Some("root")),
            root(None, Some("1000"), None),
        ];
        for caller in somebody {
            assert!(caller.is_somebody(), "{caller:?}");
        }
    }

    #[test]
    fn variables_of_sudo_mean_nothing_without_root() {
        let caller = Caller {
            root: false,
            sudo_user: Some("root".to_owned()),
            ..Caller::default()
        };
        assert_eq!(wanted(&caller, None).unwrap(), Wanted::Myself);
    }

    #[test]
    fn a_user_is_found_by_name_or_number() {
        assert!(look_up("root").unwrap().uid.is_root());
        assert!(look_up("0").unwrap().uid.is_root());
        let refusal = look_up("no-such-user-here").unwrap_err();
        assert!(refusal.to_string().contains("no-such-user-here"));
    }

    #[test]
    fn the_first_matching_class_of_permission_bits_decides() {
        let person = Person {
            name: "ada".to_owned(),
            uid: Uid::from_raw(1000),
            gid: Gid::from_raw(1000),
            groups: vec![Gid::from_raw(27)],
            login: None,
        };
        assert!(person.may_write(0o755, 1000, 0));
        assert!(!person.may_write(0o577, 1000, 0));
        assert!(person.may_write(0o775, 0, 27));
        assert!(!person.may_write(0o757, 0, 27));
        assert!(!person.may_write(0o775, 0, 0));
        assert!(person.may_write(0o777, 0, 0));
    }
}
