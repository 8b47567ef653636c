//! `songhe completions`.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Failure};
use crate::error::Error;

/// Print a script that completes songhe's commands and flags in a shell.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  songhe completions bash > /etc/bash_completion.d/songhe\n  \
    songhe completions zsh > ~/.zfunc/_songhe\n  songhe completions fish > ~/.config/fish/completions/songhe.fish")]
pub struct CompletionsArgs {
    shell: Shell,
}

pub fn run(args: &CompletionsArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "songhe", &mut script);
    out.write_all(&script)
        .map_err(|error| Failure::Start(Error::internal("the script cannot be written").because(error)))
}
