//! From a row of the file to an order.

use std::num::{ParseFloatError, ParseIntError};
use std::str::Utf8Error;

use csv::ByteRecord;
use error_tracker::auto_track_exception;

#[derive(Debug, Clone)]
pub struct Order {
    pub id: u64,
    pub customer: String,
    pub email: String,
    pub sku: String,
    pub quantity: u32,
    pub unit_cents: u32,
    pub currency: String,
    pub country: String,
    pub note: String,
}

#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    #[error("column `{column}` is missing: the row has {columns} columns")]
    Missing { column: &'static str, columns: usize },
    #[error("column `{column}` is not UTF-8")]
    Text { column: &'static str, source: Utf8Error },
    #[error("the id is no number")]
    Id(#[source] ParseIntError),
    #[error("order {id} has a bad quantity")]
    Quantity { id: u64, source: ParseIntError },
    #[error("order {id} has a bad price")]
    Price { id: u64, source: ParseFloatError },
    #[error("order {id} costs {price}")]
    Negative { id: u64, price: f64 },
    #[error("order {id} asks for `{sku}`, which we do not sell")]
    UnknownSku { id: u64, sku: String },
    #[error("order {id} was imported before")]
    Duplicate { id: u64 },
}

/// The columns of the file.
const COLUMNS: [&str; 10] = [
    "id",
    "placed_on",
    "customer",
    "email",
    "sku",
    "quantity",
    "unit_price",
    "currency",
    "country",
    "note",
];
const SKUS: [&str; 8] = [
    "TEA-GREEN-100",
    "TEA-BLACK-250",
    "COFFEE-1KG",
    "MUG-BLUE",
    "KETTLE-17",
    "FILTER-100",
    "GRINDER-HAND",
    "HONEY-500",
];

impl Order {
    #[auto_track_exception]
    pub fn parse(record: &ByteRecord) -> Result<Self, OrderError> {
        let id = text(record, 0)?.parse().map_err(OrderError::Id)?;
        let sku = text(record, 4)?;
        if !SKUS.contains(&sku) {
            return Err(OrderError::UnknownSku { id, sku: sku.into() });
        }
        let quantity =
            quantity(text(record, 5)?).map_err(|source| OrderError::Quantity { id, source })?;
        let price = price(text(record, 6)?).map_err(|source| OrderError::Price { id, source })?;
        if price <= 0.0 {
            return Err(OrderError::Negative { id, price });
        }
        // A bug: shorter rows have no note, and this panics.
        let fields: Vec<&[u8]> = record.iter().collect();
        let note = String::from_utf8_lossy(fields[9]);
        Ok(Self {
            id,
            customer: text(record, 2)?.into(),
            email: text(record, 3)?.into(),
            sku: sku.into(),
            quantity,
            unit_cents: (price * 100.0).round() as u32,
            currency: text(record, 7)?.into(),
            country: text(record, 8)?.into(),
            note: note.into_owned(),
        })
    }
}

#[auto_track_exception]
fn text(record: &ByteRecord, index: usize) -> Result<&str, OrderError> {
    let column = COLUMNS[index];
    let field = record.get(index).ok_or(OrderError::Missing { column, columns: record.len() })?;
    std::str::from_utf8(field).map_err(|source| OrderError::Text { column, source })
}

#[auto_track_exception]
fn quantity(text: &str) -> Result<u32, ParseIntError> {
    let digits = text.trim();
    let pieces = digits.parse()?;
    Ok(pieces)
}

#[auto_track_exception]
fn price(text: &str) -> Result<f64, ParseFloatError> {
    let amount = text.trim().trim_start_matches("EUR ").parse()?;
    Ok(amount)
}
