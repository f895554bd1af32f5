//! Literals whose type is chosen last, behind pointers, in cells and collections, and then used.
#![deny(warnings)]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock};

use error_tracker::auto_track_exception;

#[auto_track_exception]
fn pointers(text: &str) -> Result<u32, std::num::ParseIntError> {
    let r = Box::new(5);
    let a = Arc::new(0);
    let c = Rc::new(5);
    let f = Box::new(1.5);
    let reference = &5;
    let twice = &&7.5;
    let of_a_box = &r;
    let unit = Box::new(());
    let mut number = 1;
    let lent = &mut number;
    *lent += 1;
    let mut changed = Box::new(2);
    *changed += 3;
    let number = text.parse::<u32>()?;
    println!("{r} {a:?} {c} {f} {reference} {twice} {of_a_box} {lent} {changed} {unit:?}");
    Ok(number)
}

#[auto_track_exception]
fn cells(text: &str) -> Result<u32, std::num::ParseIntError> {
    let cell = Cell::new(5);
    cell.set(cell.get() + 1);
    let shared = Rc::new(RefCell::new(0));
    *shared.borrow_mut() += 1;
    let locked = Arc::new(Mutex::new(1.5));
    let once = OnceLock::new();
    let first = once.get_or_init(|| 3);
    let counted = Rc::new(Cell::new(2));
    counted.set(3);
    let number = text.parse::<u32>()?;
    println!("{cell:?} {shared:?} {locked:?} {first} {counted:?}");
    Ok(number)
}

#[auto_track_exception]
fn nested(text: &str) -> Result<u32, std::num::ParseIntError> {
    let some = Some(5);
    let pair = (5, 1.0);
    let array = [0; 4];
    let list = vec![1];
    let boxed = Some(Box::new(5));
    let deep = Box::new(Arc::new(Rc::new(6)));
    let slice = &[1, 2, 3];
    let parts = &slice[1..];
    let lists = vec![vec![1.5], vec![]];
    let of_arrays = Box::new([1, 2]);
    let shared = Arc::new((1, 2.5));
    let result: Result<_, String> = Ok(4);
    let map = BTreeMap::from([(1, Box::new(2))]);
    let queue = VecDeque::from([1, 2]);
    let boxes = [Box::new(1), Box::new(2)];
    let many = (1, 2, 3, 4, 5, Box::new(6));
    let wrapped = std::num::Wrapping(5);
    let empty = Box::new(None);
    let range = Box::new(0..5);
    let number = text.parse::<u32>()?;
    println!("{some:?} {pair:?} {array:?} {list:?} {boxed:?} {deep} {slice:?} {parts:?} {lists:?}");
    println!("{of_arrays:?} {shared:?} {result:?} {map:?} {queue:?} {boxes:?} {many:?} {wrapped} {range:?}");
    Ok(number + empty.unwrap_or(0))
}

#[auto_track_exception]
fn used(text: &str) -> Result<u32, std::num::ParseIntError> {
    let base = Box::new(5);
    let sum = *base + 1;
    let product = *Rc::new(2) * 3;
    let folded = [1, 2, 3].iter().fold(Box::new(0), |sum, n| Box::new(*sum + n));
    let double = |n| n * 2;
    let doubled = Box::new(double(4));
    let add = move |n| *base + n;
    let added = Arc::new(add(1));
    let equal = Arc::clone(&added) == Arc::new(6);
    let negative = Box::new(-5);
    let shifted = Box::new(1 << 3);
    let not = Box::new(!0);
    let ratio = Box::new(1.0 / 3.0);
    let chosen = if equal { Box::new(1) } else { Box::new(2) };
    let matched = match text.len() {
        0 => Rc::new(1),
        _ => Rc::new(2),
    };
    let index = Box::new(1);
    let picked = [1, 2, 3][*index];
    let longer = Box::new(text.len() + 1);
    for step in [Box::new(1), Box::new(2)] {
        println!("{step}");
    }
    if let Some(inner) = Some(Box::new(3)) {
        println!("{inner}");
    }
    let number = text.parse::<u32>()?;
    println!(
        "{sum} {product} {folded} {doubled} {added} {negative} {shifted} {not} {ratio} {chosen} {matched} {picked} {longer}"
    );
    Ok(number)
}

#[auto_track_exception]
async fn waits(text: &str) -> Result<u32, std::num::ParseIntError> {
    let shared = Arc::new(0);
    std::future::ready(()).await;
    let number = text.parse::<u32>()?;
    println!("{shared}");
    Ok(number)
}

fn main() {
    assert!(pointers("x").is_err() && cells("x").is_err() && nested("x").is_err() && used("x").is_err());
    let _ = waits("1");
}
