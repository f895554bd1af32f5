//! What an annotated function takes: of the stack, by how deep a recursion comes in a thread of 1 MiB before it
//! overflows, and of memory, by the size of futures.

use std::future::Future;
use std::hint::black_box;
use std::num::ParseIntError;
use std::process::{Command, Stdio};

use error_tracker::auto_track_exception;
use error_tracker::store::MemoryStore;
use error_tracker_benches::success::step;

const STACK: usize = 1 << 20;

/// A recursion with two arguments, three locals and two `?`.
macro_rules! deep {
    ($(#[$attr:meta])* $name:ident) => {
        $(#[$attr])*
        fn $name(left: u32, text: &str) -> Result<u32, ParseIntError> {
            let number: u32 = text.parse()?;
            if left == 0 {
                return Ok(number);
            }
            let half = left / 2;
            let below = $name(black_box(left - 1), black_box(text))?;
            Ok(below.wrapping_add(half))
        }
    };
}

deep!(plain_deep);
deep!(
    #[auto_track_exception(skip_all)]
    tracked_deep_skip_all
);
deep!(
    #[auto_track_exception]
    tracked_deep
);
deep!(
    #[tracing::instrument(err)]
    tracing_deep
);

type Deep = fn(u32, &str) -> Result<u32, ParseIntError>;

const DEEP: [(&str, Deep); 4] = [
    ("plain", plain_deep),
    ("tracked, skip_all", tracked_deep_skip_all),
    ("tracked", tracked_deep),
    ("tracing", tracing_deep),
];

/// One and five awaits, and one through five functions.
macro_rules! futures {
    ($module:ident $(#[$attr:meta])*) => {
        mod $module {
            use super::*;

            $(#[$attr])*
            pub(crate) async fn one(number: u32) -> Result<u32, ParseIntError> {
                let last = later(number).await?;
                Ok(last)
            }

            $(#[$attr])*
            pub(crate) async fn five(number: u32) -> Result<u32, ParseIntError> {
                let a = later(number).await?;
                let b = later(a).await?;
                let c = later(b).await?;
                let d = later(c).await?;
                let e = later(d).await?;
                Ok(a ^ b ^ c ^ d ^ e)
            }

            $(#[$attr])*
            async fn second(number: u32) -> Result<u32, ParseIntError> {
                let below = one(number).await?;
                Ok(below)
            }

            $(#[$attr])*
            async fn third(number: u32) -> Result<u32, ParseIntError> {
                let below = second(number).await?;
                Ok(below)
            }

            $(#[$attr])*
            async fn fourth(number: u32) -> Result<u32, ParseIntError> {
                let below = third(number).await?;
                Ok(below)
            }

            $(#[$attr])*
            pub(crate) async fn nested(number: u32) -> Result<u32, ParseIntError> {
                let below = fourth(number).await?;
                Ok(below)
            }
        }
    };
}

futures!(plain);
futures!(tracked_skip_all #[auto_track_exception(skip_all)]);
futures!(tracked #[auto_track_exception]);
futures!(traced #[tracing::instrument(err)]);

async fn later(number: u32) -> Result<u32, ParseIntError> {
    std::future::ready(()).await;
    step(number)
}

fn size<F: Future>(future: F) -> usize {
    size_of_val(&future)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    if let (Some(name), Some(depth)) = (args.next(), args.next()) {
        return descend(&name, depth.parse()?);
    }
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    println!(
        "| recursion in a thread of 1 MiB, {profile} | calls before it overflows | bytes a call |\n|---|---|---|"
    );
    for (name, _) in DEEP {
        let deepest = deepest(name)?;
        println!("| {name} | {deepest} | {} |", STACK as u32 / deepest);
    }
    println!(
        "\n| bytes of a future, {profile} | one await | five | through five functions |\n|---|---|---|---|"
    );
    macro_rules! row {
        ($name:literal $module:ident) => {
            let sizes = (size($module::one(1)), size($module::five(1)), size($module::nested(1)));
            println!("| {} | {} | {} | {} |", $name, sizes.0, sizes.1, sizes.2);
        };
    }
    row!("plain" plain);
    row!("tracked, skip_all" tracked_skip_all);
    row!("tracked" tracked);
    row!("tracing" traced);
    Ok(())
}

/// Recurs so deep, in a process of its own.
fn descend(name: &str, depth: u32) -> Result<(), Box<dyn std::error::Error>> {
    let _tracker = error_tracker::builder().store(MemoryStore::new()).install()?;
    let (_, deep) = DEEP.into_iter().find(|(other, _)| *other == name).ok_or("no such function")?;
    let thread = std::thread::Builder::new().stack_size(STACK);
    let result = thread.spawn(move || deep(black_box(depth), black_box("7")))?.join();
    result.map_err(|_| "panicked")??;
    Ok(())
}

/// The deepest recursion that does not overflow.
fn deepest(name: &str) -> std::io::Result<u32> {
    let (mut fits, mut overflows) = (0_u32, 1 << 20);
    while overflows - fits > 1 {
        let depth = fits.midpoint(overflows);
        let mut child = Command::new(std::env::current_exe()?);
        let status = child.args([name, &depth.to_string()]).stderr(Stdio::null()).status()?;
        if status.success() {
            fits = depth;
        } else {
            overflows = depth;
        }
    }
    Ok(fits.max(1))
}
