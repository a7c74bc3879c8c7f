//! Tests that end their process, or pass the second time.

use std::fs;

#[test]
fn passes_the_second_time() {
    let mark = std::env::temp_dir().join("flaky-mark");
    if fs::remove_file(&mark).is_err() {
        fs::write(&mark, "").unwrap();
        panic!("the mark {} is not there", mark.display());
    }
}

#[test]
fn aborts() {
    if std::env::var_os("FLAKY_ENDS").is_some() {
        std::process::abort();
    }
}

#[test]
fn breaks_memory() {
    if std::env::var_os("FLAKY_ENDS").is_some() {
        let nowhere = 0x6b6b_6b6b_usize as *mut u32;
        unsafe { nowhere.write(1) };
    }
}

#[test]
fn takes_for_ever() {
    if std::env::var_os("FLAKY_ENDS").is_some() {
        std::thread::sleep(std::time::Duration::from_secs(3600));
    }
}
