//! Acting as the person whose files they are: what is made in a place of theirs
//! is made with their rights, so that no link there leads root elsewhere.

use nix::unistd::{Gid, Uid, setfsgid, setfsuid};

use crate::attempt::person::Ids;

/// While it lives, this thread looks up and creates files as somebody else.
#[derive(Debug)]
pub(super) struct Acting(Option<(Uid, Gid)>);

impl Acting {
    /// As the owner, if that isn't who runs gocrash anyway.
    pub(super) fn begin(owner: Option<&Ids>) -> Acting {
        Acting(owner.map(|ids| {
            // The group first: the rights to change it go with the user.
            let gid = setfsgid(ids.gid);
            let uid = setfsuid(ids.uid);
            (uid, gid)
        }))
    }
}

impl Drop for Acting {
    fn drop(&mut self) {
        if let Some((uid, gid)) = self.0 {
            setfsuid(uid);
            setfsgid(gid);
        }
    }
}
