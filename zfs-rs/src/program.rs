//! Channel programs: Lua that the kernel runs in one transaction group.

use crate::Zfs;
use crate::error::{Error, Operation, Result};
use crate::lzc;
use crate::name::{DatasetName, c_string};
use crate::nvlist::{NvList, Value};

/// How much a channel program may use, and whether it may change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramLimits {
    /// Lua instructions.
    pub instructions: u64,
    /// Memory in bytes, for the program and for what it returns.
    pub memory_bytes: u64,
    /// Without it the program does not wait for a transaction group, and
    /// what would change something fails.
    pub may_change: bool,
}

impl Default for ProgramLimits {
    /// As `zfs program` has them: ten million instructions, 10 MiB.
    fn default() -> ProgramLimits {
        ProgramLimits {
            instructions: 10_000_000,
            memory_bytes: 10 * 1024 * 1024,
            may_change: true,
        }
    }
}

impl Zfs {
    /// Runs a channel program with root's rights. The arguments are its `...`
    /// and what it returns is given back; [`Value::Boolean`] stands for
    /// nothing.
    ///
    /// What it has changed before it fails stays changed.
    ///
    /// Wraps `lzc_channel_program` and `lzc_channel_program_nosync`.
    ///
    /// ```no_run
    /// use zfs::{NvList, ProgramLimits, Zfs};
    ///
    /// let zfs = Zfs::open()?;
    /// let program = r#"
    ///     local names = {}
    ///     for child in zfs.list.children("tank") do
    ///         names[#names + 1] = child
    ///     end
    ///     return names
    /// "#;
    /// let limits = ProgramLimits { may_change: false, ..Default::default() };
    /// let names =
    ///     zfs.channel_program("tank", program, &NvList::new(), limits)?;
    /// println!("{names:?}");
    /// # Ok::<(), zfs::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ProgramInvalid`](crate::ErrorKind::ProgramInvalid) when it does not
    /// compile, [`ProgramFailed`](crate::ErrorKind::ProgramFailed) when it
    /// ends with an error, both with the message of Lua in
    /// [`Error::detail`],
    /// [`ProgramLimit`](crate::ErrorKind::ProgramLimit),
    /// [`NotFound`](crate::ErrorKind::NotFound) when there is no such pool,
    /// [`PermissionDenied`](crate::ErrorKind::PermissionDenied) for all but
    /// root.
    pub fn channel_program(
        &self,
        pool: &str,
        program: &str,
        args: &NvList,
        limits: ProgramLimits,
    ) -> Result<Value> {
        let op = Operation::RunProgram;
        // A name that is too long would be cut and might name another pool.
        let pool = DatasetName::new(pool)?;
        let reply = lzc::channel_program(&lzc::Program {
            pool: &c_string(op, "the pool", pool.as_str())?,
            text: &c_string(op, "the program", program)?,
            args,
            instructions: limits.instructions,
            memory_bytes: limits.memory_bytes,
            sync: limits.may_change,
        });
        let output = reply.list.unwrap_or_default();
        if reply.code == 0 {
            let value = output.as_ref().get("return");
            return Ok(value.unwrap_or(Value::Boolean));
        }
        let error = Error::errno(op, pool.as_str(), reply.code);
        Err(match output.as_ref().get("error") {
            Some(Value::String(message)) => error.because(message),
            Some(value) => error.because(format!("{value:?}")),
            None => error,
        })
    }
}
