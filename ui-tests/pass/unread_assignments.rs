//! Assignments whose value nothing reads: the compiler says so as it does of plain code.
#![deny(warnings)]
use error_tracker::auto_track_exception;

type R<T> = Result<T, std::num::ParseIntError>;

#[auto_track_exception]
#[expect(unused_assignments)]
fn overwritten(text: &str) -> R<u32> {
    let mut n = 0;
    n = text.parse()?;
    println!("{n}");
    Ok(n)
}

#[auto_track_exception]
#[expect(unused_assignments)]
fn left_over(text: &str) -> R<u32> {
    let mut n = 0;
    println!("{n}");
    n += 3;
    text.parse()
}

#[auto_track_exception]
#[expect(unused_assignments)]
fn left_over_in_a_branch(text: &str) -> R<u32> {
    let mut n = 0;
    println!("{n}");
    if text.is_empty() {
        n = 3;
    }
    let k = text.parse()?;
    Ok(k)
}

#[auto_track_exception]
#[expect(unused_assignments)]
fn left_over_in_a_loop(text: &str) -> R<u32> {
    for c in text.chars() {
        let mut n = 0;
        println!("{n} {c}");
        n = 3;
    }
    let k = text.parse()?;
    Ok(k)
}

#[auto_track_exception]
#[expect(unused_assignments)]
fn twice(text: &str) -> R<u32> {
    let mut n: u32 = text.parse()?;
    println!("{n}");
    n = 1;
    n = text.len() as u32;
    text.parse::<u32>().map(|k| k + n)
}

#[auto_track_exception]
#[expect(unused_assignments)]
async fn later(text: &str) -> R<u32> {
    let mut n = 0;
    println!("{n}");
    std::future::ready(()).await;
    n = 4;
    text.parse()
}

#[auto_track_exception]
fn read(text: &str) -> R<u32> {
    let mut n = 0;
    let mut last = 1;
    for c in text.chars() {
        println!("{n} {last}");
        n += 1;
        last = c as u32;
    }
    let mut k = 1;
    loop {
        k += 1;
        if k > 4 {
            break;
        }
    }
    n += text.parse::<u32>()?;
    Ok(n)
}

#[auto_track_exception]
fn closures(text: &str) -> R<u32> {
    let mut n = 0;
    let mut add = |by: u32| {
        n += by;
    };
    add(1);
    add(2);
    n += text.parse::<u32>()?;
    Ok(n)
}

fn main() {
    let _ = (
        overwritten("x"),
        left_over("x"),
        left_over_in_a_branch("x"),
        left_over_in_a_loop("x"),
        twice("x"),
        later("x"),
        read("x"),
        closures("x"),
    );
}
