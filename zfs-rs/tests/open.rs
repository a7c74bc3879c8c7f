//! Opening ZFS where it is and where it is not.

use std::path::Path;

use zfs::{ErrorKind, Zfs};

#[test]
fn opens_where_the_module_is_loaded_and_says_so_where_not() {
    // Most machines that build this have no module; there it must be told
    // apart from other failures, and again at the next try.
    let is_there = Path::new("/dev/zfs").exists();
    for _ in 0..2 {
        match Zfs::open() {
            Ok(_) => assert!(is_there),
            Err(error) if is_there => {
                assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ModuleNotLoaded);
                let text = "cannot open ZFS: the ZFS module is not loaded";
                assert_eq!(error.to_string(), text);
                assert!(error.help().is_some());
            }
        }
    }
    let kind = Zfs::kernel_version().err().map(|error| error.kind());
    let expected = (!is_there).then_some(ErrorKind::ModuleNotLoaded);
    assert_eq!(kind, expected);
}
