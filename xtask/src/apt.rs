//! Installing packages where `apt-get` can.

use std::io::IsTerminal;
use std::process::Command;

use crate::Outcome;
use crate::process::{find, read, run, say};

/// Installs packages by `apt-get`, as root or through sudo; `why` completes "… needed for".
pub fn install(packages: &[&str], why: &str) -> Outcome {
    let names = packages.join(" ");
    let by_hand = format!("sudo apt-get update && sudo apt-get install {names}");
    if find("apt-get").is_none() {
        return Err(format!(
            "{why} needs what Debian calls {names}, and there is no apt-get here; install them by hand."
        ));
    }
    let root = read(Command::new("id").arg("-u"), "Asking who you are").is_ok_and(|id| id == "0");
    if !root && find("sudo").is_none() {
        return Err(format!("{why} needs packages that only root can install; type as root: {by_hand}"));
    }
    say(&format!("Installing {names} by apt-get, needed for {why}"));
    let apt = |arguments: &[&str]| {
        let mut command = if root {
            Command::new("env")
        } else {
            let mut sudo = Command::new("sudo");
            // Nobody can type a password where there is no terminal.
            if !std::io::stdin().is_terminal() {
                sudo.arg("-n");
            }
            sudo.arg("env");
            sudo
        };
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]);
        command.args(arguments);
        command
    };
    // One mirror out of several may be away while the packages are still to be had, so only the second step counts.
    let updated = run(&mut apt(&["update"]), "apt-get update");
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend_from_slice(packages);
    run(&mut apt(&arguments), "apt-get install").map_err(|_| {
        let also = if updated.is_err() { " (apt-get update failed before it)" } else { "" };
        format!("apt-get could not install what {why} needs{also}; type: {by_hand}")
    })
}
